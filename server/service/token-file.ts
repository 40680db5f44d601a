import { randomBytes } from 'node:crypto'
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A token and where it came from. */
export interface FoundToken {
  readonly token: string
  /** The file that holds it; null when it came from the environment. */
  readonly file: string | null
}

/** What finding a token depends on. */
export interface TokenOptions {
  readonly home: string
  /** Name of the file in the home. */
  readonly name: 'webhook-token' | 'admin-token'
  /** The value of the environment; null when it is unset. */
  readonly given: string | null
}

/**
 * Returns the given token, else the one in the home's file, which is made with mode 0600 when there is none: 256
 * random bits. Two services that start at once in one home find the same token.
 */
export async function findToken({ home, name, given }: TokenOptions): Promise<FoundToken> {
  if (given !== null) return { token: given, file: null }
  const file = join(home, name)
  const drawn = `${file}.${randomBytes(6).toString('hex')}`
  try {
    // Written apart and linked when it is whole: whoever finds the file finds all of the token.
    await writeFile(drawn, `${randomBytes(32).toString('base64url')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    })
    await link(drawn, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(drawn, { force: true })
  }
  return { token: await readToken(file), file }
}

async function readToken(file: string): Promise<string> {
  await chmod(file, 0o600)
  const token = (await readFile(file, 'utf8')).trim()
  if (token === '') throw new Error(`The token file ${file} is empty: delete it, and a new one is made`)
  return token
}
