import type { OrderFilled } from '../../event.js'
import { settledCash } from '../../portfolio/holding.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import type { Instant } from '../../time.js'
import { newDrawdown, seeEquity } from '../metrics/drawdown.js'
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
    readonly returnPct: number
    readonly maxDrawdownPct: number
    readonly runs: number
    readonly halted: number
    readonly trades: number
    readonly fees: number
    /** What changed hands one way. */
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
  const sums = { runs: 0, halted: 0, trades: 0, valueTraded: 0 }
  let held: HeldSinceFirst | null = null
  const portfolio = runAllocation({
    ...setup,
    onEvents: (events, state) => {
      for (const event of events) {
        if (event.type === 'OrderFilled') {
          const { instrument, side, decisionId } = state.orders.get(event.orderId)!
          sums.trades += 1
          onTrade({ fill: event, instrument, side, decisionId })
        }
        if (event.type !== 'AllocationRunEnded') continue
        if (event.ended.outcome === 'halted') sums.halted += 1
        if (event.ended.executed === 0) continue
        sums.runs += 1
        sums.valueTraded += event.ended.valueTraded.toNumber()
        held ??= holdingsOf(state)
      }
    },
    onMoment: (at, state) => curve.push(pointOf(at, state, held)),
  })
  return { summary: summarize(setup, portfolio, { curve, ...sums }), curve }
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

interface Sums {
  readonly curve: readonly AllocationPoint[]
  readonly runs: number
  readonly halted: number
  readonly trades: number
  readonly valueTraded: number
}

function summarize(
  { capital }: Pick<AllocationSimulation, 'capital'>,
  { ledger }: Portfolio,
  { curve, valueTraded, ...counts }: Sums,
): AllocationResult['summary'] {
  const initialCapital = capital.toNumber()
  const last = curve.at(-1)
  const finalEquity = last?.value ?? initialCapital
  const heldEquity = last?.held ?? initialCapital
  const returnOf = (equity: number) => (equity / initialCapital - 1) * 100
  const mean = curve.reduce((sum, { value }) => sum + value, 0) / Math.max(1, curve.length)
  return {
    ...{ initialCapital, finalEquity, netPnl: finalEquity - initialCapital, ...counts, valueTraded },
    returnPct: returnOf(finalEquity),
    maxDrawdownPct: deepestFall(curve, 'value'),
    fees: -ledger.fees.toNumber(),
    turnoverPct: mean === 0 ? 0 : (valueTraded / mean) * 100,
    buyAndHold: {
      finalEquity: heldEquity,
      returnPct: returnOf(heldEquity),
      maxDrawdownPct: deepestFall(curve, 'held'),
    },
    rebalancingReturnPct: returnOf(finalEquity) - returnOf(heldEquity),
  }
}

/** Returns the deepest fall from a high, in percent of that high. */
function deepestFall(curve: readonly AllocationPoint[], of: 'value' | 'held'): number {
  const first = curve[0]
  if (first === undefined) return 0
  const drawdown = newDrawdown(first[of])
  for (const point of curve) seeEquity(drawdown, point.at, point[of])
  return drawdown.maxPct
}
