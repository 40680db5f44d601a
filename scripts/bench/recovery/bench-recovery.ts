import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BenchReport, type BenchRow, figure } from '../bench-report.js'
import type { BenchOptions, BenchRoom } from '../bench-room.js'
import { runChild } from '../child.js'
import { spreadOf } from '../spread.js'
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

interface PhaseTimes {
  readonly phases: readonly (readonly [phase: string, at: number])[]
}

/** Milliseconds of one recovery, by phase and from the lease to active. */
interface Recovery {
  readonly parts: Readonly<Record<Phase, number>>
  readonly total: number
}

/** Measures how long a portfolio takes from its lease to active, in a process that has just started. */
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
  const found = new Map<number, Recovery[]>(sizes.map((size) => [size, []]))
  for (let done = 0; done < count && !options.signal.aborted; done++) {
    for (const [index, { size, env }] of prepared.entries()) {
      options.onProgress(done * sizes.length + index, count * sizes.length)
      const times = await runChild<PhaseTimes>({ file: './recovery/recover-once.js', env })
      found.get(size)!.push(recoveryOf(times))
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

function recoveryOf({ phases }: PhaseTimes): Recovery {
  const begun = (phase: string): number => {
    const found = phases.find(([name]) => name === phase)
    if (found === undefined) throw new Error(`The recovery had no phase ${phase}: ${JSON.stringify(phases)}`)
    return found[1]
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

function report(found: ReadonlyMap<number, readonly Recovery[]>, alarms: number): BenchReport {
  const rows: BenchRow[] = []
  for (const [size, recoveries] of found) {
    rows.push({
      what: `${size} open positions: from the lease to active`,
      unit: 'ms',
      value: spreadOf(recoveries.map(({ total }) => total)),
    })
    for (const [phase, title] of Object.entries(PHASES)) {
      const value = spreadOf(recoveries.map(({ parts }) => parts[phase as Phase]))
      rows.push({ what: `  ${title}`, unit: 'ms', value })
    }
  }
  const fifty = rows[0]!.value.median
  return {
    bench: 'recovery',
    about:
      'Portfolios with a history of 30 days (as many units closed as open), recovered in a process that has just ' +
      'started, on a warm database',
    repetitions: found.values().next().value!.length,
    rows,
    goals: [{ goal: '50 positions within 50 ms', measured: `${figure(fifty)} ms`, met: fifty <= 50 }],
    checks: [{ check: `${alarms} alarms: every recovery was clean`, passed: alarms === 0 }],
  }
}
