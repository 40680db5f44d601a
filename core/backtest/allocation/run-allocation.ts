import type { Decimal } from '../../decimal.js'
import type { PortfolioEvent } from '../../event.js'
import { digest } from '../../ids.js'
import type { Input, ObservedPrice } from '../../input.js'
import { step } from '../../kernel.js'
import type { Order } from '../../order/order.js'
import type { OrderReport } from '../../order/report.js'
import type { ReportedMetrics } from '../../portfolio/allocation-state.js'
import { emptyPortfolio, type Portfolio } from '../../portfolio/portfolio.js'
import type { PortfolioSettings } from '../../settings.js'
import { isLookDue } from '../../strategies/allocation/check-allocation.js'
import { allocationOf } from '../../strategies/allocation/plan-allocation.js'
import type { Instant } from '../../time.js'
import type { Bars } from '../bars/bars.js'
import type { TradingCosts } from '../fill.js'
import { type FillAt, nextFillAt, sendToVenue, takeDueFills, type Venue } from '../venue.js'

import {
  isAnyAged,
  nextChangeAt,
  type RestingOrders,
  reachOf,
  takeCanceled,
  takeReached,
} from './resting-orders.js'

/** Bars of one asset with the instants at which they close. */
export interface AssetFeed {
  readonly instrument: string
  readonly bars: Bars
  readonly closesAt: Float64Array
  /** Of the first bar that counts, and of the first one after the last. */
  readonly first: number
  readonly end: number
}

/** What a run over prices of the past is made of, and who is told what happens. */
export interface AllocationRunSetup {
  readonly settings: PortfolioSettings
  readonly configurationHash: string
  readonly capital: Decimal
  readonly costs: TradingCosts
  readonly fillAt: FillAt
  readonly feeds: readonly AssetFeed[]
  /** What funds were worth, each known from its instant on; in any order. */
  readonly metrics?: readonly ReportedMetrics[]
  /** Is given what each input led to, with the portfolio after it. */
  readonly onEvents: (events: readonly PortfolioEvent[], portfolio: Portfolio, at: Instant) => void
  /** Is called after each instant at which bars closed, once every asset has a price. */
  readonly onMoment: (at: Instant, portfolio: Portfolio) => void
}

interface Run {
  readonly setup: AllocationRunSetup
  readonly portfolio: Portfolio
  readonly venue: Venue
  readonly resting: RestingOrders
}

/**
 * Runs prices of the past through the kernel that decides live. Time is that of the bars: at each close the schedule is
 * asked. What a run orders at the market is sent and filled before the next bar, sells before the buys that they pay for;
 * limit orders rest until a later bar reaches them, or the rules that decide live take them back.
 */
export function runAllocation(setup: AllocationRunSetup): Portfolio {
  const { settings, configurationHash, capital, costs, fillAt, feeds } = setup
  const bars = new Map(feeds.map((feed) => [feed.instrument, feed.bars]))
  const venue: Venue = { fillAt, costs, bars, waiting: new Map(), slippage: 0 }
  const run: Run = { setup, portfolio: emptyPortfolio(settings.portfolio), venue, resting: new Map() }
  const begin = Math.min(...feeds.map(({ bars: { opensAt }, first }) => opensAt[first]!))
  give(run, {
    type: 'ConfigurationActivated',
    id: 'C-configuration',
    at: begin,
    hash: configurationHash,
    settings,
  })
  const deposit = { kind: 'cash', movement: 'deposit', amount: capital, note: 'initial capital' } as const
  give(run, { type: 'OperatorCommanded', id: 'C-capital', at: begin, command: deposit })
  const priced = new Set<string>()
  const metrics = [...(setup.metrics ?? [])].sort((left, right) => left.observedAt - right.observedAt)
  for (const [at, prices] of momentsOf(feeds)) {
    fillUntil(run, at)
    tellMetrics(run, at, metrics)
    give(run, { type: 'PricesObserved', id: `B-${at}`, at, prices })
    for (const { instrument } of prices) priced.add(instrument)
    if (priced.size < feeds.length) continue
    look(run, at)
    dispatch(run, at)
    setup.onMoment(at, run.portfolio)
  }
  return run.portfolio
}

function look({ setup, portfolio, ...run }: Run, at: Instant): void {
  const allocation = allocationOf(portfolio)
  if (allocation === null || !isLookDue(portfolio, allocation, at)) return
  give({ setup, portfolio, ...run }, { type: 'AllocationDue', id: `C-${at}`, at, quotes: {} })
}

/** The closes of all assets by the instant, ascending; those of one instant are one input. */
function momentsOf(feeds: readonly AssetFeed[]): readonly (readonly [Instant, readonly ObservedPrice[]])[] {
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

/** Takes out of `metrics` what is known by now, and tells it: what is later of the same fund replaces what was before. */
function tellMetrics(run: Run, at: Instant, metrics: ReportedMetrics[]): void {
  while (metrics.length > 0 && metrics[0]!.observedAt <= at) {
    const { observedAt } = metrics[0]!
    const later = metrics.findIndex((told) => told.observedAt > observedAt)
    const told = metrics.splice(0, later === -1 ? metrics.length : later)
    give(run, { type: 'MetricsImported', id: `M-${observedAt}`, at, metrics: told })
  }
}

/** Fills the orders that waited for a bar to open or to reach them, and lets the old ones go, each at its own time. */
function fillUntil(run: Run, until: Instant): void {
  const { setup, portfolio, venue, resting } = run
  for (;;) {
    const due = Math.min(nextFillAt(venue), nextChangeAt(resting, portfolio))
    if (!(due <= until) || due === Number.POSITIVE_INFINITY) return
    portfolio.now = Math.max(portfolio.now, due)
    if (isAnyAged(resting, portfolio)) {
      give(run, { type: 'TimerFired', id: `T-${due}`, at: portfolio.now })
      dispatch(run, portfolio.now)
    }
    const reached = takeReached(resting, portfolio, setup.costs.commissionPct)
    report(run, portfolio.now, [...reached, ...takeDueFills(venue, portfolio)])
    dispatch(run, portfolio.now)
  }
}

/** A fill or a cancel may release the next orders, so that it goes on until nothing is left to send. */
function dispatch(run: Run, at: Instant): void {
  for (;;) {
    report(run, at, takeCanceled(run.resting, run.portfolio))
    const due: string[] = []
    for (const { rebalanceOrderIds } of run.portfolio.books.values())
      for (const id of rebalanceOrderIds)
        if (run.portfolio.orders.get(id)?.state === 'initialized') due.push(id)
    if (due.length === 0) return
    give(run, { type: 'OrdersDue', id: `X-${digest(...due)}`, at, orderIds: due })
    for (const id of due) {
      const order = run.portfolio.orders.get(id)
      if (order?.state === 'submitted') report(run, at, send(run, order))
    }
  }
}

function send({ setup, portfolio, venue, resting }: Run, order: Order): OrderReport[] {
  const { id, side, instrument, limitPrice } = order
  if (limitPrice === null) return sendToVenue(venue, portfolio, order)
  const feed = setup.feeds.find((candidate) => candidate.instrument === instrument)!
  resting.set(id, reachOf({ side, limitPrice }, feed, portfolio.now))
  return [{ kind: 'accepted', orderId: id, venueOrderId: `V${id.slice(1)}` }]
}

function report(run: Run, at: Instant, reports: readonly OrderReport[]): void {
  const [first] = reports
  if (first === undefined) return
  give(run, { type: 'BrokerReported', id: `R-${first.orderId}-${first.kind}`, at, reports })
}

function give({ setup, portfolio }: Run, input: Input): void {
  setup.onEvents(step(portfolio, input), portfolio, input.at)
}
