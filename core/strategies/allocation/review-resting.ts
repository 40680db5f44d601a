import { type Decimal, decimal } from '../../decimal.js'
import type { PortfolioEvent } from '../../event.js'
import type { Order } from '../../order/order.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import type { RunOverrides } from './allocation-report.js'
import { measureOf, tradeRules } from './allocation-rules.js'
import type { AllocationSettings } from './allocation-settings.js'
import { isBeyond } from './drift.js'
import { ordersOf } from './gather-books.js'
import { isHalt } from './halt.js'
import { sizeLimitOrder } from './order-size.js'
import { planAllocation } from './plan-allocation.js'
import { findDuplicates, reviewResting, type WantedOrder } from './resting.js'
import type { Member, Valuation } from './valuation.js'

/**
 * Returns which resting orders give way: those on the wrong side beyond the buffer, too far from the price that is wanted,
 * of what left the targets, and all but the latest of one asset. Without usable facts they rest on.
 */
export function reviewRestingOrders(
  portfolio: Portfolio,
  settings: AllocationSettings,
  overrides: RunOverrides,
): PortfolioEvent[] {
  const { style } = settings
  if (style.kind !== 'limit') return []
  const resting = restingOrders(portfolio)
  if (resting.length === 0) return []
  const planned = planAllocation(portfolio, settings, overrides)
  if (isHalt(planned)) return []
  const members = new Map(planned.valuation.members.map((member) => [member.symbol, member]))
  const rules = tradeRules(settingsOf(portfolio), portfolio.now)
  const { switchBufferPct, repriceBufferPct } = style
  const events: PortfolioEvent[] = []
  for (const [symbol, orders] of bySymbol(resting)) {
    for (const { id } of findDuplicates(orders)) events.push(cancel(id, 'duplicate_order'))
    const latest = orders.at(-1)!
    const member = members.get(symbol)
    const wanted =
      member === undefined
        ? null
        : wantedOf(member, { settings, valuation: planned.valuation, rules: rules.get(symbol)! })
    const limitPrice = latest.limitPrice ?? decimal(latest.referencePrice)
    const verdict = reviewResting({ side: latest.side, limitPrice }, wanted, {
      switchBufferPct,
      repriceBufferPct,
    })
    if (verdict !== 'keep') events.push(cancel(latest.id, verdict))
  }
  return events
}

function cancel(orderId: string, reason: string): PortfolioEvent {
  return { type: 'OrderCancelRequested', orderId, reason }
}

function restingOrders(portfolio: Portfolio): Order[] {
  const resting: Order[] = []
  for (const book of portfolio.books.values())
    for (const order of ordersOf(portfolio, book))
      if (order.purpose === 'rebalance' && !order.cancelRequested) resting.push(order)
  return resting
}

function bySymbol(orders: readonly Order[]): Map<string, Order[]> {
  const groups = new Map<string, Order[]>()
  for (const order of orders) groups.set(order.instrument, [...(groups.get(order.instrument) ?? []), order])
  return groups
}

interface WantedFrom {
  readonly settings: AllocationSettings
  readonly valuation: Valuation
  readonly rules: ReturnType<typeof tradeRules> extends ReadonlyMap<string, infer Rules> ? Rules : never
}

function wantedOf(member: Member, { settings, valuation, rules }: WantedFrom): WantedOrder {
  const { band, style } = settings
  const { difference, target, price } = member
  const { equity } = valuation
  const isHold =
    difference.isZero() || (band !== null && !isBeyond(measureOf(band), { difference, target, equity }))
  const side = difference.isPositive() ? 'buy' : 'sell'
  const stepPct = style.kind === 'limit' ? style.stepPct : 0
  const amount: Decimal = difference.abs()
  const { limitPrice } = sizeLimitOrder({ side, reference: price, stepPct, amount, rules })
  return isHold ? { side: 'hold', limitPrice } : { side, limitPrice }
}
