import { setTimeout as delay } from 'node:timers/promises'
import { clientOrderId, digest } from '../../core/ids.js'
import type { ExternalOrder } from '../../core/input.js'
import { mayBeAtVenue } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { describeBreak } from '../../core/reconcile/break.js'
import { compareOrders, isNothingNew } from '../../core/reconcile/compare.js'
import { DAY, type Instant } from '../../core/time.js'
import type { Broker, VenueOrder } from '../brokers/broker.js'
import type { Clock } from '../clock.js'
import { reportId } from '../orders/input-ids.js'
import { referenceTo } from '../orders/order-request.js'
import { externalOrders, isAccepted } from '../orders/strangers.js'
import { newReports, reportsOfOrder } from '../orders/venue-reports.js'
import { readAccount } from './read-account.js'
import type { RecoverySteps } from './recovery-steps.js'

/** What comparing a portfolio with its venue depends on. */
export interface ReconcileContext {
  readonly steps: RecoverySteps
  readonly broker: Broker
  readonly clock: Clock
  /** Tells this recovery's inputs from those of another. */
  readonly occasion: string
  /** Milliseconds between the two looks at the positions that a break takes. */
  readonly settleMs: number
}

/** A position that differs from the broker's. */
export interface PositionBreak {
  readonly instrument: string
  readonly difference: string
  /** Seen twice with no fill between: the instrument is locked. */
  readonly isConfirmed: boolean
}

/** What comparing the orders came to. */
export interface ReconciledOrders {
  /** Ours whose fate is still unknown: the resolver goes on asking. */
  readonly unresolved: readonly string[]
  readonly external: readonly ExternalOrder[]
  /** Ours that the venue has accepted and does not show, asked for by name. */
  readonly missing: readonly string[]
}

/** Returns what the venue shows of the account's orders. Rejects when it could not be read in full. */
export async function readVenueOrders(context: ReconcileContext): Promise<readonly VenueOrder[]> {
  return context.broker.orders(earliestOfInterest(context))
}

function earliestOfInterest({ steps, clock }: ReconcileContext): Instant {
  const atVenue = [...steps.state().orders.values()].filter(({ state }) => mayBeAtVenue(state))
  return Math.min(clock.now() - DAY, ...atVenue.map(({ createdAt }) => createdAt))
}

/**
 * Records what the venue shows of our orders. An order that was being sent when the last run ended is unresolved until
 * the venue's evidence: that it is not in the list proves nothing, so the venue is asked for it by name.
 */
export async function reconcileOrders(
  context: ReconcileContext,
  shown: readonly VenueOrder[],
): Promise<ReconciledOrders> {
  await markUnanswered(context)
  const ours = await reportShown(context, shown)
  const missing = await askForTheRest(context, shown)
  const { steps } = context
  const orders = [...steps.state().orders.values()]
  const unresolved = orders.filter(({ state }) => state === 'unresolved').map(({ id }) => id)
  return { unresolved, external: externalOrders(steps.state(), shown, (key) => ours.has(key)), missing }
}

async function markUnanswered(context: ReconcileContext): Promise<void> {
  const cause = 'the service ended before the venue answered'
  for (const order of [...context.steps.state().orders.values()]) {
    if (order.state === 'submitted') {
      await report(context, order.id, [{ kind: 'unresolved', orderId: order.id, cause }])
    }
  }
}

/** Records what is shown of ours, and returns the keys under which the venue knows our orders. */
async function reportShown(
  context: ReconcileContext,
  shown: readonly VenueOrder[],
): Promise<ReadonlyMap<string, string>> {
  const { id: portfolio, orders } = context.steps.state()
  // Keys are hashes: none is made where the venue shows none
  const isKeyed = shown.some((order) => order.clientOrderId !== null)
  const ids = isKeyed ? [...orders.keys()] : []
  const ours = new Map(ids.map((orderId) => [clientOrderId(portfolio, orderId), orderId]))
  for (const order of shown) {
    const orderId = order.clientOrderId === null ? undefined : ours.get(order.clientOrderId)
    if (orderId !== undefined) await report(context, orderId, reportsOfOrder(orderId, order))
  }
  return ours
}

/** Returns the orders that the venue has accepted and shows neither in its list nor when asked for them. */
async function askForTheRest(context: ReconcileContext, shown: readonly VenueOrder[]): Promise<string[]> {
  const { steps, broker } = context
  const listed = new Set(shown.map((order) => order.clientOrderId))
  const missing: string[] = []
  for (const order of [...steps.state().orders.values()]) {
    if (order.hasLegs || !mayBeAtVenue(order.state)) continue
    const reference = referenceTo(steps.state(), order)
    if (listed.has(reference.clientOrderId)) continue
    const answer = await broker.order(reference)
    // What the venue does not show may still come: the resolver knows what that proves at this venue, and when
    if (answer.kind === 'found') await report(context, order.id, reportsOfOrder(order.id, answer.order))
    else if (answer.kind === 'absent' && isAccepted(order)) missing.push(order.id)
  }
  return missing
}

async function report(
  { steps }: ReconcileContext,
  orderId: string,
  reports: readonly OrderReport[],
): Promise<void> {
  const order = steps.state().orders.get(orderId)
  if (order === undefined) return
  const told = newReports(order, reports)
  if (told.length === 0) return
  const id = reportId(orderId, order.attempt, told)
  await steps.submit({ type: 'BrokerReported', id, reports: told })
}

/**
 * Compares what is held, and the orders that the venue shows, with our books, and returns the differences. One look may
 * fall between a trade and its report, so a difference is looked at twice; the second time the core locks its instrument.
 */
export async function comparePositions(
  context: ReconcileContext,
  orders: ReconciledOrders,
): Promise<PositionBreak[]> {
  const { steps, settleMs } = context
  await observeOrders(context, orders, 1)
  await observeAccount(context, 1)
  if ([...steps.state().breaks.values()].some(({ isConfirmed }) => !isConfirmed)) {
    await delay(settleMs)
    const again = await reconcileOrders(context, await readVenueOrders(context))
    await observeOrders(context, again, 2)
    await observeAccount(context, 2)
  }
  return breaksOf(steps.state())
}

/** Returns the differences from the broker that are seen, and not accepted. */
export function breaksOf({ breaks }: Portfolio): PositionBreak[] {
  return [...breaks.values()].map((found) => {
    const { instrument, isConfirmed } = found
    return { instrument, difference: describeBreak(found), isConfirmed }
  })
}

async function observeOrders(
  { steps, occasion }: ReconcileContext,
  { external, missing }: ReconciledOrders,
  look: number,
): Promise<void> {
  const seen = { external, missing }
  if (isNothingNew(compareOrders(steps.state(), seen, steps.state().now))) return
  const id = `V-${digest('orders', steps.state().id, occasion, String(look))}`
  await steps.submit({ type: 'VenueOrdersObserved', id, ...seen })
}

async function observeAccount({ steps, broker, occasion }: ReconcileContext, look: number): Promise<void> {
  const account = await readAccount(broker, () => steps.state())
  const id = `V-${digest('account', steps.state().id, occasion, String(look))}`
  await steps.submit({ type: 'AccountObserved', id, ...account })
}
