import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Writable } from 'node:stream'
import { findFreePort } from '../../server/db/postgres-port.js'
import { eventually } from './eventually.js'
import { findRedisBinary } from './redis-binary.js'

/** A Redis server of the tests. */
export interface RedisService {
  readonly url: string
  readonly port: number
  readonly stop: () => Promise<void>
}

/** How many databases it has; each test takes its own. */
export const redisDatabases = 4096

/** How a Redis server is started. */
export interface RedisOptions {
  readonly directory: string
  /** Default: a free one. */
  readonly port?: number
  /** True keeps every write on disk before it is confirmed, so that a restart in the directory finds it. */
  readonly durable?: boolean
}

/** The shell kills the server at the end of its input, which comes however this process ends. */
const keeper = '"$@" & server=$!; read -r line; kill -9 "$server"; wait "$server" 2>/dev/null'

/** Starts a Redis server; stopping it is a kill, as for tests nothing needs to be saved. */
export async function startRedisService(options: RedisOptions): Promise<RedisService> {
  const { file, env } = await findRedisBinary()
  const port = options.port ?? (await findFreePort())
  await mkdir(options.directory, { recursive: true })
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', options.directory]
  const memory = ['--databases', String(redisDatabases), '--maxmemory-policy', 'noeviction', '--save', '']
  const disk = options.durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  const args = ['-c', keeper, 'redis-keeper', file, ...place, ...memory, ...disk, '--loglevel', 'warning']
  const shell = spawn('/bin/sh', args, { env, stdio: ['pipe', 'ignore', 'inherit'] })
  shell.unref()
  unrefStream(shell.stdin)
  const exit = once(shell, 'exit')
  await eventually(`Redis answers on port ${port}`, () => ping(port))
  const stop = async () => {
    shell.ref()
    shell.stdin.end('stop\n')
    if (shell.exitCode === null) await exit
  }
  return { url: `redis://127.0.0.1:${port}`, port, stop }
}

/** A pipe keeps its process alive as long as it is open. */
function unrefStream(stream: Writable & { unref?: () => void }): void {
  stream.unref?.()
}

function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
  })
}
