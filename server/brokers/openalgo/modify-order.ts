import type { Decimal } from '../../../core/decimal.js'
import type { ModifyOutcome, OrderChange } from '../broker.js'
import type { AccountBooks } from './account-books.js'
import type { OrderRow } from './book-rows.js'
import { classifyModify } from './classify.js'
import type { Gateway } from './gateway.js'
import { hasEnded } from './show-order.js'

/** What changing orders depends on. */
export interface OrderModifierOptions {
  readonly gateway: Gateway
  readonly books: AccountBooks
}

/** Gives working orders other prices. OpenAlgo wants the whole order again, so that it is read before. */
export class OrderModifier {
  readonly #options: OrderModifierOptions

  constructor(options: OrderModifierOptions) {
    this.#options = options
  }

  /** Returns what became of the change. Throws when the order could not be read, in which case nothing was sent. */
  async modify(venueOrderId: string, change: OrderChange): Promise<ModifyOutcome> {
    const { gateway, books } = this.#options
    const row = await books.order(venueOrderId)
    if (row === null) return { kind: 'absent' }
    if (hasEnded(row)) return { kind: 'tooLate' }
    const wanted = wantedPrices(row, change)
    if (isSame(row, wanted)) return { kind: 'modified' }
    const wait = gateway.takeOrder()
    if (wait > 0) {
      return { kind: 'notSent', retryAfterMs: Math.ceil(wait), cause: 'the rate of orders is at its limit' }
    }
    const { symbol, exchange, side, product, priceType, quantity } = row
    const fields = {
      ...{ orderid: venueOrderId, symbol, exchange, action: side === 'buy' ? 'BUY' : 'SELL', product },
      ...{ pricetype: priceType, quantity: quantity.toNumber(), disclosed_quantity: 0 },
      ...{ price: wanted.price.toNumber(), trigger_price: wanted.triggerPrice.toNumber() },
    }
    const verdict = classifyModify(await gateway.send('modifyorder', fields))
    if (verdict.kind !== 'lookUp') return verdict
    return this.#lookUp(venueOrderId, wanted, verdict.cause)
  }

  /** A broker that is busy with an order does not say whether it is with the new prices. */
  async #lookUp(venueOrderId: string, wanted: Prices, cause: string): Promise<ModifyOutcome> {
    try {
      const row = await this.#options.books.order(venueOrderId)
      if (row !== null && hasEnded(row)) return { kind: 'tooLate' }
      if (row !== null && isSame(row, wanted)) return { kind: 'modified' }
    } catch {
      // What was answered stays the cause
    }
    return { kind: 'unknown', cause }
  }
}

interface Prices {
  readonly price: Decimal
  readonly triggerPrice: Decimal
}

function wantedPrices(row: OrderRow, { limitPrice, triggerPrice }: OrderChange): Prices {
  return { price: limitPrice ?? row.price, triggerPrice: triggerPrice ?? row.triggerPrice }
}

function isSame(row: OrderRow, { price, triggerPrice }: Prices): boolean {
  return row.price.equals(price) && row.triggerPrice.equals(triggerPrice)
}
