import type { OrderReport } from '../../core/order/report.js'
import type { VenueOrder, VenueReport } from '../brokers/broker.js'
import { ClientOrderIndex } from './client-order-index.js'
import type { OrderDeskOptions } from './desk-options.js'
import { reportId } from './input-ids.js'
import { newReports, reportOf, reportsOfOrder } from './venue-reports.js'

/** How many keys of orders that are not ours are remembered, so that each is an alarm once. */
const STRANGERS_MOST = 1_000

/** Turns what the venue tells into inputs, each fact once. */
export class Reporter {
  readonly #options: OrderDeskOptions
  readonly #index: ClientOrderIndex
  readonly #strangers = new Set<string>()

  constructor(options: OrderDeskOptions) {
    this.#options = options
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
    const { sequencer, log } = this.#options
    const order = sequencer.state().orders.get(orderId)
    const told = order === undefined ? reports : newReports(order, reports)
    if (told.length === 0) return
    const id = reportId(orderId, order?.attempt ?? 0, told)
    try {
      await sequencer.submit({ type: 'BrokerReported', id, reports: told })
    } catch (error) {
      log.warn(
        { err: error, order: orderId },
        'A report of the broker was not recorded; it will be asked for again',
      )
    }
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
