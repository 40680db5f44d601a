import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'

/** The addresses that TradingView sends webhooks from (its help page 43000529348). */
export const TRADINGVIEW_ADDRESSES = [
  '52.89.214.238',
  '34.212.75.30',
  '54.218.53.128',
  '52.32.178.7',
] as const

/**
 * Returns the address that sent the request. It is the socket's, unless that is the trusted proxy's: then it is the
 * last of X-Forwarded-For, which the proxy itself wrote; anything before that a sender can invent.
 */
export function senderAddress(request: IncomingMessage, trustedProxy: BlockList | null): string {
  const socketAddress = plainAddress(request.socket.remoteAddress ?? '')
  if (trustedProxy === null || !contains(trustedProxy, socketAddress)) return socketAddress
  const forwarded = request.headers['x-forwarded-for']
  const last = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',').at(-1)
  return plainAddress(last?.trim() ?? '')
}

/** Returns the set of the addresses and networks in `entries`, as 10.0.0.1 or 10.0.0.0/8. Throws on other text. */
export function addressSet(entries: readonly string[]): BlockList {
  const set = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = familyOf(address)
    if (prefix === undefined) set.addAddress(address, family)
    else set.addSubnet(address, Number(prefix), family)
  }
  return set
}

/** Returns whether `address` is in the set; a text that is no address is in none. */
export function contains(set: BlockList, address: string): boolean {
  return isIP(address) !== 0 && set.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}

/** IPv4 on a socket that takes both families is written ::ffff:1.2.3.4. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return mapped ?? address
}
