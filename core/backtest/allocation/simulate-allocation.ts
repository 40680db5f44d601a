import type { OrderFilled } from '../../event.js'
import { settledCash } from '../../portfolio/holding.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import type { Instant } from '../../time.js'
import {
  type Drawdown,
  type DrawdownPeriod,
  deepestPeriods,
  newDrawdown,
  seeEquity,
} from '../metrics/drawdown.js'
import { type PastRun, PastRuns } from './past-run.js'
import { type AllocationRunSetup, runAllocation } from './run-allocation.js'

/** One fill of a run. */
export interface AllocationTrade {
  readonly fill: OrderFilled
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly decisionId: string
}

/** What everything was worth at an instant, and where it was. */
export interface AllocationPoint {
  readonly at: Instant
  readonly value: number
  /** What the assets and the cash after the first run would be worth, had nothing been traded since. */
  readonly held: number
  /** Percent of the value by asset; the rest is cash. */
  readonly weights: Readonly<Record<string, number>>
}

/** The outcome; money in the portfolio's currency. */
export interface AllocationResult {
  readonly summary: {
    readonly initialCapital: number
    readonly finalEquity: number
    readonly netPnl: number
    /** Before fees. */
    readonly grossPnl: number
    readonly returnPct: number
    readonly maxDrawdownPct: number
    /** Of which at least one order filled. */
    readonly runs: number
    readonly halted: number
    readonly trades: number
    readonly fees: number
    /** Σ over the runs of the larger of what each bought and sold. */
    readonly valueTraded: number
    /** That as percent of the mean value. */
    readonly turnoverPct: number
    readonly buyAndHold: {
      readonly finalEquity: number
      readonly returnPct: number
      readonly maxDrawdownPct: number
    }
    /** Return − return of holding what the first run bought. */
    readonly rebalancingReturnPct: number
  }
  readonly curve: readonly AllocationPoint[]
  /** How often each reason halted a run, or kept an order of one from filling whole. */
  readonly blockedBy: Readonly<Record<string, number>>
  /** Oldest first. */
  readonly runs: readonly PastRun[]
  /** The deepest falls below the highest value, deepest first, at most five. */
  readonly drawdowns: readonly DrawdownPeriod[]
}

/** What a simulation runs on, and who is told of its trades. */
export type AllocationSimulation = Omit<AllocationRunSetup, 'onEvents' | 'onMoment'> & {
  readonly onTrade: (trade: AllocationTrade) => void
}

interface HeldSinceFirst {
  readonly quantities: ReadonlyMap<string, number>
  readonly cash: number
}

/** Returns what keeping assets at target weights came to over prices of the past, beside having held them. */
export function simulateAllocation({ onTrade, ...setup }: AllocationSimulation): AllocationResult {
  const curve: AllocationPoint[] = []
  const runs = new PastRuns()
  let trades = 0
  let held: HeldSinceFirst | null = null
  const portfolio = runAllocation({
    ...setup,
    onEvents: (events, state) => {
      for (const event of events) {
        runs.see(event, state)
        if (event.type === 'OrderFilled') {
          const { instrument, side, decisionId } = state.orders.get(event.orderId)!
          trades += 1
          onTrade({ fill: event, instrument, side, decisionId })
        }
        if (event.type === 'AllocationRunEnded' && event.ended.executed > 0) held ??= holdingsOf(state)
      }
    },
    onMoment: (at, state) => curve.push(pointOf(at, state, held)),
  })
  return resultOf(setup, portfolio, { curve, trades, runs: runs.list() })
}

function holdingsOf(portfolio: Portfolio): HeldSinceFirst {
  const quantities = new Map<string, number>()
  for (const { instrument, holding } of portfolio.books.values())
    if (holding !== null) quantities.set(instrument, holding.quantity.toNumber())
  return { quantities, cash: settledCash(portfolio).toNumber() }
}

function pointOf(at: Instant, portfolio: Portfolio, held: HeldSinceFirst | null): AllocationPoint {
  const present = holdingsOf(portfolio)
  const value = worthOf(portfolio, present)
  const weights: Record<string, number> = {}
  for (const [instrument, quantity] of present.quantities)
    weights[instrument] = (100 * quantity * priceOf(portfolio, instrument)) / value
  return { at, value, held: held === null ? value : worthOf(portfolio, held), weights }
}

function worthOf(portfolio: Portfolio, { quantities, cash }: HeldSinceFirst): number {
  let worth = cash
  for (const [instrument, quantity] of quantities) worth += quantity * priceOf(portfolio, instrument)
  return worth
}

function priceOf(portfolio: Portfolio, instrument: string): number {
  return portfolio.books.get(instrument)?.market.price ?? 0
}

interface Seen {
  readonly curve: readonly AllocationPoint[]
  readonly runs: readonly PastRun[]
  readonly trades: number
}

function resultOf(
  { capital }: Pick<AllocationSimulation, 'capital'>,
  { ledger }: Portfolio,
  { curve, runs, trades }: Seen,
): AllocationResult {
  const initialCapital = capital.toNumber()
  const last = curve.at(-1)
  const finalEquity = last?.value ?? initialCapital
  const heldEquity = last?.held ?? initialCapital
  const returnOf = (equity: number) => (equity / initialCapital - 1) * 100
  const mean = curve.reduce((sum, { value }) => sum + value, 0) / Math.max(1, curve.length)
  const valueTraded = runs.reduce((sum, run) => sum + run.valueTraded, 0)
  const [drawdown, heldDrawdown] = [drawdownOf(curve, 'value'), drawdownOf(curve, 'held')]
  const fees = -ledger.fees.toNumber()
  const netPnl = finalEquity - initialCapital
  const summary = {
    ...{ initialCapital, finalEquity, netPnl, grossPnl: netPnl + fees },
    returnPct: returnOf(finalEquity),
    maxDrawdownPct: drawdown.maxPct,
    runs: runs.filter((run) => run.valueTraded > 0).length,
    halted: runs.filter(({ outcome }) => outcome === 'halted').length,
    ...{ trades, fees, valueTraded },
    turnoverPct: mean === 0 ? 0 : (valueTraded / mean) * 100,
    buyAndHold: {
      finalEquity: heldEquity,
      returnPct: returnOf(heldEquity),
      maxDrawdownPct: heldDrawdown.maxPct,
    },
    rebalancingReturnPct: returnOf(finalEquity) - returnOf(heldEquity),
  }
  return { summary, curve, blockedBy: blockedByOf(runs), runs, drawdowns: deepestPeriods(drawdown) }
}

function blockedByOf(runs: readonly PastRun[]): Record<string, number> {
  const times: Record<string, number> = {}
  for (const { outcome, reasons, orders } of runs) {
    const halts = outcome === 'halted' ? reasons.filter((reason) => reason !== 'HALTED') : []
    for (const reason of [...halts, ...orders.map((order) => order.reason)])
      if (reason !== null) times[reason] = (times[reason] ?? 0) + 1
  }
  return times
}

function drawdownOf(curve: readonly AllocationPoint[], of: 'value' | 'held'): Drawdown {
  const drawdown = newDrawdown(curve[0]?.[of] ?? 0)
  for (const point of curve) seeEquity(drawdown, point.at, point[of])
  return drawdown
}
