import type { PortfolioEvent } from '../../core/event.js'
import type { Order } from '../../core/order/order.js'
import { Canceler } from './canceler.js'
import { ORDER_TIMINGS, type OrderDeskOptions, type OrderTimings } from './desk-options.js'
import { Dispatcher } from './dispatcher.js'
import { Escalations } from './escalations.js'
import { OrderInputs } from './order-inputs.js'
import { OrderSurvey } from './order-survey.js'
import { Poller } from './poller.js'
import { RecordedOrders } from './recorded-orders.js'
import { Reporter } from './reporter.js'
import { Resolver } from './resolver.js'
import { Sweeper } from './sweeper.js'
import { systemTimers } from './timers.js'

/** What the orders of one portfolio are given; what is left out has its default. */
export type OrderDeskSetup = Omit<
  OrderDeskOptions,
  'occasion' | 'timings' | 'monotonic' | 'timers' | 'maySend' | 'quotesOf'
> & {
  readonly occasion?: string
  readonly timings?: Partial<OrderTimings>
  readonly monotonic?: OrderDeskOptions['monotonic']
  readonly timers?: OrderDeskOptions['timers']
  readonly maySend?: OrderDeskOptions['maySend']
  readonly quotesOf?: OrderDeskOptions['quotesOf']
}

/**
 * Takes the orders of one portfolio to their venue and brings back what became of them. Only the holder of the
 * portfolio's lease runs one, from the end of its recovery until it lets go.
 *
 * What was committed rings for the next thing to do at once; the sweeper finds it a beat later when the ring is lost.
 */
export class OrderDesk {
  readonly #options: OrderDeskOptions
  readonly #reporter: Reporter
  readonly #dispatcher: Dispatcher
  readonly #canceler: Canceler
  readonly #resolver: Resolver
  readonly #poller: Poller
  readonly #sweeper: Sweeper
  readonly #recorded = new RecordedOrders()
  #isOpen = false

  constructor(setup: OrderDeskSetup) {
    const options: OrderDeskOptions = {
      occasion: 'desk',
      monotonic: () => performance.now(),
      timers: systemTimers,
      maySend: () => true,
      quotesOf: async () => ({}),
      ...setup,
      timings: { ...ORDER_TIMINGS, ...setup.timings },
    }
    const inputs = new OrderInputs(options)
    const reporter = new Reporter(options, inputs)
    const escalations = new Escalations(options)
    const poller = new Poller(options, reporter, new OrderSurvey(options, inputs, reporter))
    this.#poller = poller
    this.#options = options
    this.#reporter = reporter
    this.#dispatcher = new Dispatcher(options, { inputs, reporter, recorded: this.#recorded })
    this.#canceler = new Canceler(options, { reporter, escalations, recorded: this.#recorded })
    this.#resolver = new Resolver(options, { reporter, escalations, dispatcher: this.#dispatcher })
    const [dispatcher, canceler, resolver] = [this.#dispatcher, this.#canceler, this.#resolver]
    this.#sweeper = new Sweeper(options, {
      dispatcher,
      canceler,
      resolver,
      poller,
      inputs,
      reporter,
      escalations,
      recorded: this.#recorded,
    })
    options.sequencer.onEvents((events) => this.#follow(events))
    options.broker.onReport?.((report) => {
      if (this.#isOpen) void reporter.take(report)
    })
  }

  /** Begins to send, to listen and to sweep. Nothing may be unrecorded then. */
  open(): void {
    this.#recorded.begin(this.#options.sequencer.state())
    this.#isOpen = true
    this.#sweeper.start()
  }

  /** Sends nothing further, and resolves when the sends under way are answered and recorded. */
  async close(): Promise<void> {
    this.#isOpen = false
    this.#sweeper.stop()
    await this.#dispatcher.stop()
  }

  /** Looks once for everything that is to be done, and resolves when it is done as far as the venue lets. */
  async sweep(): Promise<void> {
    await this.#sweeper.sweep()
    await this.#dispatcher.settled()
  }

  /** Reads the venue's orders, whether or not that may tell something. Rejects with the reason when they cannot be read. */
  readVenue(): Promise<void> {
    return this.#poller.readNow()
  }

  #follow(events: readonly PortfolioEvent[]): void {
    this.#recorded.follow(events)
    const due: string[] = []
    for (const event of events) {
      switch (event.type) {
        case 'OrderInitialized':
          this.#reporter.expect(event.orderId)
          due.push(event.orderId)
          break
        case 'OrderProvenAbsent':
          this.#with(event.orderId, (order) => this.#dispatcher.ringAgain(order))
          break
        case 'OrderUnresolved':
          this.#with(event.orderId, (order) => void this.#resolver.resolve(order))
          break
        case 'OrderAccepted':
        case 'OrderCancelRequested':
          this.#with(event.orderId, (order) => void this.#canceler.cancel(order))
          break
      }
    }
    if (this.#isOpen) this.#dispatcher.ring(due)
  }

  #with(orderId: string, act: (order: Order) => void): void {
    if (!this.#isOpen) return
    const order = this.#options.sequencer.state().orders.get(orderId)
    if (order !== undefined) act(order)
  }
}
