import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { FrameReader } from './postgres-frames.js'
import type { Teardown } from './temporary-directory.js'

/** How long a pooler lends a connection to the server: for one transaction, or for as long as its client stays. */
export type PoolMode = 'transaction' | 'session'

/** A connection to the server that has been let in, and whom it serves at present. */
interface Backend {
  readonly socket: Socket
  user: Client | null
}

interface Client {
  readonly socket: Socket
  backend: Backend | null
  /** What waits for a backend. */
  waiting: Buffer[]
}

/** Of the message in which the server tells a client the process that serves it: K, length, process, secret. */
const PROCESS_AT = 5

/**
 * Starts a pooler before the server of a database's address, and returns its address. Each client is let in on a backend of
 * its own, which others use from then on; it is told a process that no server has.
 */
export async function startPooler(t: Teardown, target: string, mode: PoolMode): Promise<string> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const free: Backend[] = []
  const known = new Set<Backend>()
  const queue: Client[] = []

  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const serve = (client: Client) => {
    client.backend ??= free.pop() ?? null
    if (client.backend === null) {
      if (!queue.includes(client)) queue.push(client)
      return
    }
    client.backend.user = client
    for (const bytes of client.waiting.splice(0)) client.backend.socket.write(bytes)
  }
  const release = (backend: Backend) => {
    if (backend.user !== null) backend.user.backend = null
    backend.user = null
    // The one that was used last is lent first, and one that has never been last
    if (known.has(backend)) free.push(backend)
    else free.unshift(backend)
    known.add(backend)
    const next = queue.shift()
    if (next !== undefined) serve(next)
  }

  const server = createServer((near) => {
    const client: Client = { socket: keep(near), backend: null, waiting: [] }
    const backend: Backend = { socket: keep(connect(Number(port), hostname)), user: client }
    client.backend = backend
    const asked = new FrameReader('client')
    const answered = new FrameReader('server')
    near.on('data', (data) => {
      // A client that leaves does not take the backend along
      const frames = asked.take(data).filter(({ type }) => type !== 'X')
      client.waiting.push(...frames.map(({ bytes }) => bytes))
      if (client.waiting.length > 0) serve(client)
    })
    // What it left open ends with its backend
    near.on('close', () => client.backend?.socket.destroy())
    backend.socket.on('data', (data) => {
      for (const { type, bytes } of answered.take(data)) {
        if (type === 'K') bytes.writeInt32BE(-7, PROCESS_AT)
        const { user } = backend
        user?.socket.write(bytes)
        const isAtRest = type === 'Z' && bytes[PROCESS_AT] === 'I'.charCodeAt(0)
        if (isAtRest && mode === 'transaction' && user !== null) release(backend)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  return url.href
}
