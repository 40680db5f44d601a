import type { Decimal } from '../../../core/decimal.js'
import type { Instant } from '../../../core/time.js'
import {
  type OrderRow,
  type PositionRow,
  readOrderRow,
  readPositionRow,
  readTradeRow,
  type TradeRow,
} from './book-rows.js'
import type { ContractBook, ListedContract } from './contract-book.js'
import { decimalOf, type Fields, fieldsOf, positiveIn, rowsOf, textOf } from './fields.js'
import { type Gateway, ReadError, STRATEGY } from './gateway.js'

/** What the books of an account depend on. */
export interface AccountBooksOptions {
  readonly gateway: Gateway
  readonly contracts: ContractBook
  readonly clock: { readonly now: () => Instant }
}

/** A row of the order book with the status of the row before it; null for the first. */
export interface BookedOrder {
  readonly row: OrderRow
  readonly statusBefore: string | null
}

/** A contract of ours that the account holds. */
export interface HeldContract {
  readonly contract: ListedContract
  /** Below 0 when short. */
  readonly lots: Decimal
  /** What was paid on average, in points; null where that is not told. */
  readonly averagePrice: number | null
}

/** The books of the account, read in full or not at all: each method throws rather than to return a part. */
export class AccountBooks {
  readonly #options: AccountBooksOptions

  constructor(options: AccountBooksOptions) {
    this.#options = options
  }

  /** Returns today's orders of our instruments, whoever placed them, in the broker's order. */
  async orders(deadline?: AbortSignal): Promise<readonly BookedOrder[]> {
    const { gateway, clock } = this.#options
    const { orders } = await gateway.readFields('orderbook', {}, deadline)
    const rows = rowsOf(orders, 'orders')
    return rows.flatMap((told, index) => {
      if (!this.#isOfOurs(told)) return []
      const before = rows[index - 1]?.order_status
      const statusBefore = typeof before === 'string' ? before.toLowerCase() : null
      return [{ row: readOrderRow(told, clock.now()), statusBefore }]
    })
  }

  /** Returns today's trades of our instruments by the id of their order, in the broker's order. */
  async trades(deadline?: AbortSignal): Promise<ReadonlyMap<string, readonly TradeRow[]>> {
    const { gateway, clock } = this.#options
    const { data } = await gateway.read('tradebook', {}, deadline)
    const byOrder = new Map<string, TradeRow[]>()
    for (const told of rowsOf(data, 'trades').filter((row) => this.#isOfOurs(row))) {
      const row = readTradeRow(told, clock.now())
      byOrder.set(row.venueOrderId, [...(byOrder.get(row.venueOrderId) ?? []), row])
    }
    return byOrder
  }

  /** Returns one order of today; null when a successful read does not contain it. */
  async order(venueOrderId: string): Promise<OrderRow | null> {
    const { gateway, clock } = this.#options
    try {
      const told = await gateway.readFields('orderstatus', { strategy: STRATEGY, orderid: venueOrderId })
      const row = readOrderRow(told, clock.now())
      if (row.venueOrderId === venueOrderId) return row
      throw new Error(`OpenAlgo was asked for order ${venueOrderId} and told ${row.venueOrderId}`)
    } catch (error) {
      const isAbsent = error instanceof ReadError && error.status === 404 && namesAbsent(error, venueOrderId)
      if (isAbsent) return null
      throw error
    }
  }

  /** Returns the contracts of our instruments that the account holds in `product`, those that expire first at first. */
  async held(product: string, deadline?: AbortSignal): Promise<readonly HeldContract[]> {
    const { gateway } = this.#options
    const { data } = await gateway.read('positionbook', {}, deadline)
    const rows = rowsOf(data, 'positions')
      .filter((row) => this.#isOfOurs(row))
      .map(readPositionRow)
    // Closed positions stay in the book with a quantity of 0
    const open = rows.filter((row) => row.product === product && !row.quantity.isZero())
    const held = await Promise.all(open.map((row) => this.#heldIn(row, deadline)))
    return held
      .filter((position) => position !== null)
      .sort((left, right) => (left.contract.expiry < right.contract.expiry ? -1 : 1))
  }

  /** Returns the cash that is free for new positions. A broker that failed tells none, with success. */
  async availableCash(deadline?: AbortSignal): Promise<Decimal> {
    return decimalOf(await this.#options.gateway.readFields('funds', {}, deadline), 'availablecash')
  }

  /** Returns the money that the broker blocks for a purchase of `quantity`. Throws when it does not tell. */
  async marginOf({ symbol, exchange }: ListedContract, quantity: Decimal, product: string): Promise<Decimal> {
    const position = { symbol, exchange, product, action: 'BUY', pricetype: 'MARKET' }
    const fields = { positions: [{ ...position, quantity: quantity.toString() }] }
    return positiveIn(await this.#options.gateway.readFields('margin', fields), 'total_margin_required')
  }

  /** Returns the contract of a row of a book; null when it is none of ours. */
  async contractOf(
    row: Pick<OrderRow, 'symbol' | 'exchange'>,
    deadline?: AbortSignal,
  ): Promise<ListedContract | null> {
    const { contracts } = this.#options
    const found = contracts.find(row)
    return found === null ? null : contracts.contract(found, deadline)
  }

  /** Returns bid, ask and last price of a contract, as told. */
  async quote({ symbol, exchange }: ListedContract, deadline?: AbortSignal): Promise<Fields> {
    const { data } = await this.#options.gateway.read('quotes', { symbol, exchange }, deadline)
    return fieldsOf(data, 'quotes')
  }

  /** What else is in the account is not read, so that it cannot fail. Throws when a row does not tell what it is about. */
  #isOfOurs(row: Fields): boolean {
    const [symbol, exchange] = [textOf(row, 'symbol'), textOf(row, 'exchange')]
    return this.#options.contracts.find({ symbol, exchange }) !== null
  }

  async #heldIn(row: PositionRow, deadline?: AbortSignal): Promise<HeldContract | null> {
    const contract = await this.contractOf(row, deadline)
    if (contract === null) return null
    return { contract, lots: lotsOf(row.quantity, contract), averagePrice: row.averagePrice }
  }
}

/** A page that is not found says nothing of an order, and neither does the absence of another one. */
function namesAbsent({ message, told }: ReadError, venueOrderId: string): boolean {
  return told === 'error' && message.toLowerCase().endsWith(`: order ${venueOrderId.toLowerCase()} not found`)
}

/** Digits after the point of lots. Orders of others, which the broker refused, need not be of whole ones. */
const LOT_SCALE = 8

/** Returns a quantity in lots. Throws when they cannot be told exactly. */
export function lotsOf(quantity: Decimal, { quantityPerLot, symbol }: ListedContract): Decimal {
  const lots = quantity.dividedBy(quantityPerLot, LOT_SCALE, 'truncate')
  if (lots.times(quantityPerLot).equals(quantity)) return lots
  throw new Error(
    `OpenAlgo tells ${quantity.toString()} of ${symbol}, which are no lots of ${quantityPerLot.toString()}`,
  )
}
