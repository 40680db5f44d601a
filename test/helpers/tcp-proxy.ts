import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Teardown } from './temporary-directory.js'

/** A way to a server that can be taken away. */
export interface TcpProxy {
  /** The server's address with the proxy's port. */
  readonly url: string
  /** Resets every connection and refuses new ones. */
  readonly cut: () => Promise<void>
  /** Keeps connections open, takes new ones, and lets nothing through in either direction. */
  readonly swallow: () => Promise<void>
  /** Resets what is open and lets new connections through again. */
  readonly heal: () => Promise<void>
}

/** Starts a proxy before the server of `url`; it ends with the test. */
export async function tcpProxy(t: Teardown, url: string): Promise<TcpProxy> {
  const target = new URL(url)
  const pairs = new Set<readonly [Socket, Socket]>()
  let swallows = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near]] as const) {
      from.on('data', (data) => {
        if (!swallows) to.write(data)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
    }
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const reset = () => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy()
      far.destroy()
    }
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  const through = new URL(url)
  through.host = `127.0.0.1:${port}`
  t.teardown(() => {
    reset()
    server.close()
  })
  return {
    url: through.href,
    cut: async () => {
      reset()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
    swallow: async () => {
      swallows = true
    },
    heal: async () => {
      swallows = false
      reset()
      if (!server.listening) await listen(port)
    },
  }
}
