import { regularCloseMinutes } from '../../calendar/regular-close.js'
import { DAY, type Instant, localDate, MINUTE } from '../../time.js'
import { type Bars, firstBarFrom } from './bars.js'

/** What tells when a bar of an instrument closed. */
export interface BarClock {
  readonly exchange: string
  /** Minutes east of UTC of the exchange at an instant. */
  readonly offsetMinutes: (instant: Instant) => number
  readonly barMinutes: number
  readonly bars: Bars | null
}

/** Returns when a bar closed, from when it opened. */
export type BarClose = (open: Instant) => Instant

/**
 * Returns the bar's close: `barMinutes` after its open, but not after the exchange's regular close, nor after the next
 * bar's open where bars are known. Which sessions there were is taken from the data: a bar that opened after the
 * regular close, on a Muhurat evening for instance, belongs to a session of its own and is not cut.
 */
export function barCloseOf(clock: BarClock): BarClose {
  const { bars } = clock
  const cut = newSessionCut()
  return (open) => {
    const nextOpen = bars?.opensAt[firstBarFrom(bars, open + 1)] ?? Number.POSITIVE_INFINITY
    return closeOf(clock, cut, open, nextOpen)
  }
}

/** Returns when each bar closed, as barCloseOf tells it one by one. */
export function barCloses(clock: BarClock & { readonly bars: Bars }): Float64Array {
  const { opensAt } = clock.bars
  const cut = newSessionCut()
  const closesAt = new Float64Array(opensAt.length)
  for (let index = 0; index < closesAt.length; index++) {
    closesAt[index] = closeOf(clock, cut, opensAt[index]!, opensAt[index + 1] ?? Number.POSITIVE_INFINITY)
  }
  return closesAt
}

/** The local day that was asked of last, and when its regular session ends; infinity where that is not known. */
interface SessionCut {
  offset: number
  startsAt: Instant
  closesAt: Instant
}

function newSessionCut(): SessionCut {
  return { offset: 0, startsAt: Number.NaN, closesAt: Number.NaN }
}

function closeOf(clock: BarClock, cut: SessionCut, open: Instant, nextOpen: Instant): Instant {
  const end = Math.min(open + clock.barMinutes * MINUTE, nextOpen)
  if (clock.barMinutes * MINUTE > DAY) return end
  const offset = clock.offsetMinutes(open) * MINUTE
  if (offset !== cut.offset || !(cut.startsAt <= open && open < cut.startsAt + DAY))
    turnTo(cut, clock, open, offset)
  return open < cut.closesAt ? Math.min(end, cut.closesAt) : end
}

function turnTo(cut: SessionCut, { exchange }: BarClock, open: Instant, offset: number): void {
  const day = Math.floor((open + offset) / DAY)
  const minutes = regularCloseMinutes(exchange, localDate(day * DAY))
  cut.offset = offset
  cut.startsAt = day * DAY - offset
  cut.closesAt = minutes === null ? Number.POSITIVE_INFINITY : cut.startsAt + minutes * MINUTE
}
