import { type Decimal, ZERO } from '../../decimal.js'
import { unreachable } from '../../invariant.js'
import { percentOf } from './percent.js'
import type { PlannedOrder } from './plan.js'
import type { Member } from './valuation.js'

/** A member's worth once every order has filled at its price. */
export interface ExpectedShare {
  readonly symbol: string
  readonly value: Decimal
  /** Percent of all shares together; 0 when nothing is worth anything. */
  readonly pct: number
}

/**
 * Returns what each member is worth after `orders`, and its share. `cash` is counted as a member of its own when given, as
 * it is where cash is a target.
 */
export function expectedShares(
  members: readonly Member[],
  orders: readonly PlannedOrder[],
  cash: { readonly symbol: string; readonly value: Decimal } | null,
): readonly ExpectedShare[] {
  const traded = new Map(orders.map((order) => [order.symbol, order]))
  const values = members.map(({ symbol, quantity, price }) => {
    const order = traded.get(symbol)
    if (order === undefined) return { symbol, value: quantity.times(price) }
    const after = order.side === 'buy' ? quantity.plus(order.quantity) : quantity.minus(order.quantity)
    return { symbol, value: after.times(price) }
  })
  if (cash !== null) values.push(cash)
  const whole = values.reduce((sum, { value }) => sum.plus(value), ZERO).toNumber()
  return values.map(({ symbol, value }) => ({
    symbol,
    value,
    pct: whole === 0 ? 0 : (value.toNumber() / whole) * 100,
  }))
}

/** What became of a planned order. */
export type OrderFate = 'filled' | 'partiallyFilled' | 'unfilled' | 'failed' | 'skipped' | 'dryRun'

/** A planned order and what became of it. */
export interface RunOrder {
  readonly order: PlannedOrder
  readonly fate: OrderFate
  /** Price × quantity of its fills; 0 without any. */
  readonly filledValue: Decimal
  readonly fee: Decimal
}

/** A run in numbers. */
export interface RunSummary {
  readonly planned: number
  /** Orders that filled, also in part; in a dry run all that would have been sent. */
  readonly executed: number
  readonly failed: number
  readonly skipped: number
  /** Orders that were sent and have no fill. */
  readonly open: number
  /** Value that changed hands one way: the larger of what was bought and what was sold. A dry run trades nothing. */
  readonly valueTraded: Decimal
  readonly fees: Decimal
  /** Nothing failed. */
  readonly isClean: boolean
}

/** Returns a run in numbers. Buying with what sells brought counts once, so 9000 sold for 9000 bought is 9000. */
export function summarizeRun(orders: readonly RunOrder[]): RunSummary {
  const counts = { executed: 0, failed: 0, skipped: 0, open: 0 }
  let [bought, sold, fees] = [ZERO, ZERO, ZERO]
  for (const { order, fate, filledValue, fee } of orders) {
    counts[countOf(fate)] += 1
    fees = fees.plus(fee)
    if (order.side === 'buy') bought = bought.plus(filledValue)
    else sold = sold.plus(filledValue)
  }
  const valueTraded = bought.isLessThan(sold) ? sold : bought
  return { planned: orders.length, ...counts, valueTraded, fees, isClean: counts.failed === 0 }
}

function countOf(fate: OrderFate): 'executed' | 'failed' | 'skipped' | 'open' {
  switch (fate) {
    case 'filled':
    case 'partiallyFilled':
    case 'dryRun':
      return 'executed'
    case 'unfilled':
      return 'open'
    case 'failed':
    case 'skipped':
      return fate
    default:
      return unreachable(fate)
  }
}

/** What makers and takers pay, in percent of the value. */
export interface FeeSchedule {
  readonly makerPct: number
  readonly takerPct: number
}

/** Returns the fee of an order: the maker's for one that rests first, else the taker's. */
export function feeOf(value: Decimal, schedule: FeeSchedule, restsFirst: boolean): Decimal {
  return percentOf(value, restsFirst ? schedule.makerPct : schedule.takerPct)
}
