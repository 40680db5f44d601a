import { type Decimal, decimal, ZERO } from '../../decimal.js'
import type { Decision } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import { digest } from '../../ids.js'
import type { CellCommand, Input, ObservedPrice } from '../../input.js'
import { step } from '../../kernel.js'
import type { OrderReport } from '../../order/report.js'
import { exchangeDay } from '../../portfolio/cell-state.js'
import { emptyPortfolio, type Portfolio } from '../../portfolio/portfolio.js'
import type { PortfolioSettings } from '../../settings.js'
import { cellValue } from '../../strategies/volatility/cell.js'
import { cellOf, rulesOfCells } from '../../strategies/volatility/cell-rules.js'
import { DAY, type Instant, type LocalDate, parseInstant } from '../../time.js'
import type { Bars } from '../bars/bars.js'
import type { TradingCosts } from '../fill.js'
import { type FillAt, nextFillAt, sendToVenue, takeDueFills, type Venue } from '../venue.js'

/** Bars of one asset with the instants at which they close. */
export interface CellFeed {
  readonly instrument: string
  readonly bars: Bars
  readonly closesAt: Float64Array
  /** Of the first bar that counts, and of the first one after the last. */
  readonly first: number
  readonly end: number
}

/** A dividend or a split of the past. */
export type PastAction =
  | {
      readonly kind: 'dividend'
      readonly instrument: string
      readonly exDate: LocalDate
      readonly payDate: LocalDate
      readonly perShare: Decimal
      readonly withholdingRate: Decimal
    }
  | {
      readonly kind: 'split'
      readonly instrument: string
      readonly exDate: LocalDate
      readonly ratio: Decimal
    }

/** What a simulation of cells runs on, and who is told what happens. */
export interface CellRunSetup {
  readonly settings: PortfolioSettings
  readonly configurationHash: string
  readonly capital: Decimal
  readonly costs: TradingCosts
  readonly fillAt: FillAt
  readonly feeds: readonly CellFeed[]
  readonly actions: readonly PastAction[]
  /** Is given each input with what it led to, and the portfolio after it. */
  readonly onStep: (input: Input, events: readonly PortfolioEvent[], portfolio: Portfolio) => void
  /** Is called after each instant at which bars closed. */
  readonly onMoment: (at: Instant, portfolio: Portfolio) => void
}

interface Run {
  readonly setup: CellRunSetup
  readonly portfolio: Portfolio
  readonly venue: Venue
  readonly actions: PlannedAction[]
}

interface PlannedAction {
  readonly zone: Parameters<typeof exchangeDay>[0]
  readonly day: number
  readonly command: CellCommand
}

/**
 * Runs prices of the past through the kernel that decides live, and returns the portfolio at the end. Time is that of the
 * bars: at each close the cells are evaluated, and what they order is sent, accepted and filled before the next one. Going
 * ex follows from the announcements; payments and splits come on the first bar of their day.
 */
export function runCells(setup: CellRunSetup): Portfolio {
  const { settings, costs, fillAt, feeds } = setup
  const bars = new Map(feeds.map((feed) => [feed.instrument, feed.bars]))
  const venue: Venue = { fillAt, costs, bars, waiting: new Map(), slippage: 0 }
  const run: Run = {
    setup,
    portfolio: emptyPortfolio(settings.portfolio),
    venue,
    actions: planActions(setup),
  }
  const moments = momentsOf(feeds)
  const begin = Math.min(
    ...feeds.map(({ bars: { opensAt }, first }) => opensAt[first] ?? Number.POSITIVE_INFINITY),
  )
  give(run, {
    type: 'ConfigurationActivated',
    id: 'C-configuration',
    at: begin,
    hash: setup.configurationHash,
    settings,
  })
  command(run, begin, { kind: 'cash', movement: 'deposit', amount: setup.capital, note: 'initial capital' })
  for (const action of setup.actions) if (action.kind === 'dividend') announce(run, begin, action)
  for (const [at, prices] of moments) {
    fillUntil(run, at)
    bookActions(run, at)
    give(run, { type: 'PricesObserved', id: `B-${at}`, at, prices })
    dispatch(run, at)
    setup.onMoment(at, run.portfolio)
  }
  return run.portfolio
}

/** The closes of all assets by the instant, ascending; those of one instant are one input. */
function momentsOf(feeds: readonly CellFeed[]): readonly (readonly [Instant, readonly ObservedPrice[]])[] {
  const moments = new Map<Instant, ObservedPrice[]>()
  for (const { instrument, bars, closesAt, first, end } of feeds) {
    for (let index = first; index < end; index++) {
      const at = closesAt[index]!
      const told = { instrument, price: bars.close[index]!, observedAt: at }
      const prices = moments.get(at)
      if (prices === undefined) moments.set(at, [told])
      else prices.push(told)
    }
  }
  return [...moments].sort(([left], [right]) => left - right)
}

function planActions({ actions, settings }: CellRunSetup): PlannedAction[] {
  const planned = actions.flatMap((action): PlannedAction[] => {
    const { instrument, exDate } = action
    const zone = settings.assets?.find(({ name }) => name === instrument)?.zone
    if (zone === undefined) return []
    if (action.kind === 'dividend')
      return [{ zone, day: dayOf(action.payDate), command: { kind: 'payDividend', instrument, exDate } }]
    const { ratio } = action
    return [{ zone, day: dayOf(exDate), command: { kind: 'splitShares', instrument, exDate, ratio } }]
  })
  return planned.sort((left, right) => left.day - right.day)
}

function dayOf(date: LocalDate): number {
  return (parseInstant(date) ?? Number.NaN) / DAY
}

function announce(run: Run, at: Instant, action: Extract<PastAction, { kind: 'dividend' }>): void {
  const { instrument, exDate, payDate, perShare, withholdingRate } = action
  command(run, at, { kind: 'announceDividend', instrument, exDate, payDate, perShare, withholdingRate })
}

function bookActions(run: Run, at: Instant): void {
  for (;;) {
    const next = run.actions[0]
    if (next === undefined || exchangeDay(next.zone, at) < next.day) return
    run.actions.shift()
    command(run, at, next.command)
  }
}

/** Fills the orders that waited for a bar to open, each at its own time. */
function fillUntil(run: Run, until: Instant): void {
  for (;;) {
    const due = nextFillAt(run.venue)
    if (!(due <= until) || due === Number.POSITIVE_INFINITY) return
    run.portfolio.now = Math.max(run.portfolio.now, due)
    report(run, due, takeDueFills(run.venue, run.portfolio))
  }
}

function dispatch(run: Run, at: Instant): void {
  const due: string[] = []
  for (const { rebalanceOrderIds } of run.portfolio.books.values())
    for (const id of rebalanceOrderIds)
      if (run.portfolio.orders.get(id)?.state === 'initialized') due.push(id)
  if (due.length === 0) return
  give(run, { type: 'OrdersDue', id: `X-${digest(...due)}`, at, orderIds: due })
  for (const id of due) {
    const order = run.portfolio.orders.get(id)
    if (order?.state === 'submitted') report(run, at, sendToVenue(run.venue, run.portfolio, order))
  }
}

function report(run: Run, at: Instant, reports: readonly OrderReport[]): void {
  if (reports.length === 0) return
  const [first] = reports
  give(run, { type: 'BrokerReported', id: `R-${first!.orderId}-${first!.kind}`, at, reports })
}

type Command = Extract<Input, { type: 'OperatorCommanded' }>['command']

function command(run: Run, at: Instant, ordered: Command): void {
  const what = 'instrument' in ordered ? ordered.instrument : ''
  const date = 'exDate' in ordered ? ordered.exDate : ''
  give(run, { type: 'OperatorCommanded', id: `C-${digest(ordered.kind, what, date)}`, at, command: ordered })
}

function give(run: Run, input: Input): void {
  run.setup.onStep(input, step(run.portfolio, input), run.portfolio)
}

/** Returns the decisions among events. */
export function decisionsOf(events: readonly PortfolioEvent[]): readonly Decision[] {
  return events.flatMap((event) => (event.type === 'DecisionMade' ? [event.decision] : []))
}

/** Returns what every cell is worth at its last price, by asset; cells without a price at their cash. */
export function valuesOf(portfolio: Portfolio): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const name of rulesOfCells(portfolio).keys()) {
    const book = portfolio.books.get(name)
    const cell = book === undefined ? null : cellOf(book)
    const price = book?.market.price ?? null
    if (cell === null) continue
    const value = price === null ? cell.cash.plus(cell.receivable) : cellValue(cell, decimal(price))
    values.set(name, value.toNumber())
  }
  return values
}

/** Returns the sum of decimals. */
export function sumOf(values: Iterable<Decimal>): Decimal {
  let sum = ZERO
  for (const value of values) sum = sum.plus(value)
  return sum
}
