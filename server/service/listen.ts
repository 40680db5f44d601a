import type { AddressInfo } from 'node:net'
import { isIPv6 } from 'node:net'
import { ServiceError } from '../errors.js'

/** What listens: a Fastify instance, as far as this is concerned. */
export interface Listening {
  readonly listen: (options: { readonly host: string; readonly port: number }) => Promise<string>
  readonly server: { readonly address: () => AddressInfo | string | null }
}

/** Where to listen, and the variable that says so. */
export interface ListenAt {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly variable: 'PORT' | 'ADMIN_PORT'
}

/** Listening on every address includes this one. */
const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Listens, and returns the URL without a slash at its end. Throws ServiceError when the port cannot be had. */
export async function listenAt(app: Listening, { host, port, variable }: ListenAt): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code)
    const reason = code === 'EADDRINUSE' ? 'another program listens there' : String(error)
    throw new ServiceError('PORT_TAKEN', `${variable}: port ${port} of ${host} cannot be used: ${reason}`, {
      cause: error,
    })
  }
  const { port: given } = app.server.address() as AddressInfo
  const name = everywhere[host] ?? host
  return `http://${isIPv6(name) ? `[${name}]` : name}:${given}`
}
