import { civilDate, DAY, HOUR, type Instant, MINUTE } from '../../../../core/time.js'

/** Instants that an axis names, and how it spells them. */
export interface TimeTicks {
  readonly at: readonly Instant[]
  readonly spell: (at: Instant) => string
}

const MONTHS_APART = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200] as const
const DAYS_APART = [1, 2, 7, 14] as const
const HOURS_APART = [1, 2, 3, 6, 12] as const
const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Returns round instants between two, both included: beginnings of years, months, weeks, days or hours, at most `most`. */
export function timeTicks(from: Instant, to: Instant, most: number): TimeTicks {
  const span = Math.max(to - from, MINUTE)
  for (const hours of HOURS_APART)
    if (span / (hours * HOUR) <= most) return { at: every(hours * HOUR, from, to), spell: spellHour }
  for (const days of DAYS_APART)
    if (span / (days * DAY) <= most) return { at: every(days * DAY, from, to), spell: spellDay }
  const months = MONTHS_APART.find((count) => span / (count * 30.4 * DAY) <= most) ?? 2400
  return { at: everyMonths(months, from, to), spell: months < 12 ? spellMonth : spellYear }
}

/** Weeks begin on Monday: 1970-01-05 was one. */
function every(step: number, from: Instant, to: Instant): Instant[] {
  const origin = step % (7 * DAY) === 0 ? 4 * DAY : 0
  const ticks: Instant[] = []
  for (let at = Math.ceil((from - origin) / step) * step + origin; at <= to; at += step) ticks.push(at)
  return ticks
}

function everyMonths(step: number, from: Instant, to: Instant): Instant[] {
  const [year, month] = civilDate(Math.floor(from / DAY))
  const ticks: Instant[] = []
  for (let count = Math.floor((year * 12 + month - 1) / step) * step; ; count += step) {
    const at = Date.UTC(Math.floor(count / 12), count % 12, 1)
    if (at > to) return ticks
    if (at >= from) ticks.push(at)
  }
}

function spellYear(at: Instant): string {
  return String(civilDate(Math.floor(at / DAY))[0])
}

/** January is its year. */
function spellMonth(at: Instant): string {
  const [year, month] = civilDate(Math.floor(at / DAY))
  return month === 1 ? String(year) : MONTH_NAMES[month - 1]!
}

function spellDay(at: Instant): string {
  const [, month, day] = civilDate(Math.floor(at / DAY))
  return `${day} ${MONTH_NAMES[month - 1]}`
}

/** Midnight is its day. */
function spellHour(at: Instant): string {
  const hours = Math.floor((at % DAY) / HOUR)
  return hours === 0 ? spellDay(at) : `${String(hours).padStart(2, '0')}:00`
}
