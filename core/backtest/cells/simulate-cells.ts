import { type Decimal, decimal } from '../../decimal.js'
import type { Decision } from '../../decision.js'
import type { OrderFilled, PortfolioEvent } from '../../event.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { stockShare } from '../../strategies/volatility/cell.js'
import { cellOf, rulesOfCells } from '../../strategies/volatility/cell-rules.js'
import type { Instant } from '../../time.js'
import { BuyAndHold } from './buy-and-hold.js'
import { type CellRunSetup, decisionsOf, runCells, valuesOf } from './run-cells.js'

/** A trade of a cell, and the cell after it. */
export interface CellTrade {
  readonly at: Instant
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly shares: Decimal
  readonly price: Decimal
  readonly fee: Decimal
  readonly orderId: string
  readonly decisionId: string
  readonly anchorBefore: Decimal | null
  readonly sharesAfter: Decimal
  readonly cashAfter: Decimal
  readonly stockShareAfter: number
}

/** What everything was worth at an instant, beside a portfolio that bought once and held. */
export interface CellPoint {
  readonly at: Instant
  readonly value: number
  readonly held: number
}

/** What became of one cell. */
export interface CellOutcome {
  readonly instrument: string
  readonly initialCash: number
  readonly finalValue: number
  readonly heldValue: number
  readonly returnPct: number
  readonly heldReturnPct: number
  readonly trades: number
  readonly bought: number
  readonly sold: number
  readonly fees: number
  /** Net of what was withheld, receivable included. */
  readonly dividends: number
  readonly shares: number
  readonly cash: number
  readonly anchor: number | null
}

/** The outcome of a simulation of cells; money in the portfolio's currency. */
export interface CellResult {
  readonly summary: {
    readonly initialCapital: number
    readonly finalEquity: number
    readonly netPnl: number
    /** Before fees and what was withheld of dividends. */
    readonly grossPnl: number
    readonly fees: number
    readonly dividends: number
    readonly withheld: number
    readonly trades: number
    readonly returnPct: number
    readonly maxDrawdownPct: number
    readonly buyAndHold: {
      readonly finalEquity: number
      readonly returnPct: number
      readonly maxDrawdownPct: number
    }
    readonly breaches: number
  }
  readonly cells: readonly CellOutcome[]
  /** Why nothing was done, or what was not, and how often that was recorded. */
  readonly blockedBy: Readonly<Record<string, number>>
  readonly curve: readonly CellPoint[]
  /** By asset: the anchor from each instant on. */
  readonly anchors: ReadonlyMap<string, readonly { readonly at: Instant; readonly anchor: number }[]>
}

/** A simulation, and who is told what happens in it. */
export interface SimulationSetup extends Omit<CellRunSetup, 'onStep' | 'onMoment'> {
  readonly onDecision: (decision: Decision) => void
  readonly onTrade: (trade: CellTrade) => void
  readonly onStep?: CellRunSetup['onStep']
}

interface Totals {
  trades: number
  bought: number
  sold: number
}

/** Returns the outcome of running prices of the past through the cells, beside buying once and holding. */
export function simulateCells(setup: SimulationSetup): CellResult {
  const watch = new Watch(setup)
  const portfolio = runCells({
    ...setup,
    onStep: (input, events, state) => {
      setup.onStep?.(input, events, state)
      if (input.type === 'PricesObserved')
        for (const { instrument, price } of input.prices) watch.holds.get(instrument)?.see(price, input.at)
      watch.take(events, state)
    },
    onMoment: (at, state) => watch.note(at, state),
  })
  return watch.result(portfolio)
}

class Watch {
  readonly holds: ReadonlyMap<string, BuyAndHold>
  readonly #setup: SimulationSetup
  readonly #curve: CellPoint[] = []
  readonly #blockedBy = new Map<string, number>()
  readonly #totals = new Map<string, Totals>()
  readonly #anchors = new Map<string, { at: Instant; anchor: number }[]>()
  /** Anchors before the order at work ended, by asset. */
  readonly #before = new Map<string, Decimal | null>()
  #breaches = 0

  constructor(setup: SimulationSetup) {
    this.#setup = setup
    const rate = decimal(setup.costs.commissionPct).times(decimal('0.01'))
    const rules = rulesOfCells({ settings: setup.settings })
    this.holds = new Map([...rules].map(([name, rule]) => [name, new BuyAndHold(rule, setup.actions, rate)]))
  }

  take(events: readonly PortfolioEvent[], portfolio: Portfolio): void {
    for (const decision of decisionsOf(events)) this.#decided(decision)
    for (const event of events) {
      if (event.type === 'OrderFilled') this.#filled(event, portfolio)
      if (event.type === 'AlarmRaised' && event.code === 'GUARDRAIL_BREACH') this.#breaches += 1
      if (!('anchor' in event) || event.anchor === null) continue
      const path = this.#anchors.get(event.instrument) ?? []
      path.push({ at: event.at, anchor: event.anchor.toNumber() })
      this.#anchors.set(event.instrument, path)
      this.#before.set(event.instrument, event.anchor)
    }
  }

  note(at: Instant, portfolio: Portfolio): void {
    const unassigned = portfolio.ledger.deposited.toNumber() - this.#cellCash()
    const value = unassigned + sum(valuesOf(portfolio).values())
    const held = unassigned + sum([...this.holds.values()].map((hold) => hold.value))
    this.#curve.push({ at, value, held })
  }

  result(portfolio: Portfolio): CellResult {
    const { ledger } = portfolio
    const initialCapital = this.#setup.capital.toNumber()
    const last = this.#curve.at(-1) ?? { value: initialCapital, held: initialCapital }
    const netPnl = last.value - initialCapital
    const fees = -ledger.fees.toNumber()
    const withheld = -ledger.taxes.toNumber()
    const cells = this.#outcomes(portfolio)
    return {
      summary: {
        ...{ initialCapital, finalEquity: last.value, netPnl, grossPnl: netPnl + fees + withheld, fees },
        ...{ dividends: ledger.dividends.toNumber(), withheld },
        trades: cells.reduce((count, { trades }) => count + trades, 0),
        returnPct: percentOf(netPnl, initialCapital),
        maxDrawdownPct: deepest(this.#curve.map(({ value }) => value)),
        buyAndHold: {
          finalEquity: last.held,
          returnPct: percentOf(last.held - initialCapital, initialCapital),
          maxDrawdownPct: deepest(this.#curve.map(({ held }) => held)),
        },
        breaches: this.#breaches,
      },
      cells,
      blockedBy: Object.fromEntries(this.#blockedBy),
      curve: this.#curve,
      anchors: this.#anchors,
    }
  }

  #decided(decision: Decision): void {
    this.#setup.onDecision(decision)
    const { kind, outcome, reasons } = decision
    if (kind !== 'evaluation' || outcome === 'approved' || reasons[0] === 'WITHIN_TRIGGERS') return
    for (const reason of reasons) this.#blockedBy.set(reason, (this.#blockedBy.get(reason) ?? 0) + 1)
  }

  #filled({ orderId, lots, price, fee, at }: OrderFilled, portfolio: Portfolio): void {
    const order = portfolio.orders.get(orderId)
    const book = order === undefined ? undefined : portfolio.books.get(order.instrument)
    const cell = book === undefined ? null : cellOf(book)
    if (order === undefined || cell === null) return
    const { instrument, side, decisionId } = order
    const totals = this.#totals.get(instrument) ?? { trades: 0, bought: 0, sold: 0 }
    totals.trades += 1
    if (side === 'buy') totals.bought += lots.times(price).toNumber()
    else totals.sold += lots.times(price).toNumber()
    this.#totals.set(instrument, totals)
    this.#setup.onTrade({
      ...{ at, instrument, side, shares: lots, price, fee, orderId, decisionId },
      anchorBefore: this.#before.get(instrument) ?? null,
      sharesAfter: cell.shares,
      cashAfter: cell.cash,
      stockShareAfter: stockShare(cell, price).toNumber(),
    })
  }

  #outcomes(portfolio: Portfolio): CellOutcome[] {
    const values = valuesOf(portfolio)
    return [...rulesOfCells(portfolio)].flatMap(([instrument, { configuration }]) => {
      const book = portfolio.books.get(instrument)
      const cell = book === undefined ? null : cellOf(book)
      if (book === undefined || cell === null) return []
      const initialCash = Number(configuration.cash)
      const finalValue = values.get(instrument) ?? initialCash
      const heldValue = this.holds.get(instrument)?.value ?? initialCash
      const dues = book.cell?.dividends.flatMap(({ due }) => (due === null ? [] : [due.net.toNumber()])) ?? []
      return [
        {
          ...{ instrument, initialCash, finalValue, heldValue },
          returnPct: percentOf(finalValue - initialCash, initialCash),
          heldReturnPct: percentOf(heldValue - initialCash, initialCash),
          ...(this.#totals.get(instrument) ?? { trades: 0, bought: 0, sold: 0 }),
          fees: book.holding?.fees.toNumber() ?? 0,
          dividends: sum(dues),
          shares: cell.shares.toNumber(),
          cash: cell.cash.toNumber(),
          anchor: cell.anchor?.toNumber() ?? null,
        },
      ]
    })
  }

  #cellCash(): number {
    return sum(
      [...rulesOfCells({ settings: this.#setup.settings }).values()].map(({ configuration }) =>
        Number(configuration.cash),
      ),
    )
  }
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100
}

/** Returns the deepest fall from a high, in percent of it. */
function deepest(values: readonly number[]): number {
  let high = Number.NEGATIVE_INFINITY
  let fall = 0
  for (const value of values) {
    high = Math.max(high, value)
    if (high > 0) fall = Math.max(fall, ((high - value) / high) * 100)
  }
  return fall
}
