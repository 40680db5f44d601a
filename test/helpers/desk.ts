import type { Alert, EntryAlert, ExitAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import type { Decision } from '../../core/decision.js'
import type { EventType, PortfolioEvent } from '../../core/event.js'
import type { Input, OperatorCommand, Quote } from '../../core/input.js'
import { evolve, observe, step } from '../../core/kernel.js'
import type { Order, OrderState } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import type { Book } from '../../core/portfolio/book.js'
import { bookOf, emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import type { Unit } from '../../core/portfolio/unit.js'
import type { Gate, GateCode } from '../../core/risk/gate.js'
import type { TradingState } from '../../core/risk/trading-state.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { settings } from './settings.js'

type Unstamped<T> = T extends unknown ? Omit<T, 'id' | 'at'> : never

/** A portfolio at a desk of its own: inputs in, events out, no database and no broker but the test. */
export class Desk {
  readonly portfolio: Portfolio
  /** Everything that was put in and that came out, in order. */
  readonly log: { input: Input; events: readonly PortfolioEvent[] }[] = []
  now: number
  #count = 0

  constructor(using: PortfolioSettings = settings(), deposit = 10_000_000, now = Date.UTC(2026, 0, 5, 6)) {
    this.portfolio = emptyPortfolio(using.portfolio)
    this.now = now
    this.give({ type: 'ConfigurationActivated', hash: 'h1', settings: using })
    this.command({ kind: 'cash', movement: 'deposit', amount: decimal(deposit), note: null })
  }

  give(input: Unstamped<Input>): readonly PortfolioEvent[] {
    this.#count += 1
    const stamped = { ...input, id: `A-${this.#count}`, at: this.now } as Input
    const events = step(this.portfolio, stamped)
    this.log.push({ input: stamped, events })
    return events
  }

  alert(alert: Alert, conflict = false, quote: Quote | null = null): readonly PortfolioEvent[] {
    return this.give({ type: 'AlertAdmitted', alert, conflict, quote })
  }

  book(instrument: string): Book {
    return bookOf(this.portfolio, instrument)
  }

  /** Returns the open unit with this number. Throws when there is none. */
  unit(instrument: string, number = 1): Unit {
    const found = this.book(instrument).units.find((unit) => unit.number === number)
    if (found === undefined) throw new Error(`${instrument} holds no unit ${number}`)
    return found
  }

  /** Returns the only order in one of these states. Throws when there is none or more than one. */
  orderIn(...states: OrderState[]): Order {
    const found = [...this.portfolio.orders.values()].filter((order) => states.includes(order.state))
    if (found.length !== 1) throw new Error(`expected one order, found ${found.length}`)
    return found[0]!
  }

  /** Sets the trading state. */
  trade(state: TradingState): readonly PortfolioEvent[] {
    return this.command({ kind: 'tradingState', state, reason: 'a test' })
  }

  /** Lets the broker say what it holds, lots by instrument. */
  account(positions: Readonly<Record<string, number>>): readonly PortfolioEvent[] {
    const lots = Object.entries(positions).map(([name, count]) => [name, decimal(count)])
    return this.give({ type: 'AccountObserved', positions: Object.fromEntries(lots) })
  }

  /** Returns a second portfolio, folded from what was put in and what came out, without deciding anything. */
  refold(): Portfolio {
    const folded = emptyPortfolio(this.portfolio.id)
    for (const { input, events } of this.log) {
      observe(folded, input)
      for (const event of events) evolve(folded, event)
    }
    return folded
  }

  command(command: OperatorCommand): readonly PortfolioEvent[] {
    return this.give({ type: 'OperatorCommanded', command })
  }

  report(...reports: OrderReport[]): readonly PortfolioEvent[] {
    return this.give({ type: 'BrokerReported', reports })
  }

  entry(
    instrument: string,
    price: number,
    atr: number,
    changes: Partial<EntryAlert> = {},
  ): readonly PortfolioEvent[] {
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

  pyramid(instrument: string, price: number, atr: number, label: string): readonly PortfolioEvent[] {
    return this.entry(instrument, price, atr, { type: 'PYRAMID', label })
  }

  exit(instrument: string, label = 'ALL', changes: Partial<ExitAlert> = {}): readonly PortfolioEvent[] {
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

  bar(instrument: string, close: number, atr: number): readonly PortfolioEvent[] {
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
  fillAll(): readonly PortfolioEvent[] {
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
  fill(orderId: string, share: number, price?: number): readonly PortfolioEvent[] {
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

/** Returns the gate with this code. Throws when the decision did not look at it. */
export function gateIn(decision: Decision, code: GateCode): Gate {
  const found = decision.gates.find(({ gate }) => gate === code)
  if (found === undefined) throw new Error(`the decision has no gate ${code}`)
  return found
}

/** Returns the events of this type among `events`. */
export function eventsOf<T extends EventType>(
  events: readonly PortfolioEvent[],
  type: T,
): Extract<PortfolioEvent, { type: T }>[] {
  return events.filter((event): event is Extract<PortfolioEvent, { type: T }> => event.type === type)
}

/** Returns the codes of the alarms among `events`. */
export function alarmsIn(events: readonly PortfolioEvent[]): string[] {
  return eventsOf(events, 'AlarmRaised').map(({ code }) => code)
}

/** Returns the decisions among `events`. */
export function decisionsIn(events: readonly PortfolioEvent[]): Decision[] {
  return events.flatMap((event) => (event.type === 'DecisionMade' ? [event.decision] : []))
}
