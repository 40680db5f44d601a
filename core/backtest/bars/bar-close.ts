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
  const { bars, barMinutes } = clock
  const closes = new Map<number, number | null>()
  return (open) => {
    const nextOpen = bars?.opensAt[firstBarFrom(bars, open + 1)] ?? Number.POSITIVE_INFINITY
    const end = Math.min(open + barMinutes * MINUTE, nextOpen)
    if (barMinutes * MINUTE > DAY) return end
    const offset = clock.offsetMinutes(open) * MINUTE
    const day = Math.floor((open + offset) / DAY)
    let minutes = closes.get(day)
    if (minutes === undefined) {
      minutes = regularCloseMinutes(clock.exchange, localDate(day * DAY))
      closes.set(day, minutes)
    }
    if (minutes === null) return end
    const close = day * DAY - offset + minutes * MINUTE
    return open < close ? Math.min(end, close) : end
  }
}
