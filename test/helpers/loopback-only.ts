import dns from 'node:dns'
import net from 'node:net'

/*
 * Imported before a program (node --import), this ends it with code 99 the moment it would reach for another machine.
 */

const loopback = new Set(['localhost', '127.0.0.1', '::1', ''])

function refuse(host: string): void {
  if (loopback.has(host)) return
  process.stderr.write(`The program reached for ${host}\n`)
  process.exit(99)
}

interface Target {
  readonly host?: string
  readonly path?: string
}

/** The options of a connection, in all the spellings that sockets take. */
function targetOf([first, second]: readonly unknown[]): Target {
  if (Array.isArray(first)) return targetOf(first)
  if (typeof first === 'object' && first !== null) return first
  return { host: typeof second === 'string' ? second : '' }
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
  const { host = '', path } = targetOf(args)
  if (path == null) refuse(host)
  return Reflect.apply(connect, this, args)
} as typeof connect

const lookup = dns.lookup
dns.lookup = ((host: string, ...rest: unknown[]) => {
  refuse(host)
  return Reflect.apply(lookup, dns, [host, ...rest])
}) as typeof dns.lookup
