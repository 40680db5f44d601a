import { isStillWanted } from '../../core/order/dispatch.js'
import { mayBeAtVenue, type Order } from '../../core/order/order.js'
import { backoffAfter, type OrderDeskOptions } from './desk-options.js'
import type { Dispatcher } from './dispatcher.js'
import type { Escalations } from './escalations.js'
import { referenceTo } from './order-request.js'
import type { Reporter } from './reporter.js'
import { SingleFlight } from './single-flight.js'

interface Case {
  /** Monotonic time of the first look here, which is later than the send: waits counted from it are long enough. */
  readonly since: number
  asked: number
  /** Monotonic time before which the venue is not asked again. */
  notBefore: number
}

/** Whom a resolver works with. */
export interface ResolverParts {
  readonly reporter: Reporter
  readonly escalations: Escalations
  readonly dispatcher: Dispatcher
}

/**
 * Finds out what became of orders whose fate is unknown. The venue is asked; what it shows is adopted, whatever class it
 * is. What it does not show proves something only within what it promises: where absence can be proven after a time,
 * after that time. Until then, and for ever where it cannot, the order stays unknown and the asking goes on; a person is
 * called. Where the key is unique for good (A) an order that is still wanted is sent again meanwhile, as a second request
 * can only find the first.
 */
export class Resolver {
  readonly #options: OrderDeskOptions
  readonly #reporter: Reporter
  readonly #escalations: Escalations
  readonly #dispatcher: Dispatcher
  readonly #cases = new Map<string, Case>()
  readonly #asking = new SingleFlight()

  constructor(options: OrderDeskOptions, { reporter, escalations, dispatcher }: ResolverParts) {
    this.#options = options
    this.#reporter = reporter
    this.#escalations = escalations
    this.#dispatcher = dispatcher
  }

  /** Asks the venue about the order if it is unresolved and its next question is due; never throws. */
  async resolve(order: Order): Promise<void> {
    if (order.state !== 'unresolved') return
    const { log, monotonic } = this.#options
    const failed = (error: unknown) =>
      log.warn({ err: error, order: order.id }, 'A question about an order failed; it will be asked again')
    const ask = async () => {
      const found = this.#caseOf(order)
      if (found.notBefore <= monotonic()) await this.#ask(order, found)
    }
    await this.#asking.run(order.id, ask, failed)
  }

  /** Forgets the orders that are resolved. */
  forget(stateOf: (orderId: string) => Order | undefined): void {
    for (const key of this.#cases.keys()) {
      const order = stateOf(key.slice(0, key.lastIndexOf('#')))
      if (order === undefined || !mayBeAtVenue(order.state) || keyOf(order) !== key) this.#cases.delete(key)
    }
  }

  async #ask(order: Order, found: Case): Promise<void> {
    const { broker, sequencer, monotonic, timings } = this.#options
    found.asked += 1
    const askedAt = monotonic()
    const answer = await broker.order(referenceTo(sequencer.state(), order))
    found.notBefore = monotonic() + backoffAfter(found.asked, timings)
    const age = askedAt - found.since
    switch (answer.kind) {
      case 'found':
        return this.#reporter.reportShown(order.id, answer.order)
      case 'absent':
        return this.#isAskedFor(order, found) ? this.#settleAbsence(order, age) : undefined
      case 'unknown':
        if (age < timings.escalateAfter) return
        return this.#escalations.call(
          order,
          `its fate is unknown for ${Math.round(age / 1000)} s: ${answer.cause}`,
        )
    }
  }

  /** Whether the answer is still about the last request: what left while the venue was asked is not absent. */
  #isAskedFor({ id }: Order, found: Case): boolean {
    const order = this.#options.sequencer.state().orders.get(id)
    const isSame = order?.state === 'unresolved' && this.#cases.get(keyOf(order)) === found
    return isSame && !this.#dispatcher.isResending(id)
  }

  /** `age`: milliseconds, at least as long as the order may have been on its way when the venue was asked. */
  async #settleAbsence(order: Order, age: number): Promise<void> {
    const { broker, clock, timings } = this.#options
    const { resendClass, absenceProvenAfterMs } = broker.capabilities
    if (absenceProvenAfterMs !== null && absenceProvenAfterMs <= age) {
      return this.#reporter.report(order.id, [{ kind: 'absent', orderId: order.id }])
    }
    if (resendClass === 'A') {
      if (isStillWanted(order)) this.#dispatcher.resend(order)
      if (clock.now() - order.createdAt < timings.escalateAfter) return
    } else if (absenceProvenAfterMs !== null) return
    await this.#escalations.call(
      order,
      'the venue does not show it, which does not prove that it does not exist',
    )
  }

  #caseOf(order: Order): Case {
    const key = keyOf(order)
    const known = this.#cases.get(key)
    if (known !== undefined) return known
    const opened: Case = { since: this.#options.monotonic(), asked: 0, notBefore: 0 }
    this.#cases.set(key, opened)
    return opened
  }
}

function keyOf(order: Order): string {
  return `${order.id}#${order.attempt}`
}
