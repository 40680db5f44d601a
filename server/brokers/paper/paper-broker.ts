import { setTimeout as delay } from 'node:timers/promises'
import type { Decimal } from '../../../core/decimal.js'
import type { Instant } from '../../../core/time.js'
import type {
  Broker,
  BrokerCapabilities,
  CancelOutcome,
  OrderAnswer,
  OrderReference,
  OrderRequest,
  ReportListener,
  SubmitOutcome,
  Unknown,
  VenueOrder,
} from '../broker.js'
import { happens } from './draw.js'
import { type PaperOrder, showOrder } from './paper-order.js'
import type { PaperSettings } from './paper-settings.js'
import type { PaperStore } from './paper-store.js'
import { planOrder } from './plan-order.js'
import { ReportStream, shuffle } from './report-stream.js'
import { WriteGroup } from './write-group.js'

/** What the paper venue depends on. */
export interface PaperBrokerOptions {
  readonly store: PaperStore
  readonly settings: PaperSettings
  readonly clock: { readonly now: () => Instant }
  /** Default: what it keeps, class A with absence proven at once. It may promise less, as other venues do. */
  readonly capabilities?: BrokerCapabilities
}

/**
 * A venue of our own: a book that survives restarts, one order per client order id for ever (class A), positions from
 * its own trades, and on request the faults of real venues, drawn from a seed.
 */
export class PaperBroker implements Broker {
  readonly name = 'paper'
  readonly capabilities: BrokerCapabilities
  readonly #store: PaperStore
  readonly #settings: PaperSettings
  readonly #clock: PaperBrokerOptions['clock']
  readonly #arrivals: WriteGroup<PaperOrder, PaperOrder>
  readonly #reports: ReportStream
  /** How often something was asked in vain: the same question does not meet the same fault for ever. */
  readonly #asked = new Map<string, number>()
  /** Cancels under way. Reads wait for them: what an order would have done after its cancel is never shown. */
  readonly #canceling = new Map<string, Promise<unknown>>()

  constructor({ store, settings, clock, capabilities }: PaperBrokerOptions) {
    this.capabilities = capabilities ?? { resendClass: 'A', absenceProvenAfterMs: 0, restsStops: true }
    this.#store = store
    this.#settings = settings
    this.#clock = clock
    this.#arrivals = new WriteGroup((orders) => store.add(orders))
    this.#reports = new ReportStream({ look: (id) => this.#look(id), faults: settings.faults, clock })
  }

  async submit(request: OrderRequest, deadline: AbortSignal): Promise<SubmitOutcome> {
    const { seed, lostRequestRate, lostAnswerRate } = this.#settings.faults
    const { clientOrderId, attempt } = request
    if (happens(lostRequestRate, seed, clientOrderId, 'request', attempt)) return NO_ANSWER
    const stored = await this.#arrive(request, deadline)
    if ('kind' in stored) return stored
    if (!(await this.#answersBy(clientOrderId, deadline))) return TOO_LATE
    const answered = !happens(lostAnswerRate, seed, clientOrderId, 'answer', attempt)
    this.#reports.announce(stored, answered)
    return answered ? this.#answer(stored) : NO_ANSWER
  }

  async cancel(reference: OrderReference): Promise<CancelOutcome> {
    const { seed, lostRequestRate, lostAnswerRate } = this.#settings.faults
    const { clientOrderId } = reference
    const question = `cancel ${clientOrderId}`
    const time = this.#ask(question)
    if (happens(lostRequestRate, seed, question, 'request', time)) return NO_ANSWER
    const cancel = await this.#cancelOnce(clientOrderId)
    if (happens(lostAnswerRate, seed, question, 'answer', time)) return NO_ANSWER
    this.#asked.delete(question)
    if (cancel === null) return { kind: 'absent' }
    if ('kind' in cancel) return cancel
    return cancel.canceled ? { kind: 'canceled', order: cancel.order } : { kind: 'tooLate' }
  }

  async order(reference: OrderReference): Promise<OrderAnswer> {
    const { clientOrderId } = reference
    if (this.#readFails(`order ${clientOrderId}`)) return NO_ANSWER
    const found = await this.#look(clientOrderId).catch(unknownOutcome)
    if (found === null) return { kind: 'absent' }
    return 'kind' in found ? found : { kind: 'found', order: found }
  }

  async orders(since: Instant): Promise<readonly VenueOrder[]> {
    if (this.#readFails('orders'))
      throw new Error('The paper venue did not answer the question for its orders')
    await Promise.all(this.#canceling.values())
    const now = this.#clock.now()
    const orders = await this.#store.changedSince(since)
    return orders.map((order) => this.#show(order, now))
  }

  async positions(): Promise<Readonly<Record<string, Decimal>>> {
    if (this.#readFails('positions')) {
      throw new Error('The paper venue did not answer the question for its positions')
    }
    await Promise.all(this.#canceling.values())
    return this.#store.positions(this.#clock.now())
  }

  async averagePrices(): Promise<Readonly<Record<string, Decimal>>> {
    return this.#store.averagePrices(this.#clock.now())
  }

  async see(instrument: string, price: number): Promise<void> {
    for (const id of await this.#store.reachStops(instrument, price, this.#clock.now())) {
      const order = await this.#store.find(id)
      if (order !== null) this.#reports.announce(order, false)
    }
  }

  onReport(listener: ReportListener): void {
    this.#reports.listen(listener)
  }

  async close(): Promise<void> {
    this.#reports.close()
    await this.#arrivals.settled()
  }

  /** Returns what the book has after the order arrived; unknown when the book failed, or took too long. */
  async #arrive(request: OrderRequest, deadline: AbortSignal): Promise<PaperOrder | Unknown> {
    const arrival = this.#arrivals.add(planOrder(request, this.#settings, this.#clock.now()))
    const overdue = new Promise<Unknown>((resolve) => {
      const giveUp = () => resolve(TOO_LATE)
      if (deadline.aborted) giveUp()
      else deadline.addEventListener('abort', giveUp, { once: true })
    })
    return Promise.race([arrival.catch(unknownOutcome), overdue])
  }

  /** Takes as long as the faults say; resolves to whether that is before the deadline. */
  async #answersBy(clientOrderId: string, deadline: AbortSignal): Promise<boolean> {
    const { seed, slowAnswerRate, slowAnswerMs } = this.#settings.faults
    if (!happens(slowAnswerRate, seed, clientOrderId, 'slow')) return true
    return delay(slowAnswerMs, true, { signal: deadline, ref: false }).catch(() => false)
  }

  #answer(order: PaperOrder): SubmitOutcome {
    const { status, code, message, venueOrderId, fills } = this.#show(order, this.#clock.now())
    if (status === 'rejected') return { kind: 'refused', code: code ?? 'REJECTED', message: message ?? '' }
    return { kind: 'accepted', venueOrderId, fills }
  }

  /** Returns what the venue shows of an order at the instant of the question, whatever happens until it is read. */
  async #look(clientOrderId: string): Promise<VenueOrder | null> {
    await this.#canceling.get(clientOrderId)
    const now = this.#clock.now()
    const found = await this.#store.find(clientOrderId)
    return found === null ? null : this.#show(found, now)
  }

  /** Returns what the cancel came to, with the order as it is shown at that instant. */
  async #cancelOnce(clientOrderId: string) {
    await this.#canceling.get(clientOrderId)
    const at = this.#clock.now()
    const canceling = this.#store.cancel(clientOrderId, at, 'Canceled on request').catch(unknownOutcome)
    this.#canceling.set(clientOrderId, canceling)
    const cancel = await canceling
    this.#canceling.delete(clientOrderId)
    return cancel === null || 'kind' in cancel ? cancel : { ...cancel, order: this.#show(cancel.order, at) }
  }

  /** Shows the order at an instant, its trades in a drawn order where the faults say so. */
  #show(order: PaperOrder, at: Instant): VenueOrder {
    const shown = showOrder(order, at)
    const { seed, shuffledReportRate } = this.#settings.faults
    if (!happens(shuffledReportRate, seed, order.clientOrderId, 'shuffle')) return shown
    return { ...shown, fills: shuffle(shown.fills, seed, order.clientOrderId) }
  }

  #readFails(question: string): boolean {
    const { seed, failedReadRate } = this.#settings.faults
    if (failedReadRate === 0) return false
    const fails = happens(failedReadRate, seed, question, this.#ask(question))
    if (!fails && question.startsWith('order ')) this.#asked.delete(question)
    return fails
  }

  #ask(question: string): number {
    const time = (this.#asked.get(question) ?? 0) + 1
    this.#asked.set(question, time)
    return time
  }
}

const NO_ANSWER: Unknown = { kind: 'unknown', cause: 'The venue did not answer' }
const TOO_LATE: Unknown = { kind: 'unknown', cause: 'The venue did not answer in time' }

function unknownOutcome(error: unknown): Unknown {
  return {
    kind: 'unknown',
    cause: `The venue's book failed: ${error instanceof Error ? error.message : String(error)}`,
  }
}
