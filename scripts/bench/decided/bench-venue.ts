import { decimal, ZERO } from '../../../core/decimal.js'
import type { PortfolioEvent } from '../../../core/event.js'
import { digest } from '../../../core/ids.js'
import { remainingLots } from '../../../core/order/order.js'
import type { OrderReport } from '../../../core/order/report.js'
import type { Portfolio } from '../../../core/portfolio/portfolio.js'
import type { NewInput } from '../../../server/kernel/work.js'

/** What a venue needs of the portfolio that trades there. */
export interface Trader {
  readonly submit: (input: NewInput) => Promise<unknown>
  readonly state: () => Portfolio
  readonly now: () => number
}

/**
 * A venue in memory that fills every order at once, whole and at its price: it costs what it must, an input for the
 * orders that are sent and one for each that is filled, so that what is measured is the general.
 */
export class BenchVenue {
  readonly #trader: Trader
  readonly #onFill: (instrument: string) => void
  #due: string[] = []
  #fills = 0

  constructor(trader: Trader, onFill: (instrument: string) => void) {
    this.#trader = trader
    this.#onFill = onFill
  }

  /** Orders that were filled so far. */
  get fills(): number {
    return this.#fills
  }

  /** Follows what is recorded, as the dispatcher does. */
  follow(events: readonly PortfolioEvent[]): void {
    for (const event of events) {
      if (event.type === 'OrderInitialized') this.#send(event.orderId)
      else if (event.type === 'OrderSubmitted') this.#fill(event.orderId)
      else if (event.type === 'OrderFilled') this.#tell(event.orderId)
    }
  }

  /** Orders of one batch are sent together. */
  #send(orderId: string): void {
    this.#due.push(orderId)
    if (this.#due.length > 1) return
    setImmediate(() => {
      const orderIds = this.#due
      this.#due = []
      this.#submit({ type: 'OrdersDue', id: `X-${digest('due', ...orderIds)}`, orderIds })
    })
  }

  #fill(orderId: string): void {
    const order = this.#trader.state().orders.get(orderId)!
    const price = decimal(order.referencePrice)
    const reports: OrderReport[] = [
      { kind: 'accepted', orderId, venueOrderId: `V${orderId}` },
      {
        kind: 'fill',
        orderId,
        tradeId: 't-1',
        lots: remainingLots(order),
        price,
        fee: ZERO,
        at: this.#trader.now(),
      },
    ]
    this.#submit({ type: 'BrokerReported', id: `R-${digest('report', orderId)}`, reports })
  }

  #tell(orderId: string): void {
    this.#fills += 1
    const order = this.#trader.state().orders.get(orderId)
    if (order !== undefined) this.#onFill(order.instrument)
  }

  /** What is under way when the measurement ends is refused. */
  #submit(input: NewInput): void {
    this.#trader.submit(input).catch(() => undefined)
  }
}
