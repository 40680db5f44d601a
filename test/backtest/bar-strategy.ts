import { type BarClose, barCloseOf } from '../../core/backtest/bars/bar-close.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import type { TradingCosts } from '../../core/backtest/fill.js'
import {
  cancelAtVenue,
  type FillAt,
  nextFillAt,
  sendToVenue,
  takeDueFills,
  type Venue,
} from '../../core/backtest/venue.js'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { AlertAdmitted, Input } from '../../core/input.js'
import type { Instrument } from '../../core/instrument/instrument.js'
import { step } from '../../core/kernel.js'
import type { OrderReport } from '../../core/order/report.js'
import { bookOf, emptyPortfolio, orderOf, type Portfolio } from '../../core/portfolio/portfolio.js'
import type { PortfolioSettings } from '../../core/settings.js'
import {
  type ClosedBar,
  type ExitMode,
  entrySignal,
  exitSignal,
  isFlat,
  pyramidSignal,
  refusalOf,
} from '../../core/strategies/trend/bar-signals.js'
import { type SignalColumns, signalColumns } from '../../core/strategies/trend/signal-columns.js'

/** What the whole strategy runs on. */
export interface BarStrategySetup {
  readonly settings: PortfolioSettings
  readonly capital: number
  readonly histories: ReadonlyMap<string, Bars>
  readonly costs: TradingCosts
  readonly fillAt: FillAt
  readonly exitMode: ExitMode
  /** Told every bar after its signals, before they are decided, and what the portfolio is then. */
  readonly onBar?: (portfolio: Portfolio, instrument: Instrument, bar: ClosedBar) => void
}

/** Every input with the events that it led to, in order, and the portfolio at the end. */
export interface BarStrategyRun {
  readonly log: readonly { readonly input: Input; readonly events: readonly PortfolioEvent[] }[]
  readonly portfolio: Portfolio
}

interface Feed {
  readonly instrument: Instrument
  readonly bars: Bars
  readonly signals: SignalColumns
  readonly closesAt: Float64Array
  next: number
  wasFlat: boolean
  refusal: string | null
  /** The bar of that refusal. */
  refusedAt: number
}

interface Run {
  readonly log: { input: Input; events: readonly PortfolioEvent[] }[]
  readonly portfolio: Portfolio
  readonly venue: Venue
}

/**
 * Runs the whole trend strategy from bars as plainly as it can be said: the kernel is stepped on every bar, and asked on
 * every bar. It is what a faster engine must equal. At one instant: orders that waited for the open, the bars of all
 * instruments (stops, peel-offs), then exits, pyramids and entries, each in the order of the configuration.
 */
export function runBarStrategy(setup: BarStrategySetup): BarStrategyRun {
  const feeds = setup.settings.instruments.flatMap((instrument) => newFeed(setup, instrument))
  const run: Run = {
    log: [],
    portfolio: emptyPortfolio(setup.settings.portfolio),
    venue: {
      fillAt: setup.fillAt,
      costs: setup.costs,
      bars: setup.histories,
      waiting: new Map(),
      slippage: 0,
    },
  }
  const start = Math.min(...feeds.map(({ closesAt }) => closesAt[0]!))
  const { settings, capital } = setup
  step(run.portfolio, { type: 'ConfigurationActivated', id: 'C-backtest', at: start, hash: 'h', settings })
  const command = { kind: 'cash', movement: 'deposit', amount: decimal(capital), note: null } as const
  step(run.portfolio, { type: 'OperatorCommanded', id: 'M-backtest', at: start, command })
  for (;;) {
    const at = Math.min(...feeds.map(({ closesAt, next }) => closesAt[next] ?? Number.POSITIVE_INFINITY))
    if (at === Number.POSITIVE_INFINITY) return run
    fillUntil(run, at)
    const closing = feeds.filter(({ closesAt, next }) => closesAt[next] === at)
    for (const feed of closing) closeBar(run, feed)
    for (const feed of closing) ask(run, feed, exitOf(setup, run, feed))
    for (const feed of closing) ask(run, feed, pyramidOf(run, feed))
    for (const feed of closing) {
      setup.onBar?.(run.portfolio, feed.instrument, barOf(feed))
      ask(run, feed, entryOf(run, feed))
      // A bar that asked for nothing, or was not refused, ends the row of equal refusals.
      if (feed.refusedAt !== feed.next) feed.refusal = null
      feed.next += 1
    }
  }
}

function newFeed(setup: BarStrategySetup, instrument: Instrument): Feed[] {
  const bars = setup.histories.get(instrument.name)
  if (bars === undefined) return []
  const barClose: BarClose = barCloseOf({
    exchange: '',
    offsetMinutes: () => 0,
    barMinutes: instrument.barMinutes,
    bars,
  })
  const closesAt = Float64Array.from(bars.opensAt, (open) => barClose(open))
  const signals = signalColumns(bars, instrument.signals)
  return [{ instrument, bars, signals, closesAt, next: 0, wasFlat: true, refusal: null, refusedAt: -1 }]
}

function barOf({ bars, signals, closesAt, next }: Feed): ClosedBar {
  return {
    opensAt: bars.opensAt[next]!,
    closesAt: closesAt[next]!,
    close: bars.close[next]!,
    atr: signals.atr[next]!,
    efficiency: signals.efficiency[next]!,
    conditions: signals.conditions[next]!,
  }
}

function closeBar(run: Run, feed: Feed): void {
  const { closesAt: at, close, atr } = barOf(feed)
  const { name } = feed.instrument
  feed.wasFlat = isFlat(bookOf(run.portfolio, name))
  const known = Number.isNaN(atr) ? null : atr
  decide(run, {
    type: 'BarClosed',
    id: `B-${name}-${at}`,
    at,
    instrument: name,
    close,
    atr: known,
    barAt: at,
  })
}

type Signal = AlertAdmitted['alert'] | null

function exitOf({ exitMode }: BarStrategySetup, { portfolio }: Run, feed: Feed): Signal {
  return exitSignal(bookOf(portfolio, feed.instrument.name), barOf(feed), exitMode)
}

function pyramidOf({ portfolio }: Run, feed: Feed): Signal {
  return pyramidSignal(bookOf(portfolio, feed.instrument.name), feed.instrument, barOf(feed))
}

function entryOf({ portfolio }: Run, feed: Feed): Signal {
  return entrySignal(bookOf(portfolio, feed.instrument.name), feed.instrument, barOf(feed), feed.wasFlat)
}

/** Lets the kernel decide what a bar asks for, unless that was refused for the same on the bar before. */
function ask(run: Run, feed: Feed, alert: Signal): void {
  if (alert === null) return
  const at = feed.closesAt[feed.next]!
  const id = `A-${feed.instrument.name}-${at}-${alert.type}`
  const input: AlertAdmitted = { type: 'AlertAdmitted', id, at, alert, conflict: false, quote: null }
  const refusal = refusalOf(run.portfolio, input)
  const isRepeated = refusal !== null && refusal === feed.refusal
  feed.refusal = refusal
  if (refusal !== null) feed.refusedAt = feed.next
  if (!isRepeated) decide(run, input)
}

function fillUntil(run: Run, until: number): void {
  for (;;) {
    const at = nextFillAt(run.venue)
    if (at > until || at === Number.POSITIVE_INFINITY) return
    run.portfolio.now = Math.max(run.portfolio.now, at)
    report(run, takeDueFills(run.venue, run.portfolio))
  }
}

function decide(run: Run, input: Input): void {
  const events = step(run.portfolio, input)
  run.log.push({ input, events })
  for (const event of events) {
    if (event.type === 'OrderCancelRequested') report(run, cancelAtVenue(run.venue, event.orderId))
  }
  const orderIds = events.flatMap((event) => (event.type === 'OrderInitialized' ? [event.orderId] : []))
  if (orderIds.length > 0) dispatch(run, orderIds)
}

function dispatch(run: Run, orderIds: readonly string[]): void {
  const { portfolio, venue } = run
  const input: Input = { type: 'OrdersDue', id: `T-${orderIds[0]}`, at: portfolio.now, orderIds }
  const events = step(portfolio, input)
  run.log.push({ input, events })
  const reports: OrderReport[] = []
  for (const event of events) {
    if (event.type === 'OrderSubmitted')
      reports.push(...sendToVenue(venue, portfolio, orderOf(portfolio, event.orderId)))
  }
  report(run, reports)
}

function report(run: Run, reports: readonly OrderReport[]): void {
  if (reports.length === 0) return
  decide(run, { type: 'BrokerReported', id: `R-${reports[0]!.orderId}`, at: run.portfolio.now, reports })
}
