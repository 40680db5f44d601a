import type { RecordedEntry, RecordedEvent } from '../helpers/recorded-log.js'

/** Caps in percent of equity. */
export interface Caps {
  readonly heat: number
  readonly volatility: number
  readonly margin: number
}

interface EntryAtWork {
  readonly instrument: string
  readonly positionId: string
  readonly stopDistance: number
  readonly atr: number
  readonly pointValue: number
  readonly marginPerLot: number
  left: number
  lots: number
  value: number
}

interface HeldUnit {
  readonly entry: EntryAtWork
  stop: number
}

/**
 * What a portfolio has at stake, computed from the log alone and as plainly as possible: every lot that is held or may
 * still be bought, times what it risks. It knows nothing of how the service computes the same.
 */
export class ExposureLedger {
  /** What is wrong, one line each. */
  readonly findings: string[] = []
  /** The most that was ever at stake, in percent of equity. */
  readonly most = { heat: 0, volatility: 0, margin: 0 }
  readonly #caps: Caps
  readonly #atWork = new Map<string, EntryAtWork>()
  readonly #entries = new Map<string, EntryAtWork>()
  readonly #units = new Map<string, HeldUnit>()
  readonly #sales = new Map<string, string>()
  #equity = 0

  constructor(caps: Caps) {
    this.#caps = caps
  }

  /** Takes up recorded inputs in their order, and looks at the caps after every single event. */
  follow(entries: readonly RecordedEntry[]): void {
    for (const { seq, events } of entries) {
      for (const event of events) {
        this.#take(event, seq)
        this.#measure(`after ${event.type} of input ${seq}`)
      }
    }
  }

  #take(event: RecordedEvent, seq: number): void {
    switch (event.type) {
      case 'LedgerPosted':
        this.#equity += Number(event.amount)
        break
      case 'OrderInitialized':
        this.#order(event, seq)
        break
      case 'OrderFilled':
        this.#fill(event)
        break
      case 'UnitOpened':
        this.#units.set(event.positionId, { entry: this.#entries.get(event.orderId)!, stop: event.stop })
        break
      case 'StopRaised':
        this.#units.get(event.positionId)!.stop = event.stop
        break
      case 'OrderDenied':
      case 'OrderRejected':
      case 'OrderCanceled':
      case 'OrderExpired':
        this.#atWork.delete(event.orderId)
        break
      default:
    }
  }

  #order(event: Extract<RecordedEvent, { type: 'OrderInitialized' }>, seq: number): void {
    const { orderId, instrument, positionId, unit } = event
    if (unit === null) {
      this.#sales.set(orderId, positionId)
      return
    }
    const other = [...this.#atWork].find(([, entry]) => entry.instrument === instrument)
    if (other !== undefined) this.findings.push(`input ${seq}: ${orderId} while ${other[0]} is at work`)
    const { stopDistance, atr, pointValue, marginPerLot } = unit
    const sizes = { stopDistance, atr, pointValue, marginPerLot }
    const entry = { instrument, positionId, ...sizes, left: Number(event.lots), lots: 0, value: 0 }
    this.#atWork.set(orderId, entry)
    this.#entries.set(orderId, entry)
  }

  #fill({ orderId, lots, price }: Extract<RecordedEvent, { type: 'OrderFilled' }>): void {
    const count = Number(lots)
    const sold = this.#sales.get(orderId)
    if (sold !== undefined) {
      const { entry } = this.#units.get(sold)!
      entry.value -= (entry.value / entry.lots) * count
      entry.lots -= count
      if (entry.lots === 0) this.#units.delete(sold)
      return
    }
    const entry = this.#entries.get(orderId)!
    entry.left -= count
    entry.lots += count
    entry.value += count * Number(price)
    if (entry.left === 0) this.#atWork.delete(orderId)
  }

  #measure(when: string): void {
    let [heat, volatility, margin] = [0, 0, 0]
    for (const { left, stopDistance, atr, pointValue, marginPerLot } of this.#atWork.values()) {
      heat += left * stopDistance * pointValue
      volatility += left * atr * pointValue
      margin += left * marginPerLot
    }
    for (const { entry, stop } of this.#units.values()) {
      heat += Math.max(0, entry.value / entry.lots - stop) * entry.lots * entry.pointValue
      volatility += entry.atr * entry.lots * entry.pointValue
      margin += entry.lots * entry.marginPerLot
    }
    for (const [name, amount] of Object.entries({ heat, volatility, margin }) as [keyof Caps, number][]) {
      const percent = this.#equity > 0 ? (amount / this.#equity) * 100 : 0
      this.most[name] = Math.max(this.most[name], percent)
      // Doubles of another order of summing differ in their last digits
      if (percent <= this.#caps[name] * (1 + 1e-9)) continue
      this.findings.push(`${when}: ${name} is ${percent} % of equity, the cap is ${this.#caps[name]} %`)
    }
  }
}
