import { type Instant, localDate } from '../../../core/time.js'
import { type MoneySpeller, moneySpeller } from '../money.js'

/** What has no value is shown as this. */
export const NOTHING = '–'

/** Digits after the point. */
export type Digits = 0 | 1 | 2

/** Spells numbers and dates for a page. A true minus sign is as wide as a digit. */
export interface Speller {
  /** To the last two digits, whole, and as short as a chart needs it. */
  readonly money: (amount: number | null) => string
  readonly wholeMoney: (amount: number | null) => string
  readonly shortMoney: (amount: number) => string
  readonly percent: (value: number | null, digits?: Digits) => string
  /** With a sign, also for gains. */
  readonly change: (value: number | null, digits?: Digits) => string
  readonly ratio: (value: number | null) => string
  readonly multiple: (value: number | null) => string
  readonly count: (value: number) => string
  /** 2026-01-05, in the zone of the exchange. */
  readonly date: (instant: Instant) => string
}

/** Returns the speller of a currency (ISO 4217) in the zone that `offsetMinutes` describes. */
export function newSpeller(currency: string, offsetMinutes: (instant: Instant) => number): Speller {
  const money: MoneySpeller = moneySpeller(currency)
  const digitsOf = [fixedTo(0), fixedTo(1), fixedTo(2)] as const
  const fixed = (value: number, digits: Digits): string => digitsOf[digits](value)
  const or = (spell: (value: number) => string) => (value: number | null) =>
    value === null ? NOTHING : minus(spell(value))
  return {
    money: or(money.exact),
    wholeMoney: or(money.whole),
    shortMoney: (amount) => minus(money.short(amount)),
    percent: (value, digits = 2) => or((known) => `${fixed(known, digits)} %`)(value),
    change: (value, digits = 2) =>
      or(
        (known) =>
          `${known > 0 && fixed(known, digits) !== fixed(0, digits) ? '+' : ''}${fixed(known, digits)} %`,
      )(value),
    ratio: or((value) => fixed(value, 2)),
    multiple: or((value) => `${fixed(value, 2)} R`),
    count: (value) => value.toLocaleString('en-US'),
    date: (instant) => localDate(instant, offsetMinutes(instant)),
  }
}

/** Returns what spells numbers with so many digits after the point; −0 is 0. */
function fixedTo(digits: number): (value: number) => string {
  const format = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return (value) => {
    const text = format.format(value)
    return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text
  }
}

/** Returns a number that was spelled with a hyphen with a true minus sign. */
export function minus(text: string): string {
  return text.replace('-', '−')
}
