import type { Instant } from '../../time.js'
import { LEAST_EQUITY } from './drawdown.js'
import { addValue, addZeros, newSpread, type Spread } from './spread.js'
import { localDay, monthOf, quietDays, type TradingDays } from './trading-days.js'

/** The return of one month, in percent of the equity at its start. */
export interface MonthReturn {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly returnPct: number
}

/** The return of one day, in percent; `day` counts days since 1970-01-01. */
export interface DayReturn {
  readonly day: number
  readonly returnPct: number
}

/** Returns of equity by day and by month, as fractions, from one moment to the next in constant memory per month. */
export interface DailyReturns {
  readonly days: TradingDays
  readonly returns: Spread
  /** Σ min(0, return)². */
  losses: number
  best: DayReturn | null
  worst: DayReturn | null
  readonly months: MonthReturn[]
  /** Nothing was left at the end of a day: no return can be told of what follows. */
  isBroke: boolean
  day: number
  dayEndsAt: Instant
  equity: number
  equityAtDayStart: number
  equityAtMonthStart: number
}

/** Returns the returns of a run that has not begun. */
export function newDailyReturns(initialCapital: number, days: TradingDays): DailyReturns {
  return {
    days,
    returns: newSpread(),
    losses: 0,
    best: null,
    worst: null,
    months: [],
    isBroke: initialCapital < LEAST_EQUITY,
    day: Number.NaN,
    dayEndsAt: Number.NEGATIVE_INFINITY,
    equity: initialCapital,
    equityAtDayStart: initialCapital,
    equityAtMonthStart: initialCapital,
  }
}

/** Takes the equity of a moment; moments come in the order of time. */
export function seeDay(daily: DailyReturns, at: Instant, equity: number): void {
  if (at >= daily.dayEndsAt) startDay(daily, at)
  daily.equity = equity
}

/** Ends the last day and the last month. Nothing may be added afterwards. */
export function endDays(daily: DailyReturns): void {
  if (Number.isNaN(daily.day)) return
  endDay(daily)
  endMonth(daily, monthOf(daily.day))
  daily.day = Number.NaN
}

function startDay(daily: DailyReturns, at: Instant): void {
  const day = localDay(daily.days, at)
  if (!Number.isNaN(daily.day) && day > daily.day) {
    endDay(daily)
    addZeros(daily.returns, quietDays(daily.days, daily.day, day))
    const month = monthOf(day)
    for (let ended = monthOf(daily.day); ended < month; ended++) endMonth(daily, ended)
  }
  daily.day = day
  daily.dayEndsAt = nextMidnight(daily.days, at, day)
}

/** A day of a zone with daylight saving time has up to 25 hours. */
function nextMidnight(days: TradingDays, at: Instant, day: number): Instant {
  const guess = (day + 1) * 86_400_000 - days.offsetMinutes(at) * 60_000
  return guess + (days.offsetMinutes(at) - days.offsetMinutes(guess)) * 60_000
}

function endDay(daily: DailyReturns): void {
  const before = daily.equityAtDayStart
  daily.equityAtDayStart = daily.equity
  if (before < LEAST_EQUITY) daily.isBroke = true
  if (daily.isBroke) return
  const change = daily.equity / before - 1
  addValue(daily.returns, change)
  if (change < 0) daily.losses += change * change
  const of: DayReturn = { day: daily.day, returnPct: change * 100 }
  if (daily.best === null || of.returnPct > daily.best.returnPct) daily.best = of
  if (daily.worst === null || of.returnPct < daily.worst.returnPct) daily.worst = of
}

function endMonth(daily: DailyReturns, month: number): void {
  const before = daily.equityAtMonthStart
  daily.equityAtMonthStart = daily.equity
  if (before < LEAST_EQUITY) return
  const year = Math.floor(month / 12)
  const returnPct = (daily.equity / before - 1) * 100
  daily.months.push({ year, month: month - year * 12 + 1, returnPct })
}
