import type { OrderFilled, OrderSubmitted } from '../event.js'
import { invariant } from '../invariant.js'
import type { LegEvent, LegsOpened } from '../order/leg-event.js'
import { addTrade, type Leg, type Legs, newLegs, takeLots } from '../order/legs.js'
import { isEntry } from '../order/order.js'
import { bookOf, orderOf, type Portfolio } from './portfolio.js'

/** Takes an event of an order's legs into the portfolio. */
export function evolveLegs(portfolio: Portfolio, event: LegEvent): void {
  if (event.type === 'LegsOpened') {
    openLegs(portfolio, event)
    return
  }
  const legs = legsOf(portfolio, event.orderId)
  switch (event.type) {
    case 'LegUnwound':
      takeLots(legs[event.side].done, event.lots)
      takeLots(legs[event.side].undone, event.lots)
      break
    case 'LegsImbalanced':
      legs.told = legs.orderIds.length
      break
    case 'LegsSettled':
      removeFrom(bookOf(portfolio, legs.instrument).openLegs, legs.orderId)
      // A late trade is an imbalance of its own.
      legs.told = 0
      break
  }
}

function openLegs(portfolio: Portfolio, { orderId, strike, expiry, pointValue }: LegsOpened): void {
  const order = orderOf(portfolio, orderId)
  invariant(order.state === 'initialized', () => `order ${orderId} is ${order.state}, it cannot get legs`)
  const { instrument, positionId } = order
  const beginning = { orderId, instrument, positionId, contract: { strike, expiry }, pointValue }
  portfolio.legs.set(orderId, newLegs({ ...beginning, isOpening: isEntry(order) }))
  order.hasLegs = true
  order.state = 'accepted'
  bookOf(portfolio, instrument).openLegs.push(orderId)
}

/** Takes up an order for a leg. */
export function beginLeg(portfolio: Portfolio, orderId: string, leg: Leg): void {
  const legs = legsOf(portfolio, leg.of)
  legs.orderIds.push(orderId)
  bookOf(portfolio, legs.instrument).legOrderIds.push(orderId)
}

/** Takes up that an order for a leg is sent. */
export function noteSent(portfolio: Portfolio, { orderId, at }: OrderSubmitted): void {
  const leg = portfolio.orders.get(orderId)?.leg ?? null
  if (leg !== null) legsOf(portfolio, leg.of).sentAt = at
}

/** What a leg trades is no unit's: only what both legs trade is, and that is a fill of the order that they carry out. */
export function fillLeg(portfolio: Portfolio, leg: Leg, fill: OrderFilled): void {
  const legs = portfolio.legs.get(leg.of)
  if (legs === undefined) return
  const { orderId, tradeId, lots, price, fee, at } = fill
  addTrade(legs, leg, { orderId, tradeId, lots, price, fee, at })
  const { openLegs: open } = bookOf(portfolio, legs.instrument)
  if (!open.includes(legs.orderId)) open.push(legs.orderId)
}

/** Takes what the order that legs carry out filled from both of them. */
export function matchLegs(portfolio: Portfolio, { orderId, lots }: OrderFilled): void {
  const legs = legsOf(portfolio, orderId)
  takeLots(legs.bought.done, lots)
  takeLots(legs.sold.done, lots)
  legs.matches += 1
}

/** Removes an id from those at work. Throws when it is not among them. */
export function removeFrom(ids: string[], id: string): void {
  const index = ids.indexOf(id)
  invariant(index !== -1, () => `${id} is not at work`)
  ids.splice(index, 1)
}

function legsOf(portfolio: Portfolio, orderId: string): Legs {
  const legs = portfolio.legs.get(orderId)
  invariant(legs !== undefined, () => `order ${orderId} has no legs`)
  return legs
}
