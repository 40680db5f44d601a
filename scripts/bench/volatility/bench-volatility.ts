import type { Pool } from 'pg'
import { decimal } from '../../../core/decimal.js'
import { digest } from '../../../core/ids.js'
import type { ObservedPrice } from '../../../core/input.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { systemClock } from '../../../server/clock.js'
import { createPortfolio, loadPortfolio } from '../../../server/journal/load.js'
import { Sequencer } from '../../../server/kernel/sequencer.js'
import { silentLog } from '../../../server/observe/log.js'
import { createMetrics } from '../../../server/observe/metrics.js'
import { type BenchReport, figure } from '../bench-report.js'
import type { BenchOptions, BenchRoom } from '../bench-room.js'
import { BenchVenue } from '../decided/bench-venue.js'
import { quantile, spreadOf } from '../spread.js'
import { cellName, manyCells } from './many-cells.js'

const CELLS = 10_000
/** One cell in so many trades at each burst. */
const TRADING = 10
const KERNEL_CONNECTIONS = 8
const BURST_GOAL_MS = 2000
const SINGLE_GOAL_MS = 15

/** A portfolio of cells that is decided as a service does it, with a venue that fills at once. */
interface Cells {
  readonly sequencer: Sequencer
  readonly venue: BenchVenue
  readonly count: number
}

interface Burst {
  readonly committedMs: number
  readonly filledMs: number
  readonly orders: number
}

/** Measures how long it takes to evaluate all cells of a portfolio at new prices, and a single one. */
export async function benchVolatility(room: BenchRoom, options: BenchOptions): Promise<BenchReport> {
  const { isQuick, onProgress, signal } = options
  const [count, bursts, singles] = isQuick ? [500, 2, 50] : [CELLS, 7, 2000]
  const cells = await openCells(room.open(KERNEL_CONNECTIONS).pool, count)
  await burst(cells, 0)
  await Promise.all(Array.from({ length: 20 }, (_, index) => evaluateOne(cells, index, 0)))
  const measured: Burst[] = []
  for (let done = 1; done <= bursts && !signal.aborted; done++) {
    onProgress(done, bursts + 1)
    measured.push(await burst(cells, done))
  }
  const latencies: number[] = []
  for (let index = 0; index < singles && !signal.aborted; index++)
    latencies.push(await evaluateOne(cells, index, bursts))
  const open = [...cells.sequencer.state().books.values()].filter(
    ({ rebalanceOrderIds }) => rebalanceOrderIds.length > 0,
  )
  const undecided = [...cells.sequencer.state().books.values()].filter(({ cell }) => cell?.outcome === '')
  await cells.sequencer.stop()
  return report({ count, measured, latencies, open: open.length, undecided: undecided.length })
}

async function openCells(pool: Pool, count: number): Promise<Cells> {
  const settings: PortfolioSettings = manyCells('bench-cells', count)
  const id = settings.portfolio
  await createPortfolio(pool, id, settings.currency)
  const desk = { pool, log: silentLog, metrics: createMetrics() }
  const sequencer = new Sequencer({ portfolio: id, epoch: 0, desk, clock: systemClock })
  sequencer.start(await loadPortfolio(pool, id, silentLog))
  const venue = new BenchVenue(
    { submit: (input) => sequencer.submit(input), state: () => sequencer.state(), now: systemClock.now },
    () => undefined,
  )
  sequencer.onEvents((events) => venue.follow(events))
  await sequencer.submit({
    type: 'ConfigurationActivated',
    id: `C-${digest('bench', id)}`,
    hash: 'bench',
    settings,
  })
  const deposit = { kind: 'cash', movement: 'deposit', amount: decimal(10_000 * count), note: null } as const
  await sequencer.submit({ type: 'OperatorCommanded', id: `C-${digest('deposit', id)}`, command: deposit })
  return { sequencer, venue, count }
}

/** Every cell moves a little; one in ten falls or rises beyond its trigger, another ten each time. */
function pricesOf(count: number, round: number): ObservedPrice[] {
  const observedAt = systemClock.now()
  return Array.from({ length: count }, (_, index) => {
    const isTrading = index % TRADING === round % TRADING
    const price = 100 + (index % 7) * 0.1 + (round % 5) * 0.1 - (isTrading ? 4 : 0)
    return { instrument: cellName(index), price: Math.round(price * 100) / 100, observedAt }
  })
}

async function burst({ sequencer, venue, count }: Cells, round: number): Promise<Burst> {
  const prices = pricesOf(count, round)
  const before = venue.fills
  const begun = performance.now()
  const outcome = await sequencer.submit({
    type: 'PricesObserved',
    id: `C-${digest('burst', String(round))}`,
    prices,
  })
  const committedMs = performance.now() - begun
  const orders =
    'events' in outcome ? outcome.events.filter(({ type }) => type === 'OrderInitialized').length : 0
  while (venue.fills < before + orders) await new Promise((resolve) => setTimeout(resolve, 1))
  return { committedMs, filledMs: performance.now() - begun, orders }
}

async function evaluateOne({ sequencer, count }: Cells, index: number, round: number): Promise<number> {
  const instrument = cellName((index * 37) % count)
  const price = sequencer.state().books.get(instrument)?.market.price ?? 100
  const told = { instrument, price, observedAt: systemClock.now() }
  const id = `C-${digest('single', String(round), String(index))}`
  const command = { kind: 'evaluate', instruments: [instrument], prices: [told] } as const
  const begun = performance.now()
  await sequencer.submit({ type: 'OperatorCommanded', id, command })
  return performance.now() - begun
}

interface Measured {
  readonly count: number
  readonly measured: readonly Burst[]
  readonly latencies: readonly number[]
  readonly open: number
  readonly undecided: number
}

function report({ count, measured, latencies, open, undecided }: Measured): BenchReport {
  const sorted = Float64Array.from(latencies).sort()
  const committed = spreadOf(measured.map(({ committedMs }) => committedMs))
  const filled = spreadOf(measured.map(({ filledMs }) => filledMs))
  const orders = measured.reduce((sum, burst) => sum + burst.orders, 0)
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)]
  const same = (value: number) => ({ median: value, min: value, max: value })
  return {
    bench: 'volatility',
    about: `Prices of ${count} cells of one portfolio in one input, of which one in ${TRADING} trades; then ${latencies.length} evaluations one after the other`,
    repetitions: measured.length,
    rows: [
      { what: `${count} cells, from their prices to the committed decisions`, unit: 'ms', value: committed },
      { what: '  to the last fill of what they ordered', unit: 'ms', value: filled },
      { what: 'a single evaluation, p50 to the committed decision', unit: 'ms', value: same(p50) },
      { what: '  p99', unit: 'ms', value: same(p99) },
    ],
    goals: [
      {
        goal: `10,000 cells in under ${BURST_GOAL_MS / 1000} s`,
        measured: `${figure(committed.median / 1000)} s for ${count}`,
        met: committed.median < BURST_GOAL_MS,
      },
      {
        goal: `p99 of a single evaluation under ${SINGLE_GOAL_MS} ms`,
        measured: `${figure(p99)} ms`,
        met: p99 < SINGLE_GOAL_MS,
      },
    ],
    checks: [
      { check: `${orders} orders filled, ${open} at work`, passed: orders > 0 && open === 0 },
      { check: `${count - undecided} of ${count} cells were evaluated`, passed: undecided === 0 },
    ],
  }
}
