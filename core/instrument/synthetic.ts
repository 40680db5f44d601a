import type { Calendar } from '../calendar/calendar.js'
import { zoneOffsetMinutes } from '../calendar/zone.js'
import { type Decimal, decimal, ZERO } from '../decimal.js'
import { type Instant, type LocalDate, localDate } from '../time.js'
import { contractOf, contractToTrade, isProduct } from './contract.js'
import type { Instrument } from './instrument.js'
import { atTheMoneyStrike } from './strike.js'

/*
 * A synthetic future is a call that is bought and a put that is sold, of the same strike and expiry. By put-call parity
 * it moves with the future: its price is strike + call − put, so that between entry and exit the strike cancels.
 */

/** What a leg of a synthetic future is. */
export type OptionKind = 'call' | 'put'

/** The two options of a synthetic future: what is bought under one contract is sold under it. */
export interface OptionContract {
  /** In points. */
  readonly strike: number
  /** Last day on which the options trade. */
  readonly expiry: LocalDate
}

/**
 * What becomes of an entry whose call is bought and whose put was not sold. complete: the put is ordered again, some
 * times · unwind: the call is sold at once.
 */
export type LegPolicy = 'complete' | 'unwind'

/** How an instrument is traded as a synthetic future. */
export interface SyntheticSettings {
  /** Strikes are chosen so many points apart. */
  readonly strikeStep: number
  readonly legPolicy: LegPolicy
  /** Most orders for the put of an entry, before its call is sold again. */
  readonly legAttempts: number
}

/** One option of a synthetic future, as orders and accounts name it. */
export interface Option {
  readonly underlying: string
  readonly kind: OptionKind
  readonly strike: number
  readonly expiry: LocalDate
}

const NO_CALENDAR: Calendar = { version: '', exchanges: {} }

/** What options are chosen for. */
export interface ContractWish {
  /** Of the underlying, in points. */
  readonly price: number
  readonly at: Instant
  /** YYYY-MM; null for the month that new orders go to. */
  readonly month: string | null
  /** Without one only weekends are known; what the broker lists has the last word. */
  readonly calendar: Calendar | null
}

/** Returns the options in which an entry is made: at the money; null where the instrument is traded as one contract. */
export function chooseContract(
  { name, zone, synthetic }: Instrument,
  { price, at, month, calendar }: ContractWish,
): OptionContract | null {
  if (synthetic === undefined || !isProduct(name)) return null
  const known = calendar ?? NO_CALENDAR
  const today = localDate(at, zoneOffsetMinutes(zone, at))
  const { expiry } = month === null ? contractToTrade(name, today, known) : contractOf(name, month, known)
  return { strike: atTheMoneyStrike(price, synthetic.strikeStep), expiry }
}

/** Points of a modelled option beyond what it would pay at once. */
const TIME_VALUE = 100

/**
 * Returns a price of an option, in points, where no market tells one: the least that keeps a call less its put at the
 * underlying's price less the strike, so that a synthetic future is traded at the underlying's price.
 */
export function modelOptionPrice(
  { kind, strike }: Pick<Option, 'kind' | 'strike'>,
  underlyingPrice: number,
): Decimal {
  const inTheMoney = decimal(underlyingPrice).minus(decimal(strike))
  const paid = kind === 'call' ? inTheMoney : inTheMoney.negated()
  return (paid.isPositive() ? paid : ZERO).plus(decimal(TIME_VALUE))
}

const SEPARATOR = ':'

/** Returns the name of an option among instruments: underlying, expiry, strike and kind, such as BANK_NIFTY:2026-11-24:52000:call. */
export function optionName({ underlying, expiry, strike, kind }: Option): string {
  return [underlying, expiry, String(strike), kind].join(SEPARATOR)
}

/** Returns the option that a name names, or null when it is that of another instrument. */
export function readOptionName(name: string): Option | null {
  if (!name.includes(SEPARATOR)) return null
  const [underlying, expiry, strike, kind, ...rest] = name.split(SEPARATOR)
  const points = Number(strike)
  const isOption = (kind === 'call' || kind === 'put') && points > 0 && rest.length === 0
  if (!isOption || underlying === undefined || expiry === undefined) return null
  return { underlying, expiry, strike: points, kind }
}

/** Returns the instrument that is traded through what `name` names: the underlying of an option, else itself. */
export function underlyingOf(name: string): string {
  return readOptionName(name)?.underlying ?? name
}
