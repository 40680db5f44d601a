import type { OrdersDue } from '../../core/input.js'
import type { Order } from '../../core/order/order.js'
import type { NotSent, SubmitOutcome } from '../brokers/broker.js'
import { backoffAfter, type OrderDeskOptions } from './desk-options.js'
import { ordersDueId } from './input-ids.js'
import type { OrderInputs } from './order-inputs.js'
import { requestFor } from './order-request.js'
import type { RecordedOrders } from './recorded-orders.js'
import type { Reporter } from './reporter.js'
import { reportsOfOutcome } from './venue-reports.js'

/** Most orders of one OrdersDue. */
const BATCH_MAX = 128

type NewOrdersDue = Omit<OrdersDue, 'at'>

interface Sending {
  /** By the monotonic clock. */
  readonly sendBy: number
  readonly isResend: boolean
}

/** Whom a dispatcher works with. */
export interface DispatcherParts {
  readonly inputs: OrderInputs
  readonly reporter: Reporter
  readonly recorded: RecordedOrders
}

/**
 * Sends orders. That an order is about to be sent is an input like any other: it is decided and committed first, so
 * that a crash at any point leaves either an order that never left or one that is recorded as sent. What the broker
 * answers is the next input.
 *
 * A send begins at most `sendBy` after its recording was asked for, by the monotonic clock: that instant lies before the
 * commit, so a process that was stopped between the two, and may have lost its lease meanwhile, sends nothing.
 *
 * A resend is a send of an order whose fate is unknown, at a venue that takes the second request for the first. That it
 * did not leave says nothing of the first, so that nothing but the venue proves such an order absent.
 */
export class Dispatcher {
  readonly #options: OrderDeskOptions
  readonly #inputs: OrderInputs
  readonly #reporter: Reporter
  readonly #recorded: RecordedOrders
  /** Orders to be sent, in the order in which they were rung for. */
  readonly #due = new Set<string>()
  /** When sends under way are overdue, by order. */
  readonly #sending = new Map<string, number>()
  readonly #sends = new Set<Promise<void>>()
  /** Not before when an order is sent again, by order. */
  readonly #held = new Map<string, number>()
  /** Orders to be sent again while their fate is unknown. */
  readonly #resends = new Set<string>()
  #resendings = 0
  #running: Promise<void> | null = null
  #stopped = false

  constructor(options: OrderDeskOptions, { inputs, reporter, recorded }: DispatcherParts) {
    this.#options = options
    this.#inputs = inputs
    this.#reporter = reporter
    this.#recorded = recorded
  }

  /** Sends the orders if they are recorded as initialized and may be sent; others are left alone. */
  ring(orderIds: Iterable<string>): void {
    for (const orderId of orderIds) this.#due.add(orderId)
    if (this.#due.size > 0 && !this.#stopped) this.#running ??= this.#run()
  }

  /** Sends an order that was proven absent again, after a wait that grows with its attempts. */
  ringAgain(order: Order): void {
    const { monotonic, timings } = this.#options
    this.#hold(order.id, monotonic() + backoffAfter(order.attempt, timings))
  }

  /** Sends an order whose fate is unknown again after such a wait, if it is still wanted then. */
  resend(order: Order): void {
    if (this.#resends.has(order.id)) return
    this.#resends.add(order.id)
    this.ringAgain(order)
  }

  /** Returns whether this order is to be sent again while its fate is unknown. */
  isResending(orderId: string): boolean {
    return this.#resends.has(orderId)
  }

  /** Returns whether a send of this order is under way and not overdue. */
  isSending(orderId: string): boolean {
    const overdueAt = this.#sending.get(orderId)
    return overdueAt !== undefined && this.#options.monotonic() < overdueAt
  }

  /** Begins no further send, and resolves when those under way have ended and are recorded. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await Promise.all(this.#sends)
  }

  /** Resolves when nothing waits to be sent and no send is under way. */
  async settled(): Promise<void> {
    while (this.#running !== null || this.#sends.size > 0) {
      await this.#running
      await Promise.all(this.#sends)
    }
  }

  async #run(): Promise<void> {
    // What is rung for in the same turn goes in one batch.
    await Promise.resolve()
    while (this.#due.size > 0 && !this.#stopped) {
      const orders = this.#takeDue()
      if (orders.length > 0) await this.#dispatch(orders)
    }
    this.#running = null
  }

  #takeDue(): Order[] {
    const { orders } = this.#options.sequencer.state()
    const taken: Order[] = []
    for (const id of this.#due) {
      if (taken.length === BATCH_MAX) break
      this.#due.delete(id)
      const order = orders.get(id)
      if (order === undefined || !this.#isToGo(order)) {
        this.#held.delete(id)
        this.#resends.delete(id)
      } else if (!this.#isHeld(id)) {
        if (this.#maySend(order)) taken.push(order)
        // The resolver asks for it again
        else this.#resends.delete(id)
      }
    }
    return taken
  }

  #isToGo({ id, state }: Order): boolean {
    return state === 'initialized' || (state === 'unresolved' && this.#resends.has(id))
  }

  #isHeld(id: string): boolean {
    return this.#options.monotonic() < (this.#held.get(id) ?? 0)
  }

  #maySend(order: Order): boolean {
    const isWanted = order.state === 'unresolved' || this.#recorded.isToBeSent(order.id)
    return isWanted && this.#options.maySend(order)
  }

  async #dispatch(orders: readonly Order[]): Promise<void> {
    const { monotonic, timings } = this.#options
    const sendBy = monotonic() + timings.sendBy
    const resendIds = orders.filter(({ state }) => state === 'unresolved').map(({ id }) => id)
    const decided = await this.#inputs.submit(this.#ordersDue(orders, resendIds))
    for (const id of resendIds) this.#resends.delete(id)
    if (decided === 'notRecorded') return
    if (decided === 'putAside') {
      // One order that cannot be decided must not hold up the others.
      if (orders.length > 1) for (const order of orders) await this.#dispatch([order])
      return
    }
    // Repeated: these sends were recorded before, and may have begun. The sweeper finds out what became of them.
    if (decided.repeated) return
    for (const event of decided.events) {
      if (event.type !== 'OrderSubmitted') continue
      this.#begin(event.orderId, { sendBy, isResend: resendIds.includes(event.orderId) })
    }
  }

  #ordersDue(orders: readonly Order[], resendIds: readonly string[]): NewOrdersDue {
    const orderIds = orders.map((order) => order.id)
    if (resendIds.length === 0) return { type: 'OrdersDue', id: ordersDueId(orders, null), orderIds }
    this.#resendings += 1
    const id = ordersDueId(orders, `${this.#options.occasion} ${this.#resendings}`)
    return { type: 'OrdersDue', id, orderIds, resendIds }
  }

  #begin(orderId: string, how: Sending): void {
    const { answerBy } = this.#options.timings
    this.#held.delete(orderId)
    this.#sending.set(orderId, this.#options.monotonic() + 2 * answerBy)
    const send = this.#send(orderId, how).finally(() => {
      this.#sending.delete(orderId)
      this.#sends.delete(send)
    })
    this.#sends.add(send)
  }

  async #send(orderId: string, { sendBy, isResend }: Sending): Promise<void> {
    const outcome = await this.#submit(orderId, sendBy).catch(thrown)
    if (outcome.kind === 'notSent') this.#hold(orderId, this.#options.monotonic() + outcome.retryAfterMs)
    const told = isResend && outcome.kind === 'notSent' ? stillUnknown(outcome) : outcome
    await this.#reporter.report(orderId, reportsOfOutcome(orderId, told))
  }

  async #submit(orderId: string, sendBy: number): Promise<SubmitOutcome> {
    const { sequencer, broker, monotonic, timings, timers } = this.#options
    const portfolio = sequencer.state()
    const order = portfolio.orders.get(orderId)
    if (order === undefined) return { kind: 'unknown', cause: 'the order was forgotten before it was sent' }
    const request = requestFor(portfolio, order)
    const deadline = timers.deadline(timings.answerBy)
    if (sendBy < monotonic())
      return { kind: 'unknown', cause: `not sent: recording it took over ${timings.sendBy} ms` }
    return broker.submit(request, deadline)
  }

  #hold(orderId: string, notBefore: number): void {
    const until = Math.max(notBefore, this.#held.get(orderId) ?? 0)
    this.#held.set(orderId, until)
    const { monotonic, timers } = this.#options
    const wait = until - monotonic()
    if (wait <= 0) this.ring([orderId])
    else timers.after(wait, () => this.ring([orderId]))
  }
}

function stillUnknown({ cause }: NotSent): SubmitOutcome {
  return {
    kind: 'unknown',
    cause: `it did not leave again (${cause}), and its first request was not answered`,
  }
}

function thrown(error: unknown): SubmitOutcome {
  return {
    kind: 'unknown',
    cause: `the adapter failed: ${error instanceof Error ? error.message : String(error)}`,
  }
}
