import { SECOND } from '../../core/time.js'
import type { RecordedEntry, RecordedEvent } from '../helpers/recorded-log.js'

type EventOf<T extends RecordedEvent['type']> = Extract<RecordedEvent, { type: T }>
type RecordedInput = RecordedEntry['input']
type ExitOf<Alert> = Alert extends { readonly type: 'EXIT' } ? Alert : never
type ExitAlert = ExitOf<Extract<RecordedInput, { type: 'AlertAdmitted' }>['alert']>

interface KnownOrder {
  readonly id: string
  readonly instrument: string
  readonly positionId: string
  readonly label: string | null
  readonly isEntry: boolean
  readonly lots: number
  readonly createdAt: number
  filled: number
  isLatched: boolean
}

interface KnownPosition {
  readonly id: string
  readonly instrument: string
  readonly label: string | null
  readonly entry: KnownOrder
  readonly openedAt: number
  sold: number
  isExiting: boolean
  notBefore: number
}

/**
 * What must be true of exits, checked on the log alone: nothing is sold that is not held, an exit reaches everything that
 * it names and nothing that is younger, and what an entry fills after its exit came is closed once it has ended.
 */
export class ExitLedger {
  /** What is wrong, one line each. */
  readonly findings: string[] = []
  /** What was met: a check of something that never happened proves nothing. */
  readonly met = { exits: 0, latches: 0, latchedFills: 0, olderExits: 0, closed: 0 }
  readonly #orders = new Map<string, KnownOrder>()
  readonly #working = new Set<KnownOrder>()
  readonly #positions = new Map<string, KnownPosition>()
  #seq = 0

  /** Takes up recorded inputs in their order. */
  follow(entries: readonly RecordedEntry[]): void {
    for (const { seq, input, events } of entries) {
      this.#seq = seq
      const named = this.#namedBy(input)
      for (const event of events) this.#take(event)
      this.#checkCancels(events)
      this.#checkAge(input, events)
      for (const check of named) check()
      this.#checkStanding(input.at)
    }
  }

  #find(what: string): void {
    this.findings.push(`input ${this.#seq}: ${what}`)
  }

  #take(event: RecordedEvent): void {
    switch (event.type) {
      case 'OrderInitialized':
        this.#make(event)
        break
      case 'OrderFilled':
        this.#fill(event)
        break
      case 'UnitOpened':
        this.#open(event)
        break
      case 'UnitClosed':
        this.#close(event.positionId)
        break
      case 'ExitRequested':
        this.#positions.get(event.positionId)!.isExiting = true
        break
      case 'ExitLatched':
        this.#latch(event.orderId)
        break
      case 'ExitDelayed':
        this.#positions.get(event.positionId)!.notBefore = event.notBefore
        break
      case 'OrderDenied':
      case 'OrderRejected':
      case 'OrderCanceled':
      case 'OrderExpired':
        this.#working.delete(this.#orders.get(event.orderId)!)
        break
      case 'InstrumentLocked':
        this.#find(`${event.instrument} is locked: ${event.reason}`)
        break
      default:
    }
  }

  #make({ orderId, instrument, positionId, unit, lots, at, side }: EventOf<'OrderInitialized'>): void {
    const order = {
      ...{ id: orderId, instrument, positionId, label: unit?.label ?? null, isEntry: side === 'buy' },
      ...{ lots: Number(lots), createdAt: at, filled: 0, isLatched: false },
    }
    if (side === 'sell') {
      const free = this.#held(positionId) - this.#onSale(positionId)
      if (free < order.lots) this.#find(`${orderId} sells ${lots} lots, only ${free} are free`)
    } else if (this.#atWork(instrument) !== undefined) {
      this.#find(`${orderId} is a second entry of ${instrument}`)
    }
    this.#orders.set(orderId, order)
    this.#working.add(order)
  }

  #fill({ orderId, lots }: EventOf<'OrderFilled'>): void {
    const order = this.#orders.get(orderId)!
    order.filled += Number(lots)
    if (order.filled === order.lots) this.#working.delete(order)
    if (order.isLatched) this.met.latchedFills += 1
    if (order.isEntry) return
    const position = this.#positions.get(order.positionId)!
    position.sold += Number(lots)
    if (this.#held(order.positionId) < 0) this.#find(`${order.positionId} is short`)
  }

  #open({ positionId, orderId, instrument, label, at }: EventOf<'UnitOpened'>): void {
    const entry = this.#orders.get(orderId)!
    const position = { id: positionId, instrument, label, entry, openedAt: at, sold: 0, notBefore: 0 }
    this.#positions.set(positionId, { ...position, isExiting: entry.isLatched })
  }

  #close(positionId: string): void {
    this.met.closed += 1
    if (this.#held(positionId) !== 0)
      this.#find(`${positionId} is closed with ${this.#held(positionId)} lots`)
    if (!this.#positions.get(positionId)!.isExiting) this.#find(`${positionId} was closed by nobody`)
  }

  #latch(orderId: string): void {
    this.met.latches += 1
    const order = this.#orders.get(orderId)!
    if (!order.isEntry || !this.#working.has(order))
      this.#find(`${orderId} was latched and is no entry at work`)
    order.isLatched = true
    const position = this.#positions.get(order.positionId)
    if (position !== undefined) position.isExiting = true
  }

  /** A latched entry is to be cancelled at once. */
  #checkCancels(events: readonly RecordedEvent[]): void {
    for (const latched of events) {
      if (latched.type !== 'ExitLatched') continue
      const isCanceled = events.some(
        (event) =>
          (event.type === 'OrderCancelRequested' || event.type === 'OrderCanceled') &&
          event.orderId === latched.orderId,
      )
      if (!isCanceled) this.#find(`${latched.orderId} was latched and is not cancelled`)
    }
  }

  /** No exit closes what is younger than it; alerts tell time to the second. */
  #checkAge(input: RecordedInput, events: readonly RecordedEvent[]): void {
    const alert = exitIn(input)
    if (alert === null) return
    const told = toldAt(alert)
    for (const event of events) {
      if (event.type !== 'ExitRequested' && event.type !== 'ExitLatched') continue
      const since =
        event.type === 'ExitRequested'
          ? this.#positions.get(event.positionId)!.openedAt
          : this.#orders.get(event.orderId)!.createdAt
      const what = event.type === 'ExitRequested' ? event.positionId : event.orderId
      if (toTheSecond(since) > told) this.#find(`${what} is younger than the exit ${input.id}`)
    }
  }

  /** Returns checks, for after the input, that everything it names and that is not younger is being closed. */
  #namedBy(input: RecordedInput): (() => void)[] {
    const alert = exitIn(input)
    const isOperator = input.type === 'OperatorCommanded' && input.command.kind === 'exit'
    if (alert === null && !isOperator) return []
    const isNamed = ({ instrument, label }: { readonly instrument: string; readonly label: string | null }) =>
      alert === null || (alert.instrument === instrument && (alert.label === 'ALL' || alert.label === label))
    const told = alert === null ? Number.POSITIVE_INFINITY : toldAt(alert)
    const positions = [...this.#positions.values()].filter(
      (position) => this.#held(position.id) > 0 && isNamed(position),
    )
    const orders = [...this.#working].filter((order) => order.isEntry && isNamed(order))
    const meant = [
      ...positions.filter(({ openedAt }) => toTheSecond(openedAt) <= told),
      ...orders.filter(({ createdAt }) => toTheSecond(createdAt) <= told),
    ]
    if (meant.length > 0) this.met.exits += 1
    else if (positions.length + orders.length > 0) this.met.olderExits += 1
    return meant.map((one) => () => {
      const isDone = 'isExiting' in one ? one.isExiting : one.isLatched || !this.#working.has(one)
      if (!isDone) this.#find(`${input.id} names ${one.id}, which is not being closed`)
    })
  }

  /** An exit stands: all that is held is on sale, unless more may be bought still, or a refused sale has to wait. */
  #checkStanding(now: number): void {
    for (const { id, entry, isExiting, notBefore } of this.#positions.values()) {
      const held = this.#held(id)
      if (held === 0) this.#positions.delete(id)
      else if (isExiting && !this.#working.has(entry) && notBefore <= now && this.#onSale(id) !== held)
        this.#find(`${id} is to be closed, holds ${held} lots, and ${this.#onSale(id)} are on sale`)
    }
  }

  #held(positionId: string): number {
    const position = this.#positions.get(positionId)
    return position === undefined ? 0 : position.entry.filled - position.sold
  }

  #onSale(positionId: string): number {
    let lots = 0
    for (const order of this.#working) {
      if (!order.isEntry && order.positionId === positionId) lots += order.lots - order.filled
    }
    return lots
  }

  #atWork(instrument: string): KnownOrder | undefined {
    return [...this.#working].find((order) => order.isEntry && order.instrument === instrument)
  }
}

function exitIn(input: RecordedInput): ExitAlert | null {
  return input.type === 'AlertAdmitted' && input.alert.type === 'EXIT' ? input.alert : null
}

/** Until when the exit speaks; one that tells no time speaks of everything. */
function toldAt({ barTime, timestamp }: ExitAlert): number {
  if (barTime === null && timestamp === null) return Number.POSITIVE_INFINITY
  return Math.max(barTime ?? 0, timestamp ?? 0)
}

function toTheSecond(instant: number): number {
  return Math.floor(instant / SECOND) * SECOND
}
