import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import type { Desk } from './desk.js'

/** What a venue makes of a request: answered or not, known to it or not. */
export type Reception = 'accepted' | 'silent' | 'lost' | 'rejected'

/** Returns the price at which an instrument trades, in points. */
export type PriceOf = (instrument: string) => number

/** What the venue knows of an order, whatever it has told. */
interface VenueOrder {
  readonly id: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly lots: Decimal
  filled: Decimal
  isWorking: boolean
}

/**
 * A venue for models: it holds the truth, and tells it in any order, more than once and late. An orderly one tells the
 * end of an order only after all of its fills; another may tell the end first, and fill more than it was asked to.
 */
export class ModelVenue {
  readonly #desk: Desk
  readonly #isOrderly: boolean
  readonly #orders = new Map<string, VenueOrder>()
  /** Reports on their way. */
  readonly #underway: OrderReport[] = []
  /** What is truly held, by instrument. */
  readonly held = new Map<string, Decimal>()
  #trades = 0

  constructor(desk: Desk, isOrderly: boolean) {
    this.#desk = desk
    this.#isOrderly = isOrderly
  }

  /** Has every order that waits recorded as sent; what may leave meets `reception`. */
  send(reception: Reception): void {
    const { portfolio } = this.#desk
    const orderIds = [...portfolio.orders.values()].filter(({ state }) => state === 'initialized').map(idOf)
    if (orderIds.length === 0) return
    const events = this.#desk.give({ type: 'OrdersDue', orderIds })
    for (const event of events) {
      if (event.type === 'OrderSubmitted') this.#receive(portfolio.orders.get(event.orderId)!, reception)
    }
  }

  #receive(order: Order, reception: Reception): void {
    const { id, instrument, side, lots } = order
    if (reception === 'rejected') {
      this.#underway.push({ kind: 'rejected', orderId: id, code: 'NO', message: 'not today' })
      return
    }
    if (reception !== 'lost' && !this.#orders.has(id)) {
      this.#orders.set(id, { id, instrument, side, lots, filled: ZERO, isWorking: true })
    }
    this.#underway.push(
      reception === 'accepted'
        ? { kind: 'accepted', orderId: id, venueOrderId: `v-${id}` }
        : { kind: 'unresolved', orderId: id, cause: 'timeout' },
    )
  }

  /** Fills a share (0 to 1) of what is left of a working order, chosen by `pick`, in whole lots. */
  fill(pick: number, share: number, price: PriceOf): void {
    const order = at(this.#working(), pick)
    if (order === undefined) return
    const left = order.lots.minus(order.filled).toNumber()
    const lots = decimal(Math.max(1, Math.floor(left * share)))
    order.filled = order.filled.plus(lots)
    if (!order.filled.isLessThan(order.lots)) order.isWorking = false
    this.#trade(order, lots, price(order.instrument))
  }

  /** Fills a few lots of an order that the venue had ended: only a disorderly one does. */
  haunt(pick: number, price: PriceOf): void {
    const ended = [...this.#orders.values()].filter(({ isWorking }) => !isWorking)
    const order = this.#isOrderly ? undefined : at(ended, pick)
    if (order === undefined) return
    const lots = decimal(1 + (pick % 4))
    order.filled = order.filled.plus(lots)
    this.#trade(order, lots, price(order.instrument))
  }

  #trade(order: VenueOrder, lots: Decimal, price: number): void {
    const signed = order.side === 'buy' ? lots : lots.negated()
    this.held.set(order.instrument, (this.held.get(order.instrument) ?? ZERO).plus(signed))
    this.#trades += 1
    this.#underway.push({
      kind: 'fill',
      orderId: order.id,
      tradeId: `t${this.#trades}`,
      lots,
      price: decimal(price),
      fee: decimal((this.#trades % 3) * 0.25),
      at: this.#desk.now,
    })
  }

  /** Ends a working order that we want cancelled or, with `byItself`, any. */
  end(pick: number, byItself: boolean): void {
    const { orders } = this.#desk.portfolio
    const wanted = this.#working().filter(({ id }) => byItself || orders.get(id)?.cancelRequested === true)
    const order = at(wanted, pick)
    if (order === undefined) return
    order.isWorking = false
    this.#underway.push(
      pick % 2 === 0
        ? { kind: 'canceled', orderId: order.id, reason: 'ended' }
        : { kind: 'expired', orderId: order.id },
    )
  }

  /** Lets a report on its way arrive; a copy stays on the way with `again`. */
  deliver(pick: number, again: boolean): void {
    const report = at(this.#underway, pick)
    if (report === undefined || this.#mustWait(report)) return
    if (!again) this.#underway.splice(this.#underway.indexOf(report), 1)
    this.#desk.report(report)
  }

  /** Lets everything on its way arrive. */
  flush(): void {
    while (this.#underway.length > 0) this.deliver(this.#firstReady(), false)
  }

  /** Answers the question after the orders whose fate is unknown: where they are, or that they are not. */
  resolve(): void {
    for (const order of [...this.#desk.portfolio.orders.values()]) {
      if (order.state !== 'unresolved') continue
      const isHere = this.#orders.has(order.id)
      const venueOrderId = `v-${order.id}`
      this.#desk.report(
        isHere
          ? { kind: 'accepted', orderId: order.id, venueOrderId }
          : { kind: 'absent', orderId: order.id },
      )
    }
  }

  /** Tells all that is under way, fills what sells, ends what buys, until nothing is at work. */
  settle(price: PriceOf): void {
    for (let round = 0; round < 50; round++) {
      this.send('accepted')
      for (const order of this.#working()) {
        if (order.side === 'buy') this.end(this.#working().indexOf(order), true)
        else this.fill(this.#working().indexOf(order), 1, price)
      }
      this.flush()
      this.resolve()
      this.#desk.wait(60_000).give({ type: 'TimerFired' })
      const { orders } = this.#desk.portfolio
      if (![...orders.values()].some(({ state }) => isAtWork(state))) return
    }
    throw new Error('orders stay at work')
  }

  /** Returns what is truly held as the broker's count, zero left out. */
  count(): Record<string, number> {
    const lots: Record<string, number> = {}
    for (const [instrument, held] of this.held) if (!held.isZero()) lots[instrument] = held.toNumber()
    return lots
  }

  /** Count of the orders that may still fill. */
  get working(): number {
    return this.#working().length
  }

  #working(): VenueOrder[] {
    return [...this.#orders.values()].filter(({ isWorking }) => isWorking)
  }

  #firstReady(): number {
    return this.#underway.findIndex((report) => !this.#mustWait(report))
  }

  #mustWait({ kind, orderId }: OrderReport): boolean {
    if (!this.#isOrderly || (kind !== 'canceled' && kind !== 'expired')) return false
    return this.#underway.some((other) => other.kind === 'fill' && other.orderId === orderId)
  }
}

function idOf({ id }: Order): string {
  return id
}

function at<T>(list: readonly T[], pick: number): T | undefined {
  return list.length === 0 ? undefined : list[pick % list.length]
}
