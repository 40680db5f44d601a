import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'

/** A TCP port on the loopback address that nothing uses at this moment. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** The port that the server had last time, or a free one. */
export async function recallPort(path: string): Promise<number> {
  const remembered = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10)
  return remembered > 0 ? remembered : findFreePort()
}

/** Keeps the port for the next start. */
export async function rememberPort(path: string, port: number): Promise<void> {
  await writeFile(path, `${port}\n`)
}
