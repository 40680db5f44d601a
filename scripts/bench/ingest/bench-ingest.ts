import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { startService } from '../../../server/main.js'
import { silentLog } from '../../../server/observe/log.js'
import { type BenchReport, type BenchRow, figure } from '../bench-report.js'
import type { BenchOptions, BenchRoom } from '../bench-room.js'
import { quantile, ratioSpread, spreadOf } from '../spread.js'
import type { Load, LoadResult } from './http-load.js'
import { type BenchListener, startPausedListener, startUnstoredListener } from './listeners.js'
import { type LoadClient, startLoadClient } from './load-client.js'

const CONNECTIONS = 64
const PAUSED = 'paused'
const RUNNING = 'paper'

type Kind = 'unstored' | 'paused' | 'running'

interface Repetition {
  readonly crowd: Readonly<Record<Kind, LoadResult>>
  readonly lone: Readonly<Record<Kind, LoadResult>>
}

/** Measures how many alerts a second are acknowledged once they are durable, and how long each waits for that. */
export async function benchIngest(room: BenchRoom, options: BenchOptions): Promise<BenchReport> {
  const { isQuick, onProgress, signal } = options
  const { pool } = room.open(4)
  const service = await startService({ env: serviceEnvironment(room), log: silentLog })
  const client = startLoadClient()
  const unstored = await startUnstoredListener()
  const paused = await startPausedListener(pool, PAUSED)
  try {
    await service.ready
    const url = new URL(`${service.webhookUrl}${service.tokens.webhook.token}`)
    const running = { port: Number(url.port), path: url.pathname, close: async () => undefined }
    const field = new Field(client, pool, { unstored, paused, running })
    const [seconds, count] = isQuick ? [0.2, 1] : [3, 7]
    await field.repeat(seconds / 4)
    const repetitions: Repetition[] = []
    for (let done = 0; done < count && !signal.aborted; done++) {
      onProgress(done, count)
      repetitions.push(await field.repeat(seconds))
    }
    return report(repetitions, { acknowledged: field.acknowledged, stored: await field.countStored() })
  } finally {
    await client.close()
    await service.stop()
    await Promise.all([unstored.close(), paused.close()])
  }
}

function serviceEnvironment({ home, connectionString }: BenchRoom): Record<string, string> {
  return { GENERAL_HOME: home, DATABASE_URL: connectionString, PORT: '0', ADMIN_PORT: '0' }
}

/** The listeners side by side, loaded one after the other. */
class Field {
  acknowledged = 0
  #next = 0
  readonly #client: LoadClient
  readonly #pool: Pool
  readonly #listeners: Readonly<Record<Kind, BenchListener>>

  constructor(client: LoadClient, pool: Pool, listeners: Readonly<Record<Kind, BenchListener>>) {
    this.#client = client
    this.#pool = pool
    this.#listeners = listeners
  }

  async repeat(seconds: number): Promise<Repetition> {
    const crowd = await this.#round({ connections: CONNECTIONS, milliseconds: seconds * 1000 })
    const lone = await this.#round({ connections: 1, milliseconds: seconds * 500 })
    return { crowd, lone }
  }

  /** Rows of the inbox that the loads have left. */
  async countStored(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>('select count(*)::int as count from inbox')
    return rows[0]!.count
  }

  async #round(load: Omit<Load, 'port' | 'path' | 'first'>): Promise<Repetition['crowd']> {
    const unstored = await this.#load('unstored', load)
    const paused = await this.#load('paused', load)
    const running = await this.#load('running', load)
    await this.#drained()
    return { unstored, paused, running }
  }

  async #load(kind: Kind, load: Omit<Load, 'port' | 'path' | 'first'>): Promise<LoadResult> {
    const { port, path } = this.#listeners[kind]
    const result = await this.#client.run({ ...load, port, path, first: this.#next })
    this.#next += result.sent
    if (kind !== 'unstored') this.acknowledged += result.accepted
    return result
  }

  /** Waits until the running service has decided what it took, so that the next load finds the machine at rest. */
  async #drained(): Promise<void> {
    const waiting = `select exists (select from inbox where portfolio = $1 and state = 'waiting') as waiting`
    for (;;) {
      const { rows } = await this.#pool.query<{ waiting: boolean }>(waiting, [RUNNING])
      if (!rows[0]!.waiting) return
      await delay(20)
    }
  }
}

const titles: Readonly<Record<Kind, string>> = {
  unstored: 'baseline: the same listener and checks, nothing stored',
  paused: 'stored, nobody decides',
  running: 'stored, and decided meanwhile',
}

function report(
  repetitions: readonly Repetition[],
  counts: { readonly acknowledged: number; readonly stored: number },
): BenchReport {
  const rates = (kind: Kind): number[] =>
    repetitions.map(({ crowd }) => crowd[kind].accepted / crowd[kind].seconds)
  const times = (kind: Kind, who: 'crowd' | 'lone', share: number): number[] =>
    repetitions.map((repetition) => quantile(repetition[who][kind].latencies, share))
  const kinds = ['unstored', 'paused', 'running'] as const
  const rows: BenchRow[] = kinds.flatMap((kind) => {
    const ratio = kind === 'unstored' ? {} : { ratio: ratioSpread(rates(kind), rates('unstored')) }
    const time = (what: string, who: 'crowd' | 'lone', share: number): BenchRow => ({
      what: `  ${what}`,
      unit: 'ms',
      value: spreadOf(times(kind, who, share)),
    })
    return [
      {
        what: `${titles[kind]}, ${CONNECTIONS} connections`,
        unit: 'alerts/s',
        value: spreadOf(rates(kind)),
        ...ratio,
      },
      time('p50', 'crowd', 0.5),
      time('p99', 'crowd', 0.99),
      time('a client alone, p50', 'lone', 0.5),
      time('a client alone, p99', 'lone', 0.99),
    ]
  })
  const refused = repetitions.flatMap(({ crowd, lone }) =>
    kinds.map((kind) => crowd[kind].refused + lone[kind].refused),
  )
  const goals = (['paused', 'running'] as const).flatMap((kind) => {
    const ratio = ratioSpread(rates(kind), rates('unstored')).median
    const p99 = spreadOf(times(kind, 'crowd', 0.99)).median
    const lone = spreadOf(times(kind, 'lone', 0.99)).median
    return [
      { goal: `${titles[kind]}: at least 0.6 of the baseline`, measured: figure(ratio), met: ratio >= 0.6 },
      { goal: `${titles[kind]}: p99 below 20 ms`, measured: `${figure(p99)} ms`, met: p99 < 20 },
      { goal: `${titles[kind]}: alone, p99 below 5 ms`, measured: `${figure(lone)} ms`, met: lone < 5 },
    ]
  })
  const { acknowledged, stored } = counts
  return {
    bench: 'ingest',
    about: `Alerts over HTTP, acknowledged once they are durable, from ${CONNECTIONS} keep-alive connections and from one`,
    repetitions: repetitions.length,
    rows,
    goals,
    checks: [
      {
        check: `${acknowledged} alerts acknowledged, ${stored} rows stored`,
        passed: acknowledged === stored,
      },
      { check: 'every answer was 200', passed: refused.every((count) => count === 0) },
    ],
  }
}
