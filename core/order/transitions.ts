import type { OrderState } from './order.js'

/**
 * Where an order may go from each state. Evidence comes late and in any order, so that a venue may end what was never
 * known to have arrived; but a request is recorded once an attempt, a fill is never undone, and what has ended only ever
 * fills. An order that its legs carry out is accepted at once, and denied when its first leg was.
 */
const NEXT: Readonly<Record<OrderState, readonly OrderState[]>> = {
  initialized: [
    ...(['submitted', 'accepted', 'partiallyFilled', 'filled'] as const),
    ...(['denied', 'canceled', 'rejected', 'expired'] as const),
  ],
  submitted: [
    ...(['initialized', 'unresolved', 'accepted', 'partiallyFilled', 'filled'] as const),
    ...(['canceled', 'rejected', 'expired'] as const),
  ],
  unresolved: [
    ...(['initialized', 'submitted', 'accepted', 'partiallyFilled', 'filled'] as const),
    ...(['canceled', 'rejected', 'expired'] as const),
  ],
  accepted: ['accepted', 'partiallyFilled', 'filled', 'canceled', 'rejected', 'expired', 'denied'],
  partiallyFilled: ['partiallyFilled', 'filled', 'canceled', 'rejected', 'expired'],
  filled: ['filled'],
  canceled: ['filled'],
  rejected: ['filled'],
  expired: ['filled'],
  denied: ['filled'],
}

/** Returns whether an order may go from one state to another. */
export function isLegalTransition(from: OrderState, to: OrderState): boolean {
  return NEXT[from].includes(to)
}
