import { unreachable } from '../../../core/invariant.js'
import type { OrderAnswer, ReportListener, VenueOrder } from '../broker.js'
import type { OrderUpdate } from './order-stream.js'
import type { SentOrder, SentOrders } from './sent-orders.js'

/** What following orders depends on. */
export interface OrderFollowerOptions {
  readonly sent: SentOrders
  /** Returns what the books show of an order; may throw. */
  readonly lookUp: (order: SentOrder, venueOrderId: string) => Promise<OrderAnswer>
  readonly report: ReportListener
  /** Milliseconds after which an end that one read does not prove is looked at again. */
  readonly lookAgainAfter: number
}

/**
 * Has an order that an update names read from the books at once, and reports what they show: an update tells when to
 * look, and the trades, which it does not tell one by one, come from the trade book as at any other time.
 */
export class OrderFollower {
  readonly #options: OrderFollowerOptions
  /** What was heard last of an order, and how many of its trades were reported. */
  readonly #heard = new Map<
    string,
    { last: string; reported: number; isLooking: boolean; isAgain: boolean }
  >()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isOver = false

  constructor(options: OrderFollowerOptions) {
    this.#options = options
  }

  /** Takes up an update. What is none of ours, and what was told before, is let pass. */
  hear(update: OrderUpdate): void {
    const { venueOrderId, status, filledQuantity, rejectionReason } = update
    const order = this.#options.sent.ofVenue(venueOrderId)
    if (order === null || this.#isOver) return
    if (rejectionReason !== null) order.rejectionReason = rejectionReason
    const told = `${status} ${filledQuantity}`
    const heard = this.#of(venueOrderId)
    if (heard.last === told) return
    heard.last = told
    this.#look(order, venueOrderId)
  }

  /** Looks at nothing any more. */
  close(): void {
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #of(venueOrderId: string) {
    const known = this.#heard.get(venueOrderId)
    if (known !== undefined) return known
    // A day's orders are far fewer; what is forgotten is reported again, which adds nothing
    if (this.#heard.size > 10_000) this.#heard.clear()
    const heard = { last: '', reported: 0, isLooking: false, isAgain: false }
    this.#heard.set(venueOrderId, heard)
    return heard
  }

  /** One look at a time at an order; what comes meanwhile has it looked at once more. */
  #look(order: SentOrder, venueOrderId: string): void {
    const heard = this.#of(venueOrderId)
    heard.isAgain = heard.isLooking
    if (heard.isLooking || this.#isOver) return
    heard.isLooking = true
    const done = () => {
      heard.isLooking = false
      if (heard.isAgain) this.#look(order, venueOrderId)
    }
    // What cannot be read now is found by the poll
    void this.#report(order, venueOrderId).then(done, done)
  }

  async #report(order: SentOrder, venueOrderId: string): Promise<void> {
    const answer = await this.#options.lookUp(order, venueOrderId)
    if (answer.kind !== 'found' || this.#isOver) return
    const { clientOrderId } = order
    const heard = this.#of(venueOrderId)
    const { fills, status } = answer.order
    for (const fill of fills.slice(heard.reported)) {
      this.#options.report({ kind: 'fill', clientOrderId, fill })
    }
    heard.reported = fills.length
    if (status === 'working' && isEnd(heard.last)) this.#lookLater(order, venueOrderId)
    else this.#reportEnd(clientOrderId, answer.order)
  }

  #reportEnd(clientOrderId: string, { status, code, message }: VenueOrder): void {
    const { report } = this.#options
    switch (status) {
      case 'working':
      case 'filled':
        return
      case 'canceled':
        report({ kind: 'canceled', clientOrderId, reason: code ?? 'CANCELED' })
        return
      case 'rejected':
        report({ kind: 'rejected', clientOrderId, code: code ?? 'REJECTED', message: message ?? '' })
        return
      case 'expired':
        report({ kind: 'expired', clientOrderId })
        return
      default:
        unreachable(status)
    }
  }

  #lookLater(order: SentOrder, venueOrderId: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#look(order, venueOrderId)
    }, this.#options.lookAgainAfter).unref()
    this.#timers.add(timer)
  }
}

function isEnd(told: string): boolean {
  return /^(cancell?ed|rejected|expired)/.test(told)
}
