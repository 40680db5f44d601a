import { clientOrderId } from '../../core/ids.js'
import { factsAt } from '../../core/instrument/instrument.js'
import type { Option } from '../../core/instrument/synthetic.js'
import { invariant } from '../../core/invariant.js'
import { tradedName } from '../../core/order/leg-orders.js'
import type { Leg } from '../../core/order/legs.js'
import type { Order } from '../../core/order/order.js'
import { type Portfolio, tradedOf } from '../../core/portfolio/portfolio.js'
import type { OrderReference, OrderRequest } from '../brokers/broker.js'

/**
 * Returns `order` as its venue is asked for it. The point value is that of the contract bought, so an exit has its
 * unit's and an entry its plan's; an exit is not held up when its instrument has left the configuration.
 */
export function requestFor(portfolio: Portfolio, order: Order): OrderRequest {
  const instrument = tradedOf(portfolio, order.instrument)
  const facts = instrument === undefined ? undefined : factsAt(instrument, portfolio.now)
  const unit = portfolio.books.get(order.instrument)?.units.find((held) => held.id === order.positionId)
  const plan = portfolio.unitPlans.get(order.id)
  const legs = portfolio.legs.get(order.leg?.of ?? '')
  const pointValue = legs?.pointValue ?? unit?.pointValue ?? plan?.pointValue ?? facts?.pointValue
  invariant(
    pointValue !== undefined,
    `order ${order.id} has no point value: ${order.instrument} is not configured`,
  )
  return {
    clientOrderId: clientOrderId(portfolio.id, order.id),
    orderId: order.id,
    instrument: tradedName(order),
    attempt: order.attempt,
    side: order.side,
    type: order.type,
    lots: order.lots,
    limitPrice: order.limitPrice,
    referencePrice: order.referencePrice,
    pointValue,
    tick: facts?.tick ?? 0,
    at: portfolio.now,
    ...(order.leg === null ? {} : { option: optionOf(order.instrument, order.leg) }),
    ...(order.contractMonth === null ? {} : { contractMonth: order.contractMonth }),
    ...(order.triggerPrice === null ? {} : { triggerPrice: order.triggerPrice }),
  }
}

function optionOf(underlying: string, { kind, strike, expiry }: Leg): Option {
  return { underlying, kind, strike, expiry }
}

/** Returns what names `order` at its venue. */
export function referenceTo(portfolio: Portfolio, order: Order): OrderReference {
  return {
    clientOrderId: clientOrderId(portfolio.id, order.id),
    venueOrderId: order.venueOrderId,
    instrument: tradedName(order),
    trace: {
      side: order.side,
      lots: order.lots,
      since: order.createdAt,
      filledLots: order.filledLots,
      filledValue: order.filledValue,
    },
  }
}
