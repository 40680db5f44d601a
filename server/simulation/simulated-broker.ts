import { type Decimal, ZERO } from '../../core/decimal.js'
import type { Instant } from '../../core/time.js'
import type {
  Broker,
  BrokerCapabilities,
  CancelOutcome,
  OrderAnswer,
  OrderReference,
  OrderRequest,
  ReportListener,
  ResendClass,
  SubmitOutcome,
  VenueOrder,
} from '../brokers/broker.js'
import type { Chance } from './chance.js'
import type { Faults } from './faults.js'
import { type Life, never } from './life.js'
import { type HeldOrder, LATE_MOST, READ_LAG, type SimulatedVenue, TIME_FENCE } from './simulated-venue.js'
import type { VirtualTime } from './virtual-time.js'
import type { Watch } from './watch.js'

/** The venue could not be read: what an adapter throws for a failed list. */
export class VenueUnreadableError extends Error {
  constructor() {
    super('The venue could not be read')
    this.name = 'VenueUnreadableError'
  }
}

/** One serves all: to collect its stack each time took longer than the read. */
const UNREADABLE = new VenueUnreadableError()

/** What a simulated broker depends on. */
export interface SimulatedBrokerOptions {
  readonly resendClass: ResendClass
  readonly life: Life
  readonly venue: SimulatedVenue
  readonly time: VirtualTime
  readonly chance: Chance
  readonly faults: Faults
  readonly watch: Watch
  /** False lets absence count at once, whatever reads and requests lag. */
  readonly hasMargin: boolean
  /** False names a trade anew each time it is told, so that nothing can tell it from another. */
  readonly hasTradeIds: boolean
  /** The venue's ids of orders that are recorded as ours. */
  readonly recordedIds: () => ReadonlySet<string>
}

/** An adapter gives up on an answer after this many milliseconds. */
const ANSWER_BY = 10_000
/** A safety margin on top of what the venue promises, in milliseconds. */
const MARGIN = 5_000
/** A class D order that is not shown may still be on its way for so long, in milliseconds. */
const MAY_BE_LATE = LATE_MOST + READ_LAG + MARGIN

/** The adapter of one process to the simulated venue: it knows only what it was told. */
export class SimulatedBroker implements Broker {
  readonly name = 'simulated'
  readonly capabilities: BrokerCapabilities
  readonly #options: SimulatedBrokerOptions
  /** Keys of ours by the venue's ids: all that a class D venue gives to know an order by. */
  readonly #keys = new Map<string, string>()
  #told = 0

  constructor(options: SimulatedBrokerOptions) {
    this.#options = options
    const { resendClass, hasMargin } = options
    this.capabilities = { resendClass, absenceProvenAfterMs: hasMargin ? provenAfter(resendClass) : 0 }
  }

  submit(request: OrderRequest): Promise<SubmitOutcome> {
    const { life, faults, watch } = this.#options
    if (!life.survives('before a send')) return never()
    if (faults.strikes('notSent')) {
      return life.answer(1, () => ({ kind: 'notSent', retryAfterMs: 1_000, cause: 'rate limit' }))
    }
    watch.leaving(request)
    const outcome = this.#send(request)
    return life.survives('while a request is under way') ? outcome : never()
  }

  #send(request: OrderRequest): Promise<SubmitOutcome> {
    const { life, venue, time, chance, faults } = this.#options
    const sentAt = time.now()
    const isLate = faults.strikes('late')
    const latest = this.#options.resendClass === 'B' ? TIME_FENCE + MARGIN : LATE_MOST
    const arrival = isLate ? chance.between(1_000, latest) : chance.between(5, 300)
    return new Promise((resolve) => {
      life.later(ANSWER_BY, () => resolve({ kind: 'unknown', cause: 'timeout' }))
      if (faults.strikes('requestLost')) return
      time.afterAlone(arrival, () => {
        const order = venue.take(request, sentAt)
        if (venue.isSilent || faults.strikes('answerLost')) return
        life.later(chance.between(5, 200), () => {
          const outcome = this.#answerTo(request, order)
          if (life.survives('with an answer in hand')) resolve(outcome)
        })
      })
    })
  }

  #answerTo({ clientOrderId }: OrderRequest, order: HeldOrder | null): SubmitOutcome {
    if (order === null) return { kind: 'refused', code: 'REFUSED', message: 'the venue refuses it' }
    this.#keys.set(order.venueOrderId, clientOrderId)
    return { kind: 'accepted', venueOrderId: order.venueOrderId, fills: [] }
  }

  cancel(reference: OrderReference): Promise<CancelOutcome> {
    const { life, venue, time, chance, faults } = this.#options
    if (!life.survives('before a cancel')) return never()
    return new Promise((resolve) => {
      life.later(ANSWER_BY, () => resolve({ kind: 'unknown', cause: 'timeout' }))
      if (venue.isSilent || faults.strikes('requestLost')) return
      time.afterAlone(chance.between(5, 300), () => {
        const outcome = this.#cancelNow(reference)
        if (!faults.strikes('answerLost')) life.later(chance.between(5, 200), () => resolve(outcome))
      })
    })
  }

  #cancelNow(reference: OrderReference): CancelOutcome {
    const { venue, chance } = this.#options
    const order = venue.orders.find(({ venueOrderId }) => venueOrderId === reference.venueOrderId)
    if (order === undefined) return { kind: 'absent' }
    if (order.status !== 'working') return { kind: 'tooLate' }
    venue.end(order, 'canceled')
    if (chance.happens(0.3)) return { kind: 'requested' }
    return { kind: 'canceled', order: this.#named(venue.showWhole(order, reference.clientOrderId)) }
  }

  order(reference: OrderReference): Promise<OrderAnswer> {
    const { life, venue, chance, faults } = this.#options
    if (!life.survives('before a question')) return never()
    if (venue.isSilent || faults.strikes('readFailed')) {
      return life.answer(ANSWER_BY, () => ({ kind: 'unknown', cause: 'timeout' }))
    }
    return life.read(this.#readTime(), chance.between(1, 100), () => this.#look(reference))
  }

  #look(reference: OrderReference): OrderAnswer {
    const { venue, resendClass } = this.#options
    const { clientOrderId, venueOrderId } = reference
    if (venueOrderId !== null) this.#keys.set(venueOrderId, clientOrderId)
    const isIt = (order: HeldOrder): boolean =>
      venueOrderId !== null
        ? order.venueOrderId === venueOrderId
        : resendClass !== 'D' && order.request.clientOrderId === clientOrderId
    const found = venue.orders.find(isIt)
    const shown = found && venue.show(found, clientOrderId)
    if (shown !== undefined) return { kind: 'found', order: this.#named(shown) }
    return resendClass === 'D' && venueOrderId === null ? this.#recognize(reference) : { kind: 'absent' }
  }

  /** Only a single order of the same kind that is no other of ours is taken for it, and only when nothing else is new. */
  #recognize({ clientOrderId, instrument, trace }: OrderReference): OrderAnswer {
    const { venue, time, recordedIds, hasMargin } = this.#options
    if (trace === undefined) return { kind: 'unknown', cause: 'nothing to know it by' }
    const ours = recordedIds()
    const strangers = venue.orders
      .filter(({ venueOrderId, placedAt, request }) => {
        const isKnown =
          ours.has(venueOrderId) || (this.#keys.get(venueOrderId) ?? clientOrderId) !== clientOrderId
        const isAlike = request.instrument === instrument && request.side === trace.side
        return !isKnown && isAlike && trace.since - 2_000 <= placedAt
      })
      .flatMap((order) => venue.show(order, clientOrderId) ?? [])
    const [only, ...others] = strangers
    if (only === undefined) {
      const isLate = hasMargin && time.now() < trace.since + MAY_BE_LATE
      return isLate ? { kind: 'unknown', cause: 'it may still be on its way' } : { kind: 'absent' }
    }
    if (others.length > 0 || !only.lots.equals(trace.lots))
      return { kind: 'unknown', cause: 'several may be it' }
    this.#keys.set(only.venueOrderId, clientOrderId)
    return { kind: 'found', order: this.#named(only) }
  }

  orders(since: Instant): Promise<readonly VenueOrder[]> {
    const { life, venue, chance, faults } = this.#options
    if (!life.survives('before a list')) return never()
    const isFailed = venue.isSilent || faults.strikes('readFailed')
    return life.read(this.#readTime(), chance.between(1, 100), () => {
      if (isFailed) throw UNREADABLE
      const list: VenueOrder[] = []
      for (const order of venue.orders) {
        const shown = venue.show(order, this.#keyOf(order))
        if (shown !== undefined && venue.isListed(shown, order, since)) list.push(this.#named(shown))
      }
      return list
    })
  }

  positions(): Promise<Readonly<Record<string, Decimal>>> {
    const { life, venue, chance, faults } = this.#options
    if (!life.survives('before a look at what is held')) return never()
    const isFailed = venue.isSilent || faults.strikes('readFailed')
    return life.read(this.#readTime(), chance.between(1, 100), () => {
      if (isFailed) throw UNREADABLE
      const positions: Record<string, Decimal> = {}
      for (const holdings of [venue.held, venue.heldByOthers]) {
        for (const [instrument, lots] of holdings)
          positions[instrument] = lots.plus(positions[instrument] ?? ZERO)
      }
      return Object.fromEntries(Object.entries(positions).filter(([, lots]) => !lots.isZero()))
    })
  }

  onReport(listener: ReportListener): void {
    const { life, venue } = this.#options
    venue.tell((order, report) => {
      // Where the venue echoes no key, a report says something only of orders that were answered
      if (this.#keyOf(order) === null) return
      const named = report.kind === 'fill' ? { ...report, fill: this.#name(report.fill) } : report
      life.later(0, () => listener(named))
    })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #keyOf({ request, venueOrderId, isForeign }: HeldOrder): string | null {
    if (isForeign) return null
    return this.#options.resendClass === 'D' ? (this.#keys.get(venueOrderId) ?? null) : request.clientOrderId
  }

  #named(order: VenueOrder): VenueOrder {
    if (this.#options.hasTradeIds) return order
    return { ...order, fills: order.fills.map((fill) => this.#name(fill)) }
  }

  #name<Fill extends { readonly tradeId: string }>(fill: Fill): Fill {
    if (this.#options.hasTradeIds) return fill
    this.#told += 1
    return { ...fill, tradeId: `${fill.tradeId}-${this.#options.life.number}-${this.#told}` }
  }

  #readTime(): number {
    const { chance, faults } = this.#options
    return faults.strikes('slow') ? chance.between(1_000, 8_000) : chance.between(5, 150)
  }
}

/** Returns from when an absence is proof, in milliseconds after a send; null where none ever is. */
function provenAfter(resendClass: ResendClass): number | null {
  switch (resendClass) {
    case 'A':
      return LATE_MOST + READ_LAG + MARGIN
    case 'B':
      return TIME_FENCE + READ_LAG + MARGIN
    case 'C':
    case 'D':
      return null
  }
}
