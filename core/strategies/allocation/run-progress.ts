import { type Decimal, ZERO } from '../../decimal.js'
import { isAtWork, type Order } from '../../order/order.js'
import type { AllocationRun, EndedRunOrder, RunOrder } from '../../portfolio/allocation-state.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { type SellProgress, withFee } from './funding.js'
import { promisedBy } from './gather-books.js'
import type { RunOrder as OrderInNumbers } from './outcome.js'
import { percentOf } from './percent.js'

/** Returns whether an order of a run waits to go out. */
export function isWaiting({ orderId, skipped }: RunOrder): boolean {
  return orderId === null && skipped === null
}

/** Returns the order that carries out an order of a run; undefined while there is none. */
export function orderFor(portfolio: Portfolio, { orderId }: RunOrder): Order | undefined {
  return orderId === null ? undefined : portfolio.orders.get(orderId)
}

/** Returns whether nothing of a run waits, and none of its orders may fill any more. */
export function isOver(portfolio: Portfolio, { orders }: AllocationRun): boolean {
  return orders.every((order) => {
    if (isWaiting(order)) return false
    const at = orderFor(portfolio, order)
    return at === undefined || !isAtWork(at.state)
  })
}

/** Returns what the run's sells have brought, what its buys have taken, and whether any sell may still fill. */
export function progressOf(portfolio: Portfolio, run: AllocationRun): SellProgress {
  let proceeds = ZERO
  let spent = ZERO
  let sellsEnded = true
  for (const planned of run.orders) {
    const order = orderFor(portfolio, planned)
    if (planned.side === 'sell') {
      if (isWaiting(planned) || (order !== undefined && isAtWork(order.state))) sellsEnded = false
      if (order !== undefined) proceeds = proceeds.plus(afterFee(order.filledValue, run.feePct))
    } else if (order !== undefined) {
      spent = spent.plus(withFee(order.filledValue, run.feePct)).plus(promisedBy(order, run.feePct))
    }
  }
  return { cash: run.spendable.minus(spent), proceeds, sellsEnded }
}

function afterFee(value: Decimal, feePct: number): Decimal {
  return value.minus(percentOf(value, feePct))
}

/** Returns what became of one order of a run, as far as that is known. */
export function fateOf(portfolio: Portfolio, planned: RunOrder): EndedRunOrder {
  const { symbol, side, quantity, orderId, skipped } = planned
  const order = orderFor(portfolio, planned)
  const told = { symbol, side, quantity, orderId }
  const none = { filled: ZERO, filledValue: ZERO }
  if (order === undefined) return { ...told, ...none, fate: 'skipped', reason: skipped ?? 'NOT_ORDERED' }
  const { filledLots: filled, filledValue, reason } = order
  if (filled.isPositive()) {
    const isWhole = !filled.isLessThan(quantity)
    return { ...told, filled, filledValue, fate: isWhole ? 'filled' : 'partiallyFilled', reason }
  }
  return { ...told, ...none, fate: fateOfUnfilled(order), reason }
}

/** What we denied or took back was not tried to the end: that is no failure of the venue. */
function fateOfUnfilled({ state, cancelRequested }: Order): EndedRunOrder['fate'] {
  if (isAtWork(state)) return 'unfilled'
  return state === 'denied' || (state === 'canceled' && cancelRequested) ? 'skipped' : 'failed'
}

/** Returns an order of a run as the summary counts it; fees are known of the run alone. */
export function inNumbers({ symbol, side, quantity, fate, filledValue }: EndedRunOrder): OrderInNumbers {
  const order = { symbol, side, quantity, limitPrice: null, price: ZERO, value: ZERO, difference: ZERO }
  return { order, fate, filledValue, fee: ZERO }
}
