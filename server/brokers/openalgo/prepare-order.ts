import { type Decimal, decimal, ZERO } from '../../../core/decimal.js'
import { limitAbove, limitBelow } from '../../../core/instrument/instrument.js'
import { type Option, underlyingOf } from '../../../core/instrument/synthetic.js'
import type { NotSent, OrderRequest, SubmitOutcome } from '../broker.js'
import type { AccountBooks, HeldContract } from './account-books.js'
import { type ContractBook, ContractError, type ListedContract } from './contract-book.js'
import { positiveOf } from './fields.js'
import type { OpenAlgoIncident, OpenAlgoSettings } from './openalgo-settings.js'
import type { PriceType } from './sent-orders.js'

/** An order as OpenAlgo is asked for it. */
export interface PreparedOrder {
  readonly contract: ListedContract
  readonly quantity: Decimal
  readonly price: Decimal
  readonly priceType: PriceType
  /** 0 for an order that waits for none. */
  readonly triggerPrice: Decimal
  /** Every order of the account before this one; null when the book could not be read. */
  readonly before: ReadonlySet<string> | null
}

/** Why an order is not asked for. Nothing was sent. */
export type Unprepared = NotSent | Extract<SubmitOutcome, { kind: 'refused' }>

/** What preparing orders depends on. */
export interface PreparerOptions {
  readonly books: AccountBooks
  readonly contracts: ContractBook
  readonly settings: OpenAlgoSettings
  readonly onIncident: (incident: OpenAlgoIncident) => void
}

/** Milliseconds after which a read that failed, or a contract that a person has to look at, is tried again. */
const READ_RETRY = 2_000
const CONTRACT_RETRY = 30_000
/** A quote so far from the price that the decision saw is an error of the quote: no session moves a price that far. */
const QUOTE_WITHIN = 0.1

/** Finds out what has to be known before an order is sent: its contract, its price, and the book before it. */
export class OrderPreparer {
  readonly #options: PreparerOptions
  /** In which contract an instrument was held when the account was last read. */
  readonly #held = new Map<string, ListedContract>()

  constructor(options: PreparerOptions) {
    this.#options = options
  }

  /** Returns the order as it is to be asked for, or why it is not. Never throws. */
  async prepare(request: OrderRequest, deadline: AbortSignal): Promise<PreparedOrder | Unprepared> {
    try {
      const [contract, before] = await Promise.all([
        this.#contractFor(request, deadline),
        this.#ordersBefore(deadline),
      ])
      if ('kind' in contract) return contract
      const quantity = request.lots.times(contract.quantityPerLot)
      if (!quantity.toScale(0, 'truncate').equals(quantity) || !quantity.isPositive()) {
        return refused(
          'LOT_SIZE',
          `${request.lots.toString()} lots are no whole quantity of ${contract.symbol}`,
        )
      }
      const { freezeQuantity, symbol } = contract
      if (freezeQuantity?.isLessThan(quantity)) {
        return refused(
          'QUANTITY_FROZEN',
          `The exchange takes at most ${freezeQuantity.toString()} of ${symbol} in one order, and ${quantity.toString()} were asked for: lower controls.maxOrderValue, or sell the rest by hand`,
        )
      }
      const price = request.limitPrice ?? (await this.#marketableLimit(request, contract, deadline))
      return { contract, quantity, price, ...waitsFor(request), before }
    } catch (error) {
      return this.#failed(request, error)
    }
  }

  /** Returns the contract whose price is that of an instrument: the one that is held, else the one to trade. */
  async contractOf(instrument: string, deadline?: AbortSignal): Promise<ListedContract> {
    return this.#held.get(instrument) ?? this.#options.contracts.toTrade(instrument, deadline)
  }

  /** Takes up which contracts are held. */
  observe(held: readonly HeldContract[]): void {
    this.#held.clear()
    for (const { contract } of held.toReversed()) this.#held.set(contract.instrument, contract)
  }

  /**
   * An instrument is in one contract at a time: whatever is held of it is added to and closed in its own contract, and
   * only a flat instrument goes to the one that the calendar says.
   */
  async #contractFor(request: OrderRequest, deadline: AbortSignal): Promise<ListedContract | Unprepared> {
    const { books, contracts, settings } = this.#options
    const { instrument, option, side, contractMonth: month } = request
    if (option !== undefined) return this.#optionFor(request, option, deadline)
    let held: readonly HeldContract[]
    try {
      const all = await books.held(settings.product, deadline)
      this.observe(all)
      held = all.filter(({ contract }) => contract.instrument === instrument)
    } catch (error) {
      // An entry can wait until the account can be read; an exit goes where the position was last
      if (side === 'buy' || error instanceof ContractError) throw error
      if (month !== undefined) return contracts.ofMonth(instrument, month, deadline)
      return this.contractOf(instrument, deadline)
    }
    if (month !== undefined) {
      const named = await contracts.ofMonth(instrument, month, deadline)
      return side === 'buy' ? this.#unlessLeft(named) : closeNamed(request, named, held)
    }
    const [first] = held
    if (first === undefined && side === 'sell') throw nothingHeld(request)
    if (first === undefined) return contracts.toTrade(instrument, deadline)
    return side === 'buy' ? this.#addTo(first, held) : closeIn(request, held)
  }

  /** Which option it is was decided with the entry; a lot of it must be what its order was sized with. */
  async #optionFor(
    { pointValue }: OrderRequest,
    option: Option,
    deadline: AbortSignal,
  ): Promise<ListedContract> {
    const contract = await this.#options.contracts.option(option, deadline)
    if (contract.quantityPerLot.equals(decimal(pointValue))) return contract
    throw new ContractError(
      `OpenAlgo lists a lot of ${contract.quantityPerLot.toString()} for ${contract.symbol}, the order was made for one of ${pointValue}: nothing of it is sent`,
    )
  }

  async #addTo(
    { contract }: HeldContract,
    held: readonly HeldContract[],
  ): Promise<ListedContract | Unprepared> {
    if (held.length > 1) {
      const symbols = held.map((position) => position.contract.symbol).join(', ')
      return refused('SEVERAL_CONTRACTS', `${contract.instrument} is held in several contracts: ${symbols}`)
    }
    return this.#unlessLeft(contract)
  }

  async #unlessLeft(contract: ListedContract): Promise<ListedContract | Unprepared> {
    if (!(await this.#options.contracts.isToBeLeft(contract))) return contract
    const message = `${contract.instrument} would be bought in ${contract.symbol}, which expires on ${contract.expiry} and takes no new lots; close the position or roll it over`
    return refused('ROLLOVER_DUE', message)
  }

  async #ordersBefore(deadline: AbortSignal): Promise<ReadonlySet<string> | null> {
    try {
      const orders = await this.#options.books.orders(deadline)
      return new Set(orders.map(({ row }) => row.venueOrderId))
    } catch {
      return null
    }
  }

  /** A bare market order is not taken from programs in India, so the limit goes a little beyond the other side's price. */
  async #marketableLimit(
    request: OrderRequest,
    contract: ListedContract,
    deadline: AbortSignal,
  ): Promise<Decimal> {
    const { side, tick, option, referencePrice } = request
    const { bufferPct } = this.#options.settings
    const quoted = await this.#priceOf(request, contract, deadline)
    // The decision saw the price of what it is an option on: without a quote nothing tells what to pay
    if (quoted === null && option !== undefined) {
      throw new ContractError(`OpenAlgo tells no credible price of ${contract.symbol}: nothing of it is sent`)
    }
    if (quoted === null && side === 'buy' && request.contractMonth !== undefined) {
      // What the decision saw may be the price of another contract
      throw new Error(`OpenAlgo tells no price of ${contract.symbol} near ${referencePrice}`)
    }
    const price = quoted ?? referencePrice
    return side === 'buy' ? limitAbove(price, bufferPct, tick) : limitBelow(price, bufferPct, tick)
  }

  async #priceOf(
    request: OrderRequest,
    contract: ListedContract,
    deadline: AbortSignal,
  ): Promise<number | null> {
    try {
      const told = await this.#options.books.quote(contract, deadline)
      const price = positiveOf(told, request.side === 'buy' ? 'ask' : 'bid') ?? positiveOf(told, 'ltp')
      return price !== null && isCredible(price, request) ? price : null
    } catch {
      return null
    }
  }

  #failed({ instrument }: OrderRequest, error: unknown): NotSent {
    const cause = error instanceof Error ? error.message : String(error)
    if (!(error instanceof ContractError)) return { kind: 'notSent', retryAfterMs: READ_RETRY, cause }
    this.#options.onIncident({
      code: 'BROKER_CONTRACT',
      message: cause,
      instrument: underlyingOf(instrument),
    })
    return { kind: 'notSent', retryAfterMs: CONTRACT_RETRY, cause }
  }
}

/** An option is worth what it would pay at once, and at most a tenth of the underlying's price more. */
function isCredible(price: number, { option, referencePrice }: OrderRequest): boolean {
  if (option === undefined) return Math.abs(price / referencePrice - 1) <= QUOTE_WITHIN
  const inTheMoney = (referencePrice - option.strike) * (option.kind === 'call' ? 1 : -1)
  const least = Math.max(0, inTheMoney)
  const within = referencePrice * QUOTE_WITHIN
  return least - within <= price && price <= least + within
}

/** An exit goes to the first contract that holds all of it. */
function closeIn({ instrument, lots }: OrderRequest, held: readonly HeldContract[]): ListedContract {
  const whole = held.find((position) => !position.lots.isLessThan(lots))
  if (whole !== undefined) return whole.contract
  const told = held.map((position) => `${position.lots.toString()} of ${position.contract.symbol}`).join(', ')
  throw new ContractError(
    `No contract of ${instrument} holds the ${lots.toString()} lots that are to be sold (${told}): sell them by hand`,
  )
}

/** What the account was just read not to hold would be sold short: the core settles such a difference. */
function nothingHeld({ instrument, lots }: OrderRequest): ContractError {
  return new ContractError(
    `The account holds none of the ${lots.toString()} lots of ${instrument} that are to be sold`,
  )
}

/** A stop is a limit order that the venue holds back until its trigger price is reached. */
function waitsFor({ triggerPrice }: OrderRequest): Pick<PreparedOrder, 'priceType' | 'triggerPrice'> {
  if (triggerPrice === undefined) return { priceType: 'LIMIT', triggerPrice: ZERO }
  return { priceType: 'SL', triggerPrice }
}

/** An exit goes to the contract that its unit was bought in, and sells nothing that is not held there. */
function closeNamed(
  { instrument, lots }: OrderRequest,
  named: ListedContract,
  held: readonly HeldContract[],
): ListedContract {
  const there = held.find(({ contract }) => contract.symbol === named.symbol)
  if (there !== undefined && !there.lots.isLessThan(lots)) return named
  const told = held.map((position) => `${position.lots.toString()} of ${position.contract.symbol}`).join(', ')
  throw new ContractError(
    `${lots.toString()} lots of ${instrument} are to be sold in ${named.symbol}, and the account holds ${told === '' ? 'none' : told}: sell them by hand`,
  )
}

function refused(code: string, message: string): Unprepared {
  return { kind: 'refused', code, message }
}

/** Returns the fee of a trade as the schedule of the configuration estimates it. */
export function estimateFee(
  { lots, price }: { readonly lots: Decimal; readonly price: Decimal },
  { commissionPct, pointValue }: { readonly commissionPct: number; readonly pointValue: number },
): Decimal {
  const value = price.times(lots).times(decimal(pointValue))
  return value.times(decimal(commissionPct)).times(decimal('0.01'))
}
