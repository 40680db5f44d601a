import type { Alert, EntryAlert, ExitAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import type { Decision } from '../../core/decision.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { Input, OperatorCommand } from '../../core/input.js'
import { step } from '../../core/kernel.js'
import type { OrderReport } from '../../core/order/report.js'
import { emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { settings } from './settings.js'

type Unstamped<T> = T extends unknown ? Omit<T, 'id' | 'at'> : never

/** A portfolio at a desk of its own: inputs in, events out, no database and no broker but the test. */
export class Desk {
  readonly portfolio: Portfolio
  /** Everything that was put in and that came out, in order. */
  readonly log: { input: Input; events: PortfolioEvent[] }[] = []
  now: number
  #count = 0

  constructor(using: PortfolioSettings = settings(), deposit = 10_000_000, now = Date.UTC(2026, 0, 5, 6)) {
    this.portfolio = emptyPortfolio(using.portfolio)
    this.now = now
    this.give({ type: 'ConfigurationActivated', hash: 'h1', settings: using })
    this.command({ kind: 'cash', movement: 'deposit', amount: decimal(deposit), note: null })
  }

  give(input: Unstamped<Input>): PortfolioEvent[] {
    this.#count += 1
    const stamped = { ...input, id: `A-${this.#count}`, at: this.now } as Input
    const events = step(this.portfolio, stamped)
    this.log.push({ input: stamped, events })
    return events
  }

  alert(alert: Alert, conflict = false): PortfolioEvent[] {
    return this.give({ type: 'AlertAdmitted', alert, conflict, quote: null })
  }

  command(command: OperatorCommand): PortfolioEvent[] {
    return this.give({ type: 'OperatorCommanded', command })
  }

  report(...reports: OrderReport[]): PortfolioEvent[] {
    return this.give({ type: 'BrokerReported', reports })
  }

  entry(instrument: string, price: number, atr: number, changes: Partial<EntryAlert> = {}): PortfolioEvent[] {
    return this.alert({
      type: 'BASE_ENTRY',
      instrument,
      price,
      atr,
      stop: null,
      er: 1,
      label: 'Long_1',
      timestamp: this.now,
      barTime: null,
      ...changes,
    })
  }

  pyramid(instrument: string, price: number, atr: number, label: string): PortfolioEvent[] {
    return this.entry(instrument, price, atr, { type: 'PYRAMID', label })
  }

  exit(instrument: string, label = 'ALL', changes: Partial<ExitAlert> = {}): PortfolioEvent[] {
    return this.alert({
      type: 'EXIT',
      instrument,
      label,
      price: null,
      reason: null,
      timestamp: this.now,
      barTime: null,
      flags: [],
      ...changes,
    })
  }

  bar(instrument: string, close: number, atr: number): PortfolioEvent[] {
    return this.alert({
      type: 'MARKET_DATA',
      instrument,
      price: close,
      atr,
      timestamp: this.now,
      barTime: null,
    })
  }

  /** Sends every initialized order and fills it whole at its reference price. */
  fillAll(): PortfolioEvent[] {
    const events: PortfolioEvent[] = []
    for (const order of this.send()) {
      events.push(...this.fill(order, 1))
    }
    return events
  }

  /** Records every initialized order as submitted and accepted; returns their ids. */
  send(): string[] {
    const waiting = [...this.portfolio.orders.values()].filter((order) => order.state === 'initialized')
    const ids = waiting.map((order) => order.id)
    if (ids.length > 0) this.give({ type: 'OrdersDue', orderIds: ids })
    const sent = ids.filter((id) => this.portfolio.orders.get(id)?.state === 'submitted')
    for (const id of sent) this.report({ kind: 'accepted', orderId: id, venueOrderId: `v-${id}` })
    return sent
  }

  /** Fills `share` of what is left of the order, in whole lots, at `price` or its reference price. */
  fill(orderId: string, share: number, price?: number): PortfolioEvent[] {
    const order = this.portfolio.orders.get(orderId)!
    const left = order.lots.minus(order.filledLots).toNumber()
    const lots = decimal(Math.max(1, Math.floor(left * share)))
    const tradeId = `t-${orderId}-${order.tradeIds.length + 1}`
    return this.report({
      kind: 'fill',
      orderId,
      tradeId,
      lots,
      price: decimal(price ?? order.referencePrice),
      fee: decimal(0),
      at: this.now,
    })
  }

  wait(ms: number): this {
    this.now += ms
    return this
  }
}

/** Returns the one decision among `events`. */
export function decisionIn(events: readonly PortfolioEvent[]): Decision {
  const made = decisionsIn(events)
  if (made.length !== 1) throw new Error(`expected one decision, found ${made.length}`)
  return made[0]!
}

/** Returns the decisions among `events`. */
export function decisionsIn(events: readonly PortfolioEvent[]): Decision[] {
  return events.flatMap((event) => (event.type === 'DecisionMade' ? [event.decision] : []))
}
