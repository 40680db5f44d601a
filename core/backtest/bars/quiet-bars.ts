import { isNear, seeBar } from '../../portfolio/observe.js'
import { bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { LONG_ENTRY } from '../../strategies/trend/scout.js'
import { watch } from '../../strategies/trend/watch.js'
import type { Instant } from '../../time.js'
import type { Run } from '../run.js'
import type { StrategyFeed } from './strategy-feed.js'

/**
 * Moves all feeds up to the next instant at which a bar may be entered, or has a close that is not believed. It does
 * nothing unless nothing is held and nothing waits: then no other bar can change more than what is known of its market.
 */
export function skipQuietBars({ portfolio, numbers, venue }: Run, feeds: readonly StrategyFeed[]): void {
  if (numbers.size > 0 || venue.waiting.size > 0) return
  for (const feed of feeds) if (!isAsleep(portfolio, feed)) return
  let until = Number.POSITIVE_INFINITY
  for (const feed of feeds) {
    if (feed.wake < feed.next) feed.wake = findWake(feed)
    until = Math.min(until, feed.closesAt[feed.wake] ?? Number.POSITIVE_INFINITY)
  }
  for (const feed of feeds) skipUntil(portfolio, feed, until)
}

/** Nothing is at work, and what is known of the market is the bar before the next one. */
function isAsleep(portfolio: Portfolio, feed: StrategyFeed): boolean {
  const { instrument, bars, signals, next } = feed
  if (next === feed.first) return false
  const book = bookOf(portfolio, instrument.name)
  feed.watch ??= watch(portfolio, instrument.name)
  const { price, atr } = book.market
  return feed.watch.steps === 'nothing' && price === bars.close[next - 1] && atr === signals.atr[next - 1]
}

function findWake({ bars, signals, next }: StrategyFeed): number {
  const { close } = bars
  const { atr, conditions } = signals
  let known = atr[next - 1]!
  let index = next
  for (; index < close.length; index++) {
    if (conditions[index] === LONG_ENTRY || !isNear(close[index]!, close[index - 1]!, known)) return index
    if (atr[index]! > 0) known = atr[index]!
  }
  return index
}

function skipUntil(portfolio: Portfolio, feed: StrategyFeed, until: Instant): void {
  const { closesAt, bars, signals, next } = feed
  let end = feed.wake
  if (!(closesAt[end]! <= until)) {
    end = next
    while (closesAt[end]! < until) end += 1
  }
  if (end === next) return
  const book = bookOf(portfolio, feed.instrument.name)
  let known = end - 1
  while (known >= next && !(signals.atr[known]! > 0)) known -= 1
  if (next <= known && known < end - 1)
    seeBar(book, bars.close[known]!, signals.atr[known]!, closesAt[known]!)
  const at = closesAt[end - 1]!
  seeBar(book, bars.close[end - 1]!, signals.atr[end - 1]!, at)
  portfolio.now = Math.max(portfolio.now, at)
  feed.next = end
  feed.refusal = null
}
