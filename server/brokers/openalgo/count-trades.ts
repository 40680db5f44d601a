import { type Decimal, ZERO } from '../../../core/decimal.js'
import type { Instant } from '../../../core/time.js'

/** What of an order is booked, or traded. */
export interface Traded {
  readonly lots: Decimal
  /** Σ price × lots. */
  readonly value: Decimal
}

/** A trade in lots, as the venue tells it. */
export interface ToldTrade {
  readonly lots: Decimal
  readonly price: Decimal
  readonly at: Instant | null
}

/** A trade that was not booked yet, with the lots of its order up to and with it, which name it. */
export interface NewTrade extends ToldTrade {
  readonly cumulativeLots: Decimal
}

/** Nothing traded. */
export const NOTHING_TRADED: Traded = { lots: ZERO, value: ZERO }

/** Digits after the point of a price that had to be averaged. */
const PRICE_SCALE = 8

/**
 * Returns the trades of an order that are not in `booked` yet. Trades have no ids, so they are told apart by what was
 * traded up to them: the first ones that add up to what is booked are known, the others are new. When none of them add
 * up, as after the venue merged or reordered its rows, the difference is one trade at its average price.
 */
export function newTrades(told: readonly ToldTrade[], booked: Traded): NewTrade[] {
  const trades = inOrder(told)
  const total = trades.reduce(add, NOTHING_TRADED)
  if (!booked.lots.isLessThan(total.lots)) return []
  const known = countKnown(trades, booked)
  if (known === null) return [difference(trades, booked, total)]
  let { lots } = booked
  return trades.slice(known).map((trade) => {
    lots = lots.plus(trade.lots)
    return { ...trade, cumulativeLots: lots }
  })
}

/** Returns `traded` with one more trade. */
export function add(traded: Traded, { lots, price }: Pick<ToldTrade, 'lots' | 'price'>): Traded {
  return { lots: traded.lots.plus(lots), value: traded.value.plus(price.times(lots)) }
}

/** Returns how many of the first trades are what is booked; null when none are. */
function countKnown(trades: readonly ToldTrade[], booked: Traded): number | null {
  let sum = NOTHING_TRADED
  for (let count = 0; ; count++) {
    if (sum.lots.equals(booked.lots) && sum.value.equals(booked.value)) return count
    const next = trades[count]
    if (next === undefined) return null
    sum = add(sum, next)
  }
}

function difference(trades: readonly ToldTrade[], booked: Traded, total: Traded): NewTrade {
  const lots = total.lots.minus(booked.lots)
  const price = total.value.minus(booked.value).dividedBy(lots, PRICE_SCALE, 'halfEven')
  return { lots, price, at: trades.at(-1)!.at, cumulativeLots: total.lots }
}

/** Sorting is stable: trades of the same second stay in the venue's order. */
function inOrder(trades: readonly ToldTrade[]): readonly ToldTrade[] {
  return trades.toSorted((left, right) => (left.at ?? 0) - (right.at ?? 0))
}
