import type { Alert } from '../../alert/alert.js'
import type { PortfolioEvent } from '../../event.js'
import type { AlertAdmitted, BarClosed } from '../../input.js'
import type { Book } from '../../portfolio/book.js'
import { seeBar } from '../../portfolio/observe.js'
import { bookOf } from '../../portfolio/portfolio.js'
import { decideStops } from '../../strategies/trend/bar.js'
import {
  type ExitMode,
  entrySignal,
  exitSignal,
  isFlat,
  pyramidSignal,
  refusalIn,
  refusalOf,
} from '../../strategies/trend/bar-signals.js'
import { CONDITION, LONG_ENTRY } from '../../strategies/trend/scout.js'
import { isPyramidNear, reachOf, watch, watchRaised } from '../../strategies/trend/watch.js'
import type { Instant } from '../../time.js'
import {
  applyDecided,
  feed as decide,
  finishRun,
  noteState,
  openBar,
  type Run,
  type RunSetup,
  startRun,
} from '../run.js'
import type { BacktestResult } from '../summary.js'
import { nextFillAt } from '../venue.js'
import { skipQuietBars } from './quiet-bars.js'
import { closingBar, type StrategyFeed } from './strategy-feed.js'

/** What a backtest of the whole strategy runs on: bars alone. */
export interface BarBacktestSetup extends RunSetup {
  /** In the order of the configuration: at one instant an earlier one comes first. */
  readonly feeds: readonly StrategyFeed[]
  readonly exitMode: ExitMode
  /** Whether the kernel is stepped on every bar, also where the watch tells that nothing will happen. */
  readonly stepsOnEveryBar?: boolean
}

const MOMENTS_BETWEEN_REPORTS = 65_536

/**
 * Returns the outcome of the whole strategy on bars, by the kernel that also decides live. The kernel is stepped where a
 * bar could change something (see watch); every other bar is only seen. At one instant: orders that waited for the open
 * fill, then the bars of all instruments close (stops, peel-offs), then come exits, pyramids and entries.
 */
export function runBars(setup: BarBacktestSetup): BacktestResult {
  const { feeds } = setup
  const bars = new Map(feeds.map((feed) => [feed.instrument.name, feed.bars]))
  const run = startRun(setup, nextClose(feeds), bars)
  let moments = 0
  for (let at = nextClose(feeds); at < Number.POSITIVE_INFINITY; at = nextClose(feeds)) {
    fillUntil(run, feeds, at)
    const wasHolding = run.numbers.size > 0
    closeBars(run, setup, at)
    if (wasHolding || run.numbers.size > 0) noteState(run)
    else if (setup.stepsOnEveryBar !== true) skipQuietBars(run, feeds)
    if (moments++ % MOMENTS_BETWEEN_REPORTS === 0) setup.onProgress?.(barsDone(feeds))
  }
  setup.onProgress?.(barsDone(feeds))
  return finishRun(run, { rejected: [], openMarks: new Map() })
}

function barsDone(feeds: readonly StrategyFeed[]): number {
  return feeds.reduce((sum, { first, next }) => sum + next - first, 0)
}

function nextClose(feeds: readonly StrategyFeed[]): Instant {
  let first = Number.POSITIVE_INFINITY
  for (const { closesAt, next } of feeds) {
    const at = closesAt[next]
    if (at !== undefined && at < first) first = at
  }
  return first
}

function fillUntil(run: Run, feeds: readonly StrategyFeed[], until: Instant): void {
  if (run.venue.waiting.size === 0) return
  for (let at = nextFillAt(run.venue); at <= until; at = nextFillAt(run.venue)) {
    openBar(run, at)
    for (const feed of feeds) feed.watch = null
  }
}

function closeBars(run: Run, setup: BarBacktestSetup, at: Instant): void {
  const { feeds, exitMode } = setup
  let areAsked = false
  for (const feed of feeds) {
    if (feed.closesAt[feed.next] !== at) continue
    closeBar(run, feed, setup)
    areAsked ||= feed.isAsked
  }
  if (areAsked) {
    askAll(run, feeds, at, (feed) => exitSignal(bookOfFeed(run, feed), closingBar(feed), exitMode))
    askAll(run, feeds, at, (feed) => pyramidOf(run, feed))
    askAll(run, feeds, at, (feed) => entryOf(run, feed))
  }
  for (const feed of feeds) if (feed.closesAt[feed.next] === at) endBar(feed)
}

function pyramidOf(run: Run, feed: StrategyFeed): Alert | null {
  if (feed.next >= feed.entriesEnd) return null
  return pyramidSignal(bookOfFeed(run, feed), feed.instrument, closingBar(feed))
}

function entryOf(run: Run, feed: StrategyFeed): Alert | null {
  if (feed.next >= feed.entriesEnd) return null
  return entrySignal(bookOfFeed(run, feed), feed.instrument, closingBar(feed), feed.wasFlat)
}

/** A bar that asked for nothing, or was not refused, ends the row of equal refusals. */
function endBar(feed: StrategyFeed): void {
  if (feed.refusedAt !== feed.next) feed.refusal = null
  feed.next += 1
}

/** Steps the kernel on the closing bar, or, where nothing can come of it, only sees it. */
function closeBar(run: Run, feed: StrategyFeed, { exitMode, stepsOnEveryBar }: BarBacktestSetup): void {
  const { instrument, bars, signals, closesAt, next } = feed
  const { portfolio } = run
  const book = bookOfFeed(run, feed)
  const at = closesAt[next]!
  const close = bars.close[next]!
  const atr = signals.atr[next]!
  feed.watch ??= watch(portfolio, instrument.name)
  feed.wasFlat = isFlat(book)
  const isSilent = stepsOnEveryBar !== true && !meetsCondition(feed, exitMode)
  const reach = isSilent ? reachOf(portfolio, book, feed.watch, close, atr) : 'anything'
  if (reach === 'nothing') {
    portfolio.now = Math.max(portfolio.now, at)
    seeBar(book, close, atr, at)
    feed.isAsked = false
    return
  }
  if (reach === 'stops' && raiseStops(run, feed, book)) return
  const events = decide(run, closedBar(feed))
  if (events.some(isMoreThanAStop)) {
    feed.watch = null
    feed.isAsked = true
    return
  }
  feed.isAsked = !isSilent || isPyramidNear(feed.watch, close, atr)
  if (events.length > 0) feed.watch = watchRaised(feed.watch, book, instrument)
}

function isMoreThanAStop({ type }: PortfolioEvent): boolean {
  return type !== 'StopRaised'
}

function closedBar({ instrument, bars, signals, closesAt, next }: StrategyFeed): BarClosed {
  const { name } = instrument
  const at = closesAt[next]!
  const atr = signals.atr[next]!
  return {
    type: 'BarClosed',
    id: `B-${name}-${at}`,
    at,
    instrument: name,
    close: bars.close[next]!,
    atr: Number.isNaN(atr) ? null : atr,
    barAt: at,
  }
}

/** Raises the stops of a bar that can do nothing else; returns false, and does nothing, where one would be hit at once. */
function raiseStops(run: Run, feed: StrategyFeed, book: Book): boolean {
  const { bars, signals, closesAt, next } = feed
  const { portfolio } = run
  const at = closesAt[next]!
  const close = bars.close[next]!
  const atr = signals.atr[next]!
  const known = atr > 0 ? atr : book.market.atr
  const events = decideStops(portfolio, '', { book, close, atr: known, at })
  if (events.some(isMoreThanAStop)) return false
  portfolio.now = Math.max(portfolio.now, at)
  seeBar(book, close, atr, at)
  applyDecided(run, () => closedBar(feed), events)
  feed.isAsked = false
  feed.watch = watchRaised(feed.watch!, book, feed.instrument)
  return true
}

/** Whether the conditions of the bar let the strategy ask for an entry, or for the exit of all. */
function meetsCondition({ signals, next, wasFlat }: StrategyFeed, exitMode: ExitMode): boolean {
  const conditions = signals.conditions[next]!
  return wasFlat
    ? conditions === LONG_ENTRY
    : exitMode === 'supertrend' && (conditions & CONDITION.longExit) !== 0
}

function bookOfFeed({ portfolio }: Run, { instrument }: StrategyFeed) {
  return bookOf(portfolio, instrument.name)
}

/** Lets the kernel decide what the bars that close at `at` ask for, unless it was refused for the same on the bar before. */
function askAll(
  run: Run,
  feeds: readonly StrategyFeed[],
  at: Instant,
  signalOf: (feed: StrategyFeed) => Alert | null,
): void {
  for (const feed of feeds) {
    if (!feed.isAsked || feed.closesAt[feed.next] !== at) continue
    const alert = signalOf(feed)
    if (alert !== null) ask(run, feed, alert, at)
  }
}

function ask(run: Run, feed: StrategyFeed, alert: Alert, at: Instant): void {
  // Decisions and orders derive their ids from this one: of all that a bar leads to, each needs its own.
  const id = `A-${feed.instrument.name}-${at}-${alert.type}`
  const input: AlertAdmitted = { type: 'AlertAdmitted', id, at, alert, conflict: false, quote: null }
  const before = feed.refusal
  if (before !== null) {
    feed.refusal = refusalOf(run.portfolio, input)
    if (feed.refusal !== null) feed.refusedAt = feed.next
    if (feed.refusal === before) return
  }
  const events = decide(run, input)
  feed.watch = null
  feed.refusal = refusalIn(events, alert)
  if (feed.refusal !== null) feed.refusedAt = feed.next
}
