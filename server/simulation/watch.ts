import { type Decimal, ZERO } from '../../core/decimal.js'
import type { AlarmRaised, PortfolioEvent } from '../../core/event.js'
import type { Input } from '../../core/input.js'
import { optionName, readOptionName } from '../../core/instrument/synthetic.js'
import { evolve, observe } from '../../core/kernel.js'
import { emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import type { OrderRequest } from '../brokers/broker.js'
import { validateState } from '../recovery/validate-state.js'
import { isSameState } from './same-state.js'

/** Takes a line that tells what happened; it is made only when it is wanted. */
export type Trace = (line: () => string) => void

/** An input as it is recorded, with what it led to. */
export interface Recorded {
  readonly seq: number
  readonly input: Input
  readonly events: readonly PortfolioEvent[]
}

/** The venue never trades more than it was asked to, nor what it ended: that it seems so is a fault of ours. */
const SURPRISES: readonly string[] = ['OVERFILL', 'OVERSOLD', 'ORDER_RESURRECTED', 'UNKNOWN_ORDER']

/** Where memory has come off the log it stays so until the process ends, and comparing whole states is dear. */
const COMPARED_EVERY = 16

/** Looks on from outside, sees what no process sees, and notes what must never happen. */
export class Watch {
  readonly violations: string[] = []
  /** The fold of everything that is recorded. */
  readonly truth: Portfolio
  /** What a person was told to look at: instruments and orders. */
  readonly alarmed = new Set<string>()
  /** The venue's ids of orders that somebody else placed. */
  readonly foreign = new Set<string>()
  /** Instruments in which somebody else traded. */
  readonly foreignTrades = new Set<string>()
  /** Orders that were decided, and how often one's fate became unknown. */
  intents = 0
  unknown = 0
  readonly #stops = new Map<string, number>()
  readonly #attempts = new Map<string, number>()
  readonly #landed = new Map<string, number>()
  readonly #trace: Trace
  #compared = 0

  constructor(portfolio: string, trace: Trace) {
    this.truth = emptyPortfolio(portfolio)
    this.#trace = trace
  }

  /** Notes a violation. */
  note(violation: string): void {
    this.violations.push(violation)
    this.#trace(() => `VIOLATION ${violation}`)
  }

  /** Folds what was recorded, and looks at what must hold after it. */
  recorded(batch: readonly Recorded[]): void {
    for (const { seq, input, events } of batch) {
      this.#trace(() => `#${seq} ${input.type} ${input.id} -> ${events.map(({ type }) => type).join(' ')}`)
      try {
        observe(this.truth, input)
        for (const event of events) this.#fold(event)
      } catch (error) {
        this.note(`the log cannot be folded at ${seq}: ${error instanceof Error ? error.message : error}`)
      }
    }
    for (const broken of validateState(this.truth)) this.note(broken)
    this.#watchStops()
  }

  #fold(event: PortfolioEvent): void {
    evolve(this.truth, event)
    switch (event.type) {
      case 'OrderInitialized':
        this.intents += 1
        break
      case 'OrderSubmitted':
        this.#attempts.set(event.orderId, event.attempt)
        break
      case 'OrderUnresolved':
        this.unknown += 1
        break
      case 'OrderAccepted':
        if (this.foreign.has(event.venueOrderId))
          this.note(`${event.orderId} is taken for ${event.venueOrderId}, which somebody else placed`)
        break
      case 'AlarmRaised':
        this.alarm(event.instrument, event.subject)
        this.#lookAtAlarm(event)
        break
    }
  }

  #lookAtAlarm({ code, instrument, message }: AlarmRaised): void {
    const isFalse = code === 'POSITION_BREAK' && !this.#mayDiffer(instrument)
    if (isFalse || SURPRISES.includes(code)) this.note(`${code}: ${message}`)
  }

  /** Somebody else traded there, or nobody knows what became of an order. */
  #mayDiffer(instrument: string | null): boolean {
    if (this.foreignTrades.has(instrument ?? '')) return true
    const orders = [...this.truth.orders.values()]
    return orders.some((order) => order.instrument === instrument && order.state === 'unresolved')
  }

  /** Takes up that a person was told. */
  alarm(instrument: string | null | undefined, subject: string | null | undefined): void {
    for (const what of [instrument, subject]) if (what != null) this.alarmed.add(what)
  }

  #watchStops(): void {
    for (const { units } of this.truth.books.values()) {
      for (const { id, stop } of units) {
        if (stop < (this.#stops.get(id) ?? stop)) this.note(`the stop of ${id} fell to ${stop}`)
        this.#stops.set(id, stop)
      }
    }
  }

  /** Compares, now and then, what a process holds in memory with the fold of the log, when it holds exactly that. */
  compare(memory: Portfolio): void {
    this.#compared += 1
    if (this.#compared % COMPARED_EVERY !== 0) return
    if (!isSameState(memory, this.truth)) this.note('the state in memory is not the fold of the log')
  }

  /** A request is leaving the process: that it would must be recorded. */
  leaving({ orderId, attempt }: OrderRequest): void {
    if (this.#attempts.get(orderId) !== attempt)
      this.note(`attempt ${attempt} of ${orderId} leaves and is not recorded`)
  }

  /** The venue made an order of a request. */
  landed({ orderId }: OrderRequest): void {
    const count = (this.#landed.get(orderId) ?? 0) + 1
    this.#landed.set(orderId, count)
    if (count > 1) this.note(`${orderId} is at the venue ${count} times`)
  }

  /** An instrument was traded, and the account holds this after it. */
  traded(instrument: string, account: ReadonlyMap<string, Decimal>): void {
    const lotsOf = (name: string): Decimal => account.get(name) ?? ZERO
    const option = readOptionName(instrument)
    const [held, puts] =
      option === null
        ? [lotsOf(instrument), ZERO]
        : [lotsOf(optionName({ ...option, kind: 'call' })), lotsOf(optionName({ ...option, kind: 'put' }))]
    if (held.isLessThan(ZERO)) this.note(`${instrument} is oversold: ${held}`)
    if (held.plus(puts).isLessThan(ZERO))
      this.note(`${instrument}: ${puts} puts are without their ${held} calls`)
  }
}
