import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { startService } from '../../../server/main.js'
import { silentLog } from '../../../server/observe/log.js'
import { type BenchReport, type BenchRow, figure } from '../bench-report.js'
import type { BenchOptions, BenchRoom } from '../bench-room.js'
import type { LoadResult } from '../ingest/http-load.js'
import { type LoadClient, startLoadClient } from '../ingest/load-client.js'
import { quantile, ratioSpread, spreadOf } from '../spread.js'

const CONNECTIONS = 16
/** What the slow broker takes for each answer, in milliseconds. */
const SLOW_ANSWER = 3000

const PORTFOLIOS = ['fast', 'slow'] as const
type Kind = (typeof PORTFOLIOS)[number]

interface Repetition {
  readonly crowd: Readonly<Record<Kind, LoadResult>>
  readonly lone: Readonly<Record<Kind, LoadResult>>
}

/**
 * Measures how long an alert waits for its acknowledgement when the broker of its portfolio answers at once, and when it
 * takes seconds: one service, two portfolios that differ in nothing else, loaded by turns.
 */
export async function benchBroker(room: BenchRoom, options: BenchOptions): Promise<BenchReport> {
  const { isQuick, onProgress, signal } = options
  const { pool } = room.open(2)
  const service = await startService({ env: await environmentOf(room), log: silentLog })
  const client = startLoadClient()
  try {
    await service.ready
    const field = new Field(client, pool, Number(new URL(service.webhookUrl).port))
    const [seconds, count] = isQuick ? [0.2, 1] : [3, 7]
    await field.repeat(seconds / 4)
    const repetitions: Repetition[] = []
    for (let done = 0; done < count && !signal.aborted; done++) {
      onProgress(done, count)
      repetitions.push(await field.repeat(seconds))
    }
    return report(repetitions, field)
  } finally {
    await client.close()
    await service.stop()
  }
}

async function environmentOf({ home, connectionString }: BenchRoom): Promise<Record<string, string>> {
  const faults = { slowAnswerRate: 1, slowAnswerMs: SLOW_ANSWER }
  const strategy = { kind: 'trend', controls: { maxOrdersPerDay: 1_000_000 } }
  const portfolios = PORTFOLIOS.map((id) => ({
    ...{ id, strategy, initialDeposit: '1000000000' },
    broker: { kind: 'paper', faults: id === 'slow' ? faults : {} },
  }))
  const sources = PORTFOLIOS.map((id) => ({ id, portfolio: id, tokens: [`\${TOKEN_${id.toUpperCase()}}`] }))
  const file = join(home, 'bench-broker.json')
  await writeFile(file, JSON.stringify({ portfolios, sources }))
  return {
    ...{
      GENERAL_HOME: home,
      DATABASE_URL: connectionString,
      GENERAL_CONFIG: file,
      PORT: '0',
      ADMIN_PORT: '0',
    },
    ...{ TOKEN_FAST: tokenOf('fast'), TOKEN_SLOW: tokenOf('slow') },
  }
}

function tokenOf(kind: Kind): string {
  return `token-of-the-${kind}-portfolio`
}

/** The two portfolios side by side, loaded one after the other. */
class Field {
  acknowledged = 0
  /** How many orders were waiting for the slow broker when the loads ended, in all. */
  waiting = 0
  #next = 0
  readonly #client: LoadClient
  readonly #pool: Pool
  readonly #port: number

  constructor(client: LoadClient, pool: Pool, port: number) {
    this.#client = client
    this.#pool = pool
    this.#port = port
  }

  async repeat(seconds: number): Promise<Repetition> {
    const crowd = await this.#round(CONNECTIONS, seconds)
    const lone = await this.#round(1, seconds)
    return { crowd, lone }
  }

  /** Returns a count that the database is asked for. */
  async count(query: string): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>(query)
    return rows[0]!.count
  }

  async #round(connections: number, seconds: number): Promise<Repetition['crowd']> {
    const fast = await this.#load('fast', connections, seconds)
    const slow = await this.#load('slow', connections, seconds)
    const waiting = `select count(*)::int as count from orders where portfolio = 'slow' and state = 'submitted'`
    this.waiting += await this.count(waiting)
    return { fast, slow }
  }

  async #load(kind: Kind, connections: number, seconds: number): Promise<LoadResult> {
    const path = `/webhook/${tokenOf(kind)}`
    const load = { port: this.#port, path, connections, milliseconds: seconds * 1000, trades: true }
    const result = await this.#client.run({ ...load, first: this.#next })
    this.#next += result.sent
    this.acknowledged += result.accepted
    return result
  }
}

const titles: Readonly<Record<Kind, string>> = {
  fast: 'a broker that answers at once',
  slow: `a broker that takes ${SLOW_ANSWER / 1000} s for each answer`,
}

async function report(repetitions: readonly Repetition[], field: Field): Promise<BenchReport> {
  const times = (kind: Kind, who: 'crowd' | 'lone', share: number): number[] =>
    repetitions.map((repetition) => quantile(repetition[who][kind].latencies, share))
  const shares = [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const
  const clients = [
    ['crowd', `${CONNECTIONS} connections`],
    ['lone', 'a client alone'],
  ] as const
  const rows: BenchRow[] = PORTFOLIOS.flatMap((kind) =>
    clients.flatMap(([who, words]) =>
      shares.map(([name, share]) => ({
        what: `${titles[kind]}, ${words}, ${name}`,
        unit: 'ms',
        value: spreadOf(times(kind, who, share)),
        ...(kind === 'fast'
          ? {}
          : { ratio: ratioSpread(times('slow', who, share), times('fast', who, share)) }),
      })),
    ),
  )
  const goals = clients.map(([who, words]) => {
    const ratio = ratioSpread(times('slow', who, 0.5), times('fast', who, 0.5)).median
    return {
      goal: `${words}: p50 as with the fast one, within a fifth`,
      measured: figure(ratio),
      met: ratio <= 1.2,
    }
  })
  const stored = await field.count('select count(*)::int as count from inbox')
  const refused = repetitions.flatMap(({ crowd, lone }) =>
    PORTFOLIOS.map((kind) => crowd[kind].refused + lone[kind].refused),
  )
  return {
    bench: 'broker',
    about:
      'Alerts that are traded, acknowledged while the broker of their portfolio answers at once or takes seconds',
    repetitions: repetitions.length,
    rows,
    goals,
    checks: [
      {
        check: `${field.acknowledged} alerts acknowledged, ${stored} rows stored`,
        passed: field.acknowledged === stored,
      },
      { check: 'every answer was 200', passed: refused.every((count) => count === 0) },
      {
        check: `orders waited for the slow broker (${field.waiting} when the loads ended)`,
        passed: field.waiting > 0,
      },
    ],
  }
}
