import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BenchReport, type BenchRow, figure } from '../bench-report.js'
import type { BenchOptions, BenchRoom } from '../bench-room.js'
import { runChild } from '../child.js'
import { type Spread, spreadOf } from '../spread.js'
import type { PhaseTimes } from './phase-times.js'
import { recoveryConfiguration } from './recovery-configuration.js'
import { writePortfolio } from './write-portfolio.js'

/** Phases of a recovery in order, from the moment in which its lease is taken, and what each is for. */
const PHASES = {
  fold: 'fold the logs, compare every table',
  brokerSnapshot: 'ask the venue for its orders',
  reconcile: 'reconcile orders and fills',
  comparePositions: 'compare positions',
  drainInbox: 'drain the inbox',
} as const

type Phase = keyof typeof PHASES

/** Recoveries of one process: the first is cold, the last is warm. */
const ROUNDS = 6

/** Milliseconds of one recovery, by phase and from the lease to active. */
interface Recovery {
  readonly parts: Readonly<Record<Phase, number>>
  readonly total: number
}

/** How a portfolio was recovered: in a process that has just started, and by one that runs already. */
interface Recoveries {
  readonly cold: Recovery[]
  readonly warm: Recovery[]
}

/** Measures how long a portfolio takes from its lease to active, cold and warm. */
export async function benchRecovery(room: BenchRoom, options: BenchOptions): Promise<BenchReport> {
  const sizes = options.isQuick ? [50] : [50, 1000, 10_000]
  const count = options.isQuick ? 1 : 7
  const { pool } = room.open(4)
  const prepared: { size: number; env: Record<string, string> }[] = []
  for (const size of sizes) {
    const id = `open-${size}`
    const { text, settings } = recoveryConfiguration(id, size)
    const config = join(room.home, `${id}.json`)
    await writeFile(config, text)
    await writePortfolio(pool, { settings, open: size, now: Date.now() })
    prepared.push({ size, env: serviceEnvironment(room, config) })
  }
  const found = new Map<number, Recoveries>(sizes.map((size) => [size, { cold: [], warm: [] }]))
  for (let done = 0; done < count && !options.signal.aborted; done++) {
    for (const [index, { size, env }] of prepared.entries()) {
      options.onProgress(done * sizes.length + index, count * sizes.length)
      const args = [String(options.isQuick ? 2 : ROUNDS)]
      const rounds = await runChild<PhaseTimes[]>({ file: './recovery/recover-once.js', env, args })
      found.get(size)!.cold.push(recoveryOf(rounds[0]!))
      found.get(size)!.warm.push(recoveryOf(rounds.at(-1)!))
    }
  }
  return report(found, await countBreaks(pool))
}

function serviceEnvironment({ home, connectionString }: BenchRoom, config: string): Record<string, string> {
  return {
    GENERAL_HOME: home,
    GENERAL_CONFIG: config,
    DATABASE_URL: connectionString,
    PORT: '0',
    ADMIN_PORT: '0',
    LOG_LEVEL: 'error',
  }
}

function recoveryOf(times: PhaseTimes): Recovery {
  const begun = (phase: string): number => {
    const found = times.find((time) => time.phase === phase)
    if (found === undefined) throw new Error(`The recovery had no phase ${phase}: ${JSON.stringify(times)}`)
    return found.at
  }
  const names = Object.keys(PHASES) as Phase[]
  const ends = [...names.slice(1), 'active']
  const parts = Object.fromEntries(names.map((name, index) => [name, begun(ends[index]!) - begun(name)]))
  return { parts: parts as Recovery['parts'], total: begun('active') - begun('fold') }
}

type Counting = { query: <Row>(text: string) => Promise<{ rows: Row[] }> }

async function countBreaks(pool: Counting): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*)::int as count from alarms')
  return rows[0]!.count
}

function report(found: ReadonlyMap<number, Recoveries>, alarms: number): BenchReport {
  const totals = (recoveries: readonly Recovery[]): Spread => spreadOf(recoveries.map(({ total }) => total))
  const rows = [...found].flatMap(([size, { cold, warm }]): BenchRow[] => [
    { what: `${size} open positions, in a process that has just started`, unit: 'ms', value: totals(cold) },
    ...Object.entries(PHASES).map(([phase, title]) => {
      const value = spreadOf(cold.map(({ parts }) => parts[phase as Phase]))
      return { what: `  ${title}`, unit: 'ms', value }
    }),
    { what: `${size} open positions, by an instance that runs already`, unit: 'ms', value: totals(warm) },
  ])
  const fifty = found.values().next().value!
  const goals = (['cold', 'warm'] as const).map((kind) => {
    const { median } = totals(fifty[kind])
    const who = kind === 'cold' ? 'in a process that has just started' : 'by an instance that runs already'
    return { goal: `50 positions within 50 ms, ${who}`, measured: `${figure(median)} ms`, met: median <= 50 }
  })
  return {
    bench: 'recovery',
    about:
      'From the lease to active: portfolios with a history of 30 days (as many units closed as open), every table ' +
      'compared with the logs',
    repetitions: fifty.cold.length,
    rows,
    goals,
    checks: [{ check: `${alarms} alarms: every recovery was clean`, passed: alarms === 0 }],
  }
}
