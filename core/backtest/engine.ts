import type { Instant } from '../time.js'
import { type BarFeed, nextFeed } from './bars/bar-feed.js'
import { feed, finishRun, noteState, openBar, type Run, type RunSetup, startRun } from './run.js'
import type { BacktestResult } from './summary.js'
import type { Timeline } from './timeline.js'
import { nextFillAt } from './venue.js'

/** What a backtest of alerts runs on. */
export interface BacktestSetup extends RunSetup {
  readonly timeline: Timeline
  /** Bars move stops; without them exits come from the alerts alone. */
  readonly feeds: readonly BarFeed[]
}

const SIGNALS_BETWEEN_REPORTS = 8192

/**
 * Returns the outcome of deciding the alerts of a timeline, one at a time with quiet between, by the kernel that also
 * decides live. Time is simulated; every order is dispatched, accepted and filled before the next input, except those
 * that wait for a bar to open. At one instant bars come first (stops and peel-offs), then exits, pyramids and entries.
 */
export function runBacktest(setup: BacktestSetup): BacktestResult {
  const { timeline, feeds } = setup
  const { signals } = timeline
  const run = startRun(setup, beginOf(setup), new Map(feeds.map((one) => [one.instrument, one.bars])))
  for (let done = 0; done < signals.length; done++) {
    const signal = signals[done]!
    advance(run, feeds, signal.at)
    feed(run, {
      type: 'AlertAdmitted',
      id: signal.id,
      at: signal.at,
      alert: signal.alert,
      conflict: false,
      quote: null,
    })
    noteState(run)
    if (done % SIGNALS_BETWEEN_REPORTS === 0) setup.onProgress?.(done)
  }
  advance(run, feeds, Number.POSITIVE_INFINITY)
  setup.onProgress?.(signals.length)
  return finishRun(run, timeline)
}

function beginOf({ timeline, feeds }: BacktestSetup): Instant {
  const firstBar = Math.min(...feeds.map((one) => one.closesAt[one.next] ?? Number.POSITIVE_INFINITY))
  return Math.min(timeline.signals[0]?.at ?? Number.POSITIVE_INFINITY, firstBar)
}

/** Closes the bars, and fills the orders that wait, up to `until`, in the order of time. */
function advance(run: Run, feeds: readonly BarFeed[], until: Instant): void {
  if (feeds.length === 0) return
  for (;;) {
    const due = nextFillAt(run.venue)
    const bar = nextFeed(feeds, Math.min(due, until))
    if (bar !== null && bar.closesAt[bar.next]! < due) closeBar(run, bar)
    else if (due <= until && due < Number.POSITIVE_INFINITY) openBar(run, due)
    else return
  }
}

function closeBar(run: Run, bar: BarFeed): void {
  const index = bar.next++
  const at = bar.closesAt[index]!
  const atr = bar.atr[index]!
  const id = `B-${bar.instrument}-${at}`
  const { instrument, bars } = bar
  const close = bars.close[index]!
  const wasHolding = run.numbers.size > 0
  feed(run, { type: 'BarClosed', id, at, instrument, close, atr: Number.isNaN(atr) ? null : atr, barAt: at })
  if (wasHolding || run.numbers.size > 0) noteState(run)
}
