import type { Decimal } from '../../../core/decimal.js'
import type { Instant } from '../../../core/time.js'
import { decimalOf, type Fields, idIn, positiveIn, positiveOf, priceOf, textOf } from './fields.js'
import { parseVenueTime } from './venue-time.js'

/** A row of the order book. */
export interface OrderRow {
  readonly venueOrderId: string
  readonly symbol: string
  readonly exchange: string
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly price: Decimal
  /** 0 for an order that does not wait for a price. */
  readonly triggerPrice: Decimal
  readonly product: string
  readonly priceType: string
  /** In lower case: what the broker's plugin made of the broker's own. */
  readonly status: string
  /** When it was placed; null when that cannot be read. */
  readonly at: Instant | null
}

/** A row of the trade book. It has no id of its own. */
export interface TradeRow {
  readonly venueOrderId: string
  readonly quantity: Decimal
  readonly price: Decimal
  readonly at: Instant | null
}

/** A row of the position book. */
export interface PositionRow {
  readonly symbol: string
  readonly exchange: string
  readonly product: string
  /** Below 0 when short. */
  readonly quantity: Decimal
  /** What was paid on average, in points; null where that is not told. */
  readonly averagePrice: number | null
}

/** Returns an order as a row tells it. Throws when something that matters is missing. */
export function readOrderRow(row: Fields, now: Instant): OrderRow {
  return {
    venueOrderId: idIn(row, 'orderid'),
    symbol: textOf(row, 'symbol').toUpperCase(),
    exchange: textOf(row, 'exchange').toUpperCase(),
    side: readSide(row),
    quantity: positiveIn(row, 'quantity'),
    price: priceOf(row, 'price'),
    triggerPrice: priceOf(row, 'trigger_price'),
    product: textOf(row, 'product').toUpperCase(),
    // The analyze mode spells this one otherwise when asked for a single order
    priceType: textOf(row, row.pricetype === undefined ? 'price_type' : 'pricetype').toUpperCase(),
    status: readStatus(row),
    at: parseVenueTime(row.timestamp, now),
  }
}

/** Returns a trade as a row tells it. Throws when its quantity or price is missing, or no trade's. */
export function readTradeRow(row: Fields, now: Instant): TradeRow {
  return {
    venueOrderId: idIn(row, 'orderid'),
    quantity: positiveIn(row, 'quantity'),
    price: positiveIn(row, 'average_price'),
    at: parseVenueTime(row.timestamp, now),
  }
}

/** Returns a position as a row tells it. Throws when its quantity is missing. */
export function readPositionRow(row: Fields): PositionRow {
  return {
    symbol: textOf(row, 'symbol').toUpperCase(),
    exchange: textOf(row, 'exchange').toUpperCase(),
    product: textOf(row, 'product').toUpperCase(),
    quantity: decimalOf(row, 'quantity'),
    averagePrice: positiveOf(row, 'average_price'),
  }
}

/** Plugins pass on their broker's own spelling: TRIGGER_PENDING, Trigger Pending. */
function readStatus(row: Fields): string {
  return textOf(row, 'order_status')
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
}

function readSide(row: Fields): 'buy' | 'sell' {
  const action = textOf(row, 'action').toUpperCase()
  if (action === 'BUY') return 'buy'
  if (action === 'SELL') return 'sell'
  throw new Error(`OpenAlgo told an action that is neither BUY nor SELL: ${action.slice(0, 20)}`)
}
