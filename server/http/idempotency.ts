import { createHash } from 'node:crypto'
import type { Pool, PoolClient } from 'pg'
import { canonicalJson } from '../canonical-json.js'
import { inTransaction } from '../db/transaction.js'
import { ServiceError } from '../errors.js'
import { problem } from './problem.js'

/** A command as its sender names it: the same scope, key and body are the same command, for ever. */
export interface NamedCommand {
  /** Method and path. */
  readonly scope: string
  /** The value of Idempotency-Key. */
  readonly key: string
  readonly body: unknown
}

/** An answer to a command, as it is stored and repeated. */
export interface CommandAnswer {
  readonly status: number
  readonly body: unknown
}

const keySyntax = /^[\x21-\x7e]{1,255}$/

/** Returns the key of the Idempotency-Key header. Throws ServiceError when it is missing or malformed. */
export function idempotencyKey(header: string | readonly string[] | undefined): string {
  if (typeof header === 'string' && keySyntax.test(header)) return header
  const found = header === undefined ? 'The header is missing' : 'The header is malformed'
  throw new ServiceError(
    'IDEMPOTENCY_KEY_MISSING',
    `${found}: Idempotency-Key takes 1 to 255 printable characters`,
  )
}

/**
 * Returns the first answer to the command, running it only if no answer is stored. The row is locked while the command
 * runs, so whether it still runs is told by the lock and not by what the row says: after a crash the lock is gone, and
 * the next request with the key runs the command again. `run` must therefore have its effect once however often it is
 * called; it does when the ids of what it makes derive from scope and key.
 *
 * Refusals (ServiceError with a 4xx) are answers. Throws ServiceError when the key belongs to another body or when the
 * command runs elsewhere, and whatever else `run` throws: then nothing is stored, and the key may be used again.
 */
export async function answerOnce(
  pool: Pool,
  command: NamedCommand,
  run: () => Promise<CommandAnswer>,
): Promise<CommandAnswer> {
  const { scope, key } = command
  const bodyHash = createHash('sha256').update(canonicalJson(command.body)).digest('hex')
  await pool.query(
    'insert into idempotency (scope, key, body_hash) values ($1, $2, $3) on conflict do nothing',
    [scope, key, bodyHash],
  )
  const once = async (client: PoolClient) => {
    const stored = await lockRecord(client, command, bodyHash)
    if (stored !== null) return stored
    const answer = await refusalAsAnswer(run)
    await client.query(
      `update idempotency set state = 'done', status = $3, response = $4 where scope = $1 and key = $2`,
      [scope, key, answer.status, JSON.stringify(answer.body)],
    )
    return answer
  }
  return inTransaction(pool, once, { retries: 0 })
}

interface StoredCommand {
  readonly body_hash: string
  readonly state: 'running' | 'done'
  readonly status: number | null
  readonly response: unknown
}

/** Locks the command's row; its answer, or null when it is to be run. */
async function lockRecord(
  client: PoolClient,
  command: NamedCommand,
  bodyHash: string,
): Promise<CommandAnswer | null> {
  const locked = await readRecord(client, command, 'for update skip locked')
  const record = locked ?? (await readRecord(client, command, ''))
  if (record?.body_hash !== bodyHash) {
    throw new ServiceError(
      'IDEMPOTENCY_KEY_REUSED',
      `The key ${command.key} was first used on this path with another body`,
    )
  }
  if (record.state === 'done') return { status: record.status!, body: record.response }
  if (locked !== undefined) return null
  throw new ServiceError('IDEMPOTENCY_KEY_RUNNING', `The command with the key ${command.key} still runs`)
}

async function readRecord(
  client: PoolClient,
  { scope, key }: NamedCommand,
  locking: '' | 'for update skip locked',
): Promise<StoredCommand | undefined> {
  const { rows } = await client.query<StoredCommand>(
    `select body_hash, state, status, response from idempotency where scope = $1 and key = $2 ${locking}`,
    [scope, key],
  )
  return rows[0]
}

async function refusalAsAnswer(run: () => Promise<CommandAnswer>): Promise<CommandAnswer> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    const document = problem(error.code, error.message)
    if (document.status >= 500) throw error
    return { status: document.status, body: document }
  }
}
