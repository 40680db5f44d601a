import type { ExternalOrder } from '../../core/input.js'
import { underlyingOf } from '../../core/instrument/synthetic.js'
import { tradedName } from '../../core/order/leg-orders.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { VenueOrder } from '../brokers/broker.js'

/**
 * Returns the working orders of a list that we did not place. Where a venue echoes no key of ours, an order may be ours
 * by the venue's id; and one of an instrument of which we wait for an answer may be ours although nothing says so yet.
 */
export function externalOrders(
  { orders }: Portfolio,
  shown: readonly VenueOrder[],
  isOurs: (clientOrderId: string) => boolean,
): ExternalOrder[] {
  const venueIds = new Set<string>()
  const awaited = new Set<string>()
  const working = shown.filter(({ status }) => status === 'working')
  if (working.length === 0) return []
  for (const order of orders.values()) {
    if (order.venueOrderId !== null) venueIds.add(order.venueOrderId)
    else if (isAtWork(order.state)) awaited.add(tradedName(order))
  }
  return working
    .filter((order) => !venueIds.has(order.venueOrderId))
    .filter((order) =>
      order.clientOrderId === null ? !awaited.has(order.instrument) : !isOurs(order.clientOrderId),
    )
    .map(({ venueOrderId, instrument, side, lots }) => {
      // A strange order for an option locks what it is an option on.
      return { venueOrderId, instrument: underlyingOf(instrument), side, lots }
    })
}

/** Returns whether the venue has told that it has the order, and nothing of its end. */
export function isAccepted({ state, venueOrderId }: Order): boolean {
  return venueOrderId !== null && (state === 'accepted' || state === 'partiallyFilled')
}
