import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Teardown } from './temporary-directory.js'

/** A way to a server on which answers can get lost. */
export interface LossyProxy {
  /** The server's address with the proxy's port. */
  readonly url: string
  /** Lets requests that contain the text reach the server, then cuts their connection before any answer comes back. */
  loseAnswersTo(text: string): void
  /** How many connections were cut. */
  readonly cut: () => number
}

/** Starts a proxy before the server of a database's address; it ends with the test. */
export async function lossyProxy(t: Teardown, target: string): Promise<LossyProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let lost: string | null = null
  let cut = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let isDeaf = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (lost !== null && data.includes(lost)) {
        isDeaf = true
        lost = null
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (!isDeaf) {
        client.write(data)
        return
      }
      // The server has answered, so it is done; nobody will hear it
      cut += 1
      client.destroy()
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
  return { url: url.href, loseAnswersTo: (text) => (lost = text), cut: () => cut }
}
