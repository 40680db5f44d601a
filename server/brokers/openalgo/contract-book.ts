import type { Calendar } from '../../../core/calendar/calendar.js'
import { type Decimal, decimal } from '../../../core/decimal.js'
import { type Product, rollsOn } from '../../../core/instrument/contract.js'
import { factsAt, type Instrument } from '../../../core/instrument/instrument.js'
import { type Option, optionName, underlyingOf } from '../../../core/instrument/synthetic.js'
import type { Instant } from '../../../core/time.js'
import { decimalOf, type Fields, positiveOf, textOf } from './fields.js'
import type { Gateway } from './gateway.js'
import { optionSymbol, readOptionSymbol } from './option-symbol.js'
import { indianDate, parseExpiry, spellExpiry } from './venue-time.js'

/** Products by the base name of their symbols. */
export const OPENALGO_PRODUCTS: Readonly<Record<string, Product>> = {
  GOLDM: 'GOLD_MINI',
  SILVERM: 'SILVER_MINI',
  COPPER: 'COPPER',
  BANKNIFTY: 'BANK_NIFTY',
}

/** A contract as OpenAlgo lists it. */
export interface ListedContract {
  /** An option by its name among instruments. */
  readonly instrument: string
  readonly symbol: string
  readonly exchange: string
  /** YYYY-MM-DD. */
  readonly expiry: string
  /** What an order's quantity is for one lot: 1 where the broker counts lots, else the units in a lot. */
  readonly quantityPerLot: Decimal
  /** The largest quantity that the exchange takes in one order; null where it is not told. */
  readonly freezeQuantity: Decimal | null
  /** The price step as listed, which some plugins tell in hundredths of a rupee; null where it is not told. */
  readonly tick: number | null
}

/** Whose contract a symbol is. */
export interface FoundContract {
  readonly instrument: Instrument
  readonly expiry: string
  /** Null for a future. */
  readonly option: Option | null
}

/** What a book of contracts depends on. */
export interface ContractBookOptions {
  readonly gateway: Gateway
  readonly instruments: readonly Instrument[]
  readonly calendar: () => Promise<Calendar>
  readonly clock: { readonly now: () => Instant }
}

/** A contract cannot be traded as it is listed: a person has to look. */
export class ContractError extends Error {
  override readonly name = 'ContractError'
}

/** The contracts of our instruments as OpenAlgo lists them, read once a day: the broker's list decides the expiry. */
export class ContractBook {
  readonly #options: ContractBookOptions
  #date = ''
  #expiries = new Map<string, Promise<readonly string[]>>()
  #listed = new Map<string, Promise<ListedContract>>()

  constructor(options: ContractBookOptions) {
    this.#options = options
  }

  /** Returns whose contract a symbol of a book is, and its expiry; null when it is none of ours. Throws when that cannot be told. */
  find(row: Fields): FoundContract | null {
    const [symbol, exchange] = [textOf(row, 'symbol').toUpperCase(), textOf(row, 'exchange').toUpperCase()]
    const named = readOptionSymbol(symbol)
    const future = /^([A-Z]+)(\d.*)FUT$/.exec(symbol)
    const product = OPENALGO_PRODUCTS[named?.base ?? future?.[1] ?? '']
    const instrument = this.#options.instruments.find(({ name }) => name === product)
    if (instrument === undefined || instrument.exchange !== exchange) return null
    const expiry = named === null ? parseExpiry(future![2]!) : named.expiry
    // A holding of ours that cannot be read must not look like none
    if (expiry === null)
      throw new Error(`OpenAlgo told a contract of ${instrument.name} that cannot be read: ${symbol}`)
    if (named === null) return { instrument, expiry, option: null }
    const { strike, kind } = named
    return { instrument, expiry, option: { underlying: instrument.name, expiry, strike, kind } }
  }

  /** Returns the contract that a new position of an instrument is opened in. Throws when none is listed. */
  async toTrade(name: string, deadline?: AbortSignal): Promise<ListedContract> {
    const instrument = this.#instrument(name)
    const calendar = await this.#options.calendar()
    const today = this.#today()
    const expiries = await this.#expiriesOf(instrument, deadline)
    const expiry = expiries.find((date) => today < rollDate(instrument, date, calendar))
    if (expiry !== undefined) return this.#listedAs(instrument, expiry, deadline)
    const told = expiries.length === 0 ? 'none' : expiries.join(', ')
    throw new ContractError(
      `OpenAlgo lists no contract of ${name} that is far enough from its expiry: ${told}`,
    )
  }

  /** Returns the contract of an instrument that expires in a month, YYYY-MM. Throws when none is listed. */
  async ofMonth(name: string, month: string, deadline?: AbortSignal): Promise<ListedContract> {
    const instrument = this.#instrument(name)
    const expiries = await this.#expiriesOf(instrument, deadline)
    const expiry = expiries.find((date) => date.startsWith(month))
    if (expiry !== undefined) return this.#listedAs(instrument, expiry, deadline)
    const told = expiries.length === 0 ? 'none' : expiries.join(', ')
    throw new ContractError(`OpenAlgo lists no contract of ${name} that expires in ${month}: ${told}`)
  }

  /** Returns the contract of a symbol that was found, as listed. Throws when it cannot be traded. */
  async contract(
    { instrument, expiry, option }: FoundContract,
    deadline?: AbortSignal,
  ): Promise<ListedContract> {
    return option === null ? this.#listedAs(instrument, expiry, deadline) : this.option(option, deadline)
  }

  /** Returns an option as listed. Throws when it is not, or as something else. */
  async option(option: Option, deadline?: AbortSignal): Promise<ListedContract> {
    this.#today()
    const name = optionName(option)
    return remembered(this.#listed, name, () => this.#readOption(name, option, deadline))
  }

  /** Returns the date from which new lots are bought in the next contract. */
  async leavesOn({ instrument, expiry }: ListedContract): Promise<string> {
    return rollDate(this.#instrument(underlyingOf(instrument)), expiry, await this.#options.calendar())
  }

  /** Returns whether new lots must not be bought in a contract any more, as it is too near its expiry. */
  async isToBeLeft(contract: ListedContract): Promise<boolean> {
    return (await this.leavesOn(contract)) <= this.#today()
  }

  /** Returns the calendar in force. */
  calendar(): Promise<Calendar> {
    return this.#options.calendar()
  }

  #instrument(name: string): Instrument {
    const found = this.#options.instruments.find((instrument) => instrument.name === name)
    if (found === undefined) throw new ContractError(`${name} is not traded in this account`)
    return found
  }

  /** Returns India's date, and forgets what was read on another. */
  #today(): string {
    const date = indianDate(this.#options.clock.now())
    if (date !== this.#date) {
      this.#date = date
      this.#expiries = new Map()
      this.#listed = new Map()
    }
    return date
  }

  #expiriesOf(instrument: Instrument, deadline?: AbortSignal): Promise<readonly string[]> {
    return remembered(this.#expiries, instrument.name, () => this.#readExpiries(instrument, deadline))
  }

  #listedAs(instrument: Instrument, expiry: string, deadline?: AbortSignal): Promise<ListedContract> {
    this.#today()
    const key = `${instrument.name} ${expiry}`
    return remembered(this.#listed, key, () => this.#readContract(instrument, expiry, deadline))
  }

  async #readExpiries({ name, exchange }: Instrument, deadline?: AbortSignal): Promise<readonly string[]> {
    const fields = { symbol: baseName(name), exchange, instrumenttype: 'futures' }
    const { data } = await this.#options.gateway.read('expiry', fields, deadline)
    if (!Array.isArray(data)) throw new ContractError(`OpenAlgo told no expiries of ${name}`)
    return data.map((told: unknown) => {
      const date = typeof told === 'string' ? parseExpiry(told) : null
      if (date === null) throw new ContractError(`OpenAlgo told an expiry of ${name} that cannot be read`)
      return date
    })
  }

  async #readContract(
    instrument: Instrument,
    expiry: string,
    deadline?: AbortSignal,
  ): Promise<ListedContract> {
    const { name, exchange } = instrument
    const symbol = symbolOf(name, expiry)
    const { gateway } = this.#options
    const listed = await gateway.readFields('symbol', { symbol, exchange }, deadline)
    const isSame = textOf(listed, 'symbol') === symbol && parseExpiry(textOf(listed, 'expiry')) === expiry
    if (!isSame) throw new ContractError(`OpenAlgo lists ${symbol} as something else`)
    const quantityPerLot = this.#perLot(instrument, listed)
    const [freezeQuantity, tick] = [freezeOf(listed, quantityPerLot), positiveOf(listed, 'tick_size')]
    return { instrument: name, symbol, exchange, expiry, quantityPerLot, freezeQuantity, tick }
  }

  async #readOption(name: string, option: Option, deadline?: AbortSignal): Promise<ListedContract> {
    const { exchange } = this.#instrument(option.underlying)
    const symbol = optionSymbol(baseName(option.underlying), option)
    const listed = await this.#options.gateway.readFields('symbol', { symbol, exchange }, deadline)
    const isSame =
      textOf(listed, 'symbol') === symbol &&
      parseExpiry(textOf(listed, 'expiry')) === option.expiry &&
      positiveOf(listed, 'strike') === option.strike
    if (!isSame) throw new ContractError(`OpenAlgo lists ${symbol} as something else`)
    const quantityPerLot = decimalOf(listed, 'lotsize')
    if (!quantityPerLot.isPositive()) throw new ContractError(`OpenAlgo lists no lot of ${symbol}`)
    const [freezeQuantity, tick] = [freezeOf(listed, quantityPerLot), positiveOf(listed, 'tick_size')]
    const { expiry } = option
    return { instrument: name, symbol, exchange, expiry, quantityPerLot, freezeQuantity, tick }
  }

  /** On MCX some brokers count lots and list a lot of 1; others count units, and list those in a lot. */
  #perLot(instrument: Instrument, listed: Fields): Decimal {
    const lotSize = decimalOf(listed, 'lotsize')
    const configured = decimal(factsAt(instrument, this.#options.clock.now()).lotSize)
    const one = decimal(1)
    if (instrument.exchange === 'MCX' && lotSize.equals(one)) return one
    if (lotSize.equals(configured)) return lotSize
    throw new ContractError(
      `OpenAlgo lists a lot of ${lotSize.toString()} for ${textOf(listed, 'symbol')}, the configuration says ${configured.toString()}: nothing of ${instrument.name} is sent, as its quantity is not certain`,
    )
  }
}

/** OpenAlgo lists 1 where it does not know, as it does for every contract of MCX. */
function freezeOf(listed: Fields, quantityPerLot: Decimal): Decimal | null {
  if (positiveOf(listed, 'freeze_qty') === null) return null
  const freeze = decimalOf(listed, 'freeze_qty')
  return freeze.isLessThan(quantityPerLot) || freeze.equals(decimal(1)) ? null : freeze
}

function rollDate({ name }: Instrument, expiry: string, calendar: Calendar): string {
  const product = OPENALGO_PRODUCTS[baseName(name)]!
  return rollsOn({ product, month: expiry.slice(0, 7), expiry, isCertain: true }, calendar)
}

function baseName(name: string): string {
  const found = Object.entries(OPENALGO_PRODUCTS).find(([, product]) => product === name)
  if (found === undefined)
    throw new ContractError(`${name} has no contract that OpenAlgo trades as one symbol`)
  return found[0]
}

/** The spelling of symbols is OpenAlgo's own; the day is the one it told, and the symbol is looked up before its use. */
function symbolOf(name: string, expiry: string): string {
  return `${baseName(name)}${spellExpiry(expiry)}FUT`
}

/** Returns what was made for the key before, or makes it; a failure is not remembered. */
function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  made.catch(() => known.delete(key))
  return made
}
