import type { Pool } from 'pg'
import { Receiver } from '../../../server/inbox/receive.js'
import { silentLog } from '../../../server/observe/log.js'
import { createMetrics } from '../../../server/observe/metrics.js'
import { type BenchReport, type BenchRow, figure } from '../bench-report.js'
import type { BenchOptions, BenchRoom } from '../bench-room.js'
import { manyInstruments } from '../bench-settings.js'
import { quantile, ratioSpread, spreadOf } from '../spread.js'
import { streamAlerts } from './alert-stream.js'
import {
  type PortfolioUnderTest,
  sequencedPortfolio,
  singleSteppedPortfolio,
} from './portfolio-under-test.js'

const STREAMS = 64
const PORTFOLIOS = 16
/** As many connections as the service's own pools have for this. */
const [INBOX_CONNECTIONS, KERNEL_CONNECTIONS] = [4, 8]

const KINDS = ['single', 'one', 'sixteen'] as const
type Kind = (typeof KINDS)[number]

/** What one kind decided in one repetition. */
interface Tally {
  readonly seconds: number
  readonly decided: number
  readonly fills: number
  /** From the alert to its committed decision, in milliseconds, ascending. */
  readonly latencies: Float64Array
}

type Repetition = Readonly<Record<Kind, Tally>>

interface Pools {
  readonly inbox: Pool
  readonly kernel: Pool
}

/** Measures how many alerts a second get a committed decision, on one portfolio and on sixteen. */
export async function benchDecided(room: BenchRoom, options: BenchOptions): Promise<BenchReport> {
  const { isQuick, onProgress, signal } = options
  const pools = { inbox: room.open(INBOX_CONNECTIONS).pool, kernel: room.open(KERNEL_CONNECTIONS).pool }
  const [milliseconds, count] = isQuick ? [200, 1] : [4000, 7]
  await repeat(pools, 'warm', milliseconds / 4)
  const repetitions: Repetition[] = []
  for (let done = 0; done < count && !signal.aborted; done++) {
    onProgress(done, count)
    repetitions.push(await repeat(pools, String(done), milliseconds))
  }
  return report(repetitions, await countOutcomes(pools.kernel))
}

async function repeat(pools: Pools, name: string, milliseconds: number): Promise<Repetition> {
  const run = (kind: Kind) => measure(pools, { kind, name: `${kind}-${name}`, milliseconds })
  return { single: await run('single'), one: await run('one'), sixteen: await run('sixteen') }
}

interface Measurement {
  readonly kind: Kind
  readonly name: string
  readonly milliseconds: number
}

async function measure({ inbox, kernel }: Pools, { kind, name, milliseconds }: Measurement): Promise<Tally> {
  const portfolios = await openPortfolios(kernel, kind, name)
  const ringers = new Map(portfolios.map((portfolio) => [portfolio.id, portfolio.ring]))
  const onStored = (ids: ReadonlySet<string>): void => {
    for (const id of ids) ringers.get(id)!()
  }
  const receiver = new Receiver({ pool: inbox, log: silentLog, metrics: createMetrics(), onStored })
  const latencies: number[] = []
  const begun = performance.now()
  const isOver = (): boolean => performance.now() - begun > milliseconds
  const onDecided = (latency: number): void => {
    if (!isOver()) latencies.push(latency)
  }
  const streams = portfolios.flatMap((portfolio) =>
    portfolio.instruments.map((instrument) =>
      streamAlerts({ receiver, portfolio, instrument, isOver, onDecided }),
    ),
  )
  await Promise.all(streams)
  const fills = portfolios.reduce((sum, portfolio) => sum + portfolio.fills(), 0)
  await Promise.all(portfolios.map((portfolio) => portfolio.stop()))
  const sorted = Float64Array.from(latencies).sort()
  return { seconds: milliseconds / 1000, decided: latencies.length, fills, latencies: sorted }
}

async function openPortfolios(pool: Pool, kind: Kind, name: string): Promise<PortfolioUnderTest[]> {
  if (kind === 'single') return [await singleSteppedPortfolio(pool, await manyInstruments(name, STREAMS))]
  if (kind === 'one') return [await sequencedPortfolio(pool, await manyInstruments(name, STREAMS))]
  const portfolios: PortfolioUnderTest[] = []
  for (let number = 0; number < PORTFOLIOS; number++) {
    const settings = await manyInstruments(`${name}-${number}`, STREAMS / PORTFOLIOS)
    portfolios.push(await sequencedPortfolio(pool, settings))
  }
  return portfolios
}

interface Outcomes {
  readonly alerts: number
  readonly waiting: number
  readonly approved: number
  readonly refused: number
  readonly exits: number
}

async function countOutcomes(pool: Pool): Promise<Outcomes> {
  const { rows } = await pool.query<Outcomes>(`select count(*)::int as alerts,
      count(*) filter (where state <> 'decided')::int as waiting,
      count(*) filter (where alert ->> 'type' = 'BASE_ENTRY' and outcome = 'approved')::int as approved,
      count(*) filter (where outcome = 'blocked')::int as refused,
      count(*) filter (where alert ->> 'type' = 'EXIT' and outcome = 'approved')::int as exits
    from inbox`)
  return rows[0]!
}

const titles: Readonly<Record<Kind, string>> = {
  single: 'baseline: one portfolio, a transaction an alert',
  one: 'one portfolio',
  sixteen: `${PORTFOLIOS} portfolios`,
}

function report(repetitions: readonly Repetition[], outcomes: Outcomes): BenchReport {
  const rates = (kind: Kind): number[] =>
    repetitions.map((tally) => tally[kind].decided / tally[kind].seconds)
  const rows = KINDS.flatMap((kind): BenchRow[] => {
    const time = (what: string, share: number): BenchRow => ({
      what: `  ${what}`,
      unit: 'ms',
      value: spreadOf(repetitions.map((tally) => quantile(tally[kind].latencies, share))),
    })
    const fills = repetitions.map((tally) => tally[kind].fills / tally[kind].seconds)
    return [
      {
        what: `${titles[kind]}, ${STREAMS} streams`,
        unit: 'decided/s',
        value: spreadOf(rates(kind)),
        ...(kind === 'single' ? {} : { ratio: ratioSpread(rates(kind), rates('single')) }),
      },
      { what: '  orders filled besides', unit: 'fills/s', value: spreadOf(fills) },
      time('p50 from alert to committed decision', 0.5),
      time('p99', 0.99),
    ]
  })
  const ratio = ratioSpread(rates('one'), rates('single')).median
  const { alerts, waiting, approved, refused, exits } = outcomes
  return {
    bench: 'decided',
    about:
      `Alerts stored and decided, a quarter each of bars, entries that fill, entries that are refused, and exits, from ` +
      `${STREAMS} streams that each wait for the last decision`,
    repetitions: repetitions.length,
    rows,
    goals: [
      {
        goal: 'one portfolio: at least 3 × a transaction an alert',
        measured: `${figure(ratio)} ×`,
        met: ratio >= 3,
      },
    ],
    checks: [
      { check: `${alerts} alerts stored, ${waiting} of them undecided`, passed: waiting === 0 },
      {
        check: `${approved} entries filled, ${refused} refused, ${exits} exits`,
        passed: approved === exits && approved === refused && alerts === 4 * approved,
      },
    ],
  }
}
