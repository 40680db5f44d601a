import type { OrderReport } from '../../core/order/report.js'
import type { VenueOrder, VenueReport } from '../brokers/broker.js'
import { ClientOrderIndex } from './client-order-index.js'
import type { OrderDeskOptions } from './desk-options.js'
import { reportId } from './input-ids.js'
import type { OrderInputs } from './order-inputs.js'
import { newReports, reportOf, reportsOfOrder } from './venue-reports.js'

/** How many keys of orders that are not ours are remembered, so that each is an alarm once. */
const STRANGERS_MOST = 1_000

/** Turns what the venue tells into inputs, each fact once. */
export class Reporter {
  readonly #options: OrderDeskOptions
  readonly #inputs: OrderInputs
  readonly #index: ClientOrderIndex
  readonly #strangers = new Set<string>()

  constructor(options: OrderDeskOptions, inputs: OrderInputs) {
    this.#options = options
    this.#inputs = inputs
    this.#index = new ClientOrderIndex(() => options.sequencer.state())
  }

  /** Takes up an order that was made, so that the venue's reports about it are known to be ours. */
  expect(orderId: string): void {
    this.#index.add(orderId)
  }

  /**
   * Records what is new of the reports of one order, and resolves once that is committed. Never throws: a report that
   * could not be recorded is found again by the sweeper, as the venue still has it.
   */
  async report(orderId: string, reports: readonly OrderReport[]): Promise<void> {
    const order = this.#options.sequencer.state().orders.get(orderId)
    const told = order === undefined ? reports : newReports(order, reports)
    if (told.length === 0) return
    const id = reportId(orderId, order?.attempt ?? 0, told)
    const outcome = await this.#inputs.submit({ type: 'BrokerReported', id, reports: told })
    // One report that cannot be booked must not take the others with it.
    if (outcome !== 'putAside' || told.length === 1) return
    for (const report of told) await this.report(orderId, [report])
  }

  /** Records what the venue shows of an order of ours. */
  async reportShown(orderId: string, shown: VenueOrder): Promise<void> {
    await this.report(orderId, reportsOfOrder(orderId, shown))
  }

  /** Records what is new of the venue's orders, as far as they are ours; others are for the reconciliation. */
  async reportList(list: readonly VenueOrder[]): Promise<void> {
    const reported: Promise<void>[] = []
    for (const shown of list) {
      const orderId = shown.clientOrderId === null ? undefined : this.#index.find(shown.clientOrderId)
      if (orderId !== undefined) reported.push(this.reportShown(orderId, shown))
    }
    await Promise.all(reported)
  }

  /** Returns whether the venue knows an order of ours by this key. */
  knows(key: string): boolean {
    return this.#index.find(key) !== undefined
  }

  /** Records a report that the venue sent by itself. One that names no order of ours is an alarm, never dropped quietly. */
  async take(report: VenueReport): Promise<void> {
    const orderId = this.#index.find(report.clientOrderId)
    if (orderId !== undefined) return this.report(orderId, [reportOf(orderId, report)])
    if (this.#strangers.has(report.clientOrderId)) return
    if (this.#strangers.size === STRANGERS_MOST) this.#strangers.clear()
    this.#strangers.add(report.clientOrderId)
    const { portfolio, clock, broker, raise } = this.#options
    const message = `${broker.name} reports ${report.kind} for ${report.clientOrderId}, which is no order of portfolio ${portfolio}`
    const subject = report.clientOrderId
    await raise({
      code: 'REPORT_UNMATCHED',
      severity: 'critical',
      message,
      at: clock.now(),
      portfolio,
      subject,
    })
  }
}
