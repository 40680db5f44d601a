import { isDeepStrictEqual } from 'node:util'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import type { Decision } from '../../core/decision.js'
import type { PortfolioEvent } from '../../core/event.js'
import { evolve, observe, step } from '../../core/kernel.js'
import { isAtWork, isEntry, remainingLots } from '../../core/order/order.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import type { TradingState } from '../../core/risk/trading-state.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { Desk } from './desk.js'
import { ModelVenue, type Reception } from './model-venue.js'
import { BANK_NIFTY, GOLD, settings } from './settings.js'

/** The instruments of the model. */
export const NAMES = ['GOLD_MINI', 'BANK_NIFTY'] as const
/** What operators may name: also what is not traded. */
const KNOWN = [...NAMES, 'NICKEL']
const POINT_VALUES: Record<string, number> = { GOLD_MINI: 10, BANK_NIFTY: 30 }
const BASE_PRICE: Record<string, number> = { GOLD_MINI: 78_500, BANK_NIFTY: 52_000 }
const DEPOSIT = 40_000_000
/** Low enough that each of them refuses. */
const CAPS = {
  maxHeatPct: 1,
  maxVolatilityPct: 0.62,
  maxMarginPct: 18,
  pyramidMaxHeatPct: 0.9,
  pyramidMaxVolatilityPct: 0.75,
}
/** Comparing whole states costs more than all the rest. */
const FOLD_EVERY = 16

/** Something that may happen to a portfolio. */
export type Action =
  | {
      readonly do: 'entry' | 'pyramid'
      readonly name: string
      readonly drift: number
      readonly label: string
      readonly age: number
    }
  | { readonly do: 'exit'; readonly name: string; readonly label: string; readonly age: number | null }
  | {
      readonly do: 'bar'
      readonly name: string
      readonly drift: number
      readonly atr: number | null
      readonly age: number
    }
  | { readonly do: 'send'; readonly reception: Reception }
  | { readonly do: 'fill'; readonly pick: number; readonly share: number; readonly drift: number }
  | { readonly do: 'haunt'; readonly pick: number }
  | { readonly do: 'end'; readonly pick: number; readonly byItself: boolean }
  | { readonly do: 'deliver'; readonly pick: number; readonly again: boolean }
  | { readonly do: 'resolve' | 'timer' | 'step' | 'count' | 'flush' }
  | { readonly do: 'unlock'; readonly pick: number }
  | {
      readonly do: 'buy'
      readonly name: string
      readonly label: string
      readonly rise: number
      readonly share: number
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'trade'; readonly state: TradingState }
  | { readonly do: 'operator'; readonly target: 'all' | 'instrument' | 'position'; readonly pick: number }
  | { readonly do: 'cash'; readonly amount: number }
  | { readonly do: 'configure'; readonly without: string | null }

const configuration = (changes: Partial<PortfolioSettings>, without: string | null = null) =>
  settings({
    caps: CAPS,
    ...changes,
    instruments: [GOLD, BANK_NIFTY].filter((instrument) => instrument.name !== without),
  })

/** A portfolio, its venue, and everything that must hold between the two after every input. */
export class KernelModel {
  readonly desk: Desk
  readonly venue: ModelVenue
  readonly #isOrderly: boolean
  readonly #changes: Partial<PortfolioSettings>
  readonly #shadow = emptyPortfolio('test')
  readonly #stops = new Map<string, { stop: number; highestClose: number }>()
  readonly #prices: Record<string, number> = { ...BASE_PRICE }
  #configurations = 1
  #seen = 0
  #posted: Decimal = ZERO

  constructor(isOrderly: boolean, changes: Partial<PortfolioSettings>) {
    this.desk = new Desk(configuration(changes), DEPOSIT)
    this.#isOrderly = isOrderly
    this.#changes = changes
    this.venue = new ModelVenue(this.desk, isOrderly)
  }

  get portfolio(): Portfolio {
    return this.desk.portfolio
  }

  price(instrument: string): number {
    return this.#prices[instrument]!
  }

  run(action: Action): void {
    const { desk, venue } = this
    switch (action.do) {
      case 'entry':
      case 'pyramid': {
        if (!this.portfolio.settings!.instruments.some((traded) => traded.name === action.name)) break
        const price = this.#told(action.name, action.drift)
        const type = action.do === 'entry' ? 'BASE_ENTRY' : 'PYRAMID'
        const timestamp = desk.now - action.age
        desk.entry(action.name, price, price * 0.008, { type, label: action.label, timestamp })
        break
      }
      case 'exit': {
        const timestamp = action.age === null ? null : desk.now - action.age
        desk.exit(action.name, action.label, { timestamp })
        break
      }
      case 'bar': {
        const close = this.#told(action.name, action.drift)
        const atr = action.atr === null ? null : close * action.atr
        desk.give({ type: 'BarClosed', instrument: action.name, close, atr, barAt: desk.now - action.age })
        break
      }
      case 'buy': {
        const { name, label, rise, share } = action
        if (!this.portfolio.settings!.instruments.some((traded) => traded.name === name)) break
        if (this.portfolio.books.get(name)!.entryOrderId !== null) venue.flush()
        const price = this.#told(name, rise)
        const isPyramid = this.portfolio.books.get(name)!.units.length > 0
        desk.entry(name, price, price * 0.008, { type: isPyramid ? 'PYRAMID' : 'BASE_ENTRY', label })
        venue.send('accepted')
        venue.fill(venue.working - 1, share, (instrument) => this.price(instrument))
        venue.flush()
        break
      }
      case 'flush':
        venue.flush()
        break
      case 'send':
        venue.send(action.reception)
        break
      case 'fill':
        venue.fill(action.pick, action.share, (name) => Math.round(this.price(name) * (1 + action.drift)))
        break
      case 'haunt':
        venue.haunt(action.pick, (name) => this.price(name))
        break
      case 'end':
        venue.end(action.pick, action.byItself)
        break
      case 'deliver':
        venue.deliver(action.pick, action.again)
        break
      case 'resolve':
        venue.resolve()
        break
      case 'step':
        desk.wait(5_000)
        this.run({ do: 'timer' })
        break
      case 'timer':
        desk.give({ type: 'TimerFired' })
        this.#assertExitsStand()
        break
      case 'count':
        // A service reads its orders before it counts; what rests is no reason not to count
        if ([...this.portfolio.books.values()].some((book) => book.stopOrderIds.length > 0)) venue.flush()
        desk.account(venue.count())
        break
      case 'unlock':
        desk.command({ kind: 'unlock', instrument: KNOWN[action.pick % KNOWN.length]!, reason: 'seen to' })
        break
      case 'wait':
        desk.wait(action.ms)
        break
      case 'trade':
        desk.trade(action.state)
        break
      case 'operator':
        desk.command({ kind: 'exit', target: this.#target(action.target, action.pick), reason: 'mine' })
        break
      case 'cash': {
        const movement = action.amount < 0 ? 'withdrawal' : 'deposit'
        const amount = decimal(Math.abs(action.amount) / 100)
        desk.command({ kind: 'cash', movement, amount, note: null })
        break
      }
      case 'configure': {
        this.#configurations += 1
        const hash = `h${this.#configurations}`
        desk.give({
          type: 'ConfigurationActivated',
          hash,
          settings: configuration(this.#changes, action.without),
        })
        break
      }
    }
    this.check()
  }

  /** A price near the last one, or far from it and then not remembered. */
  #told(instrument: string, drift: number): number {
    const price = Math.round(this.#prices[instrument]! * (1 + drift))
    if (Math.abs(drift) < 0.1) this.#prices[instrument] = price
    return price
  }

  #target(target: 'all' | 'instrument' | 'position', pick: number) {
    if (target === 'all') return { all: true } as const
    if (target === 'instrument') return { instrument: KNOWN[pick % KNOWN.length]! }
    const units = [...this.portfolio.books.values()].flatMap((book) => book.units)
    return { positionId: units[pick % Math.max(1, units.length)]?.id ?? 'P-none' }
  }

  /** Asserts everything that must hold after every input. */
  check(): void {
    for (; this.#seen < this.desk.log.length; this.#seen++) {
      const { input, events } = this.desk.log[this.#seen]!
      observe(this.#shadow, input)
      for (const event of events) {
        evolve(this.#shadow, event)
        if (event.type === 'LedgerPosted') this.#posted = this.#posted.plus(event.amount)
        if (event.type === 'AlarmRaised' && event.code === 'POSITION_BREAK' && this.#isOrderly)
          throw new Error(`a break where both sides agree: ${event.message}`)
      }
      assertRecordable(events)
      assertReasons(events)
    }
    const isLook = this.#seen % FOLD_EVERY === 0
    if (isLook) this.#assertFold()
    if (!this.#posted.equals(this.portfolio.ledger.balance))
      throw new Error('the balance is not its postings')
    const last = this.desk.log.at(-1)!.events
    for (const event of last) if (event.type === 'DecisionMade') this.#assertCaps(event.decision)
    if (last.some(({ type }) => type === 'OrderDenied')) this.#assertExitsStand()
    this.#assertQuantities()
    this.#assertStops()
    this.#assertLatches()
    this.#assertChases()
  }

  #assertFold(): void {
    if (!isDeepStrictEqual(this.#shadow, this.portfolio)) throw new Error('the fold differs from the state')
  }

  #assertQuantities(): void {
    for (const book of this.portfolio.books.values()) {
      const orders = [...this.portfolio.orders.values()].filter(
        ({ instrument, state }) => instrument === book.instrument && isAtWork(state),
      )
      const entries = orders.filter(isEntry).map(({ id }) => id)
      if (entries.length > 1 || (entries[0] ?? null) !== book.entryOrderId)
        throw new Error('two entries at work')
      const sales = orders.filter((order) => !isEntry(order))
      if (
        !isDeepStrictEqual(
          sales.map(({ id }) => id).sort(),
          [...book.exitOrderIds, ...book.stopOrderIds].sort(),
        )
      )
        throw new Error('the book does not know its sales')
      for (const positionId of new Set(sales.map((order) => order.positionId))) {
        const held = book.units.find(({ id }) => id === positionId)?.lots ?? ZERO
        // After a fill that nobody could expect, what is at the venue can only be asked back.
        const counted = sales.filter(
          (sale) => sale.positionId === positionId && (this.#isOrderly || !sale.cancelRequested),
        )
        const promised = counted.reduce((lots, sale) => lots.plus(remainingLots(sale)), ZERO)
        if (held.isLessThan(promised)) throw new Error(`${promised} lots are being sold, ${held} are held`)
      }
      const numbers = book.units.map(({ number }) => number)
      if (
        this.#isOrderly &&
        !isDeepStrictEqual(
          numbers,
          [...new Set(numbers)].sort((a, b) => a - b),
        )
      )
        throw new Error(`units are numbered ${numbers}`)
      for (const unit of book.units) {
        const isWhole = unit.lots.isPositive() && unit.lots.equals(unit.boughtLots.minus(unit.soldLots))
        if (!isWhole || unit.heldLots !== unit.lots.toNumber() || unit.cost.isNegative())
          throw new Error(`${unit.id} holds ${unit.lots}`)
      }
    }
    for (const [instrument, lots] of this.venue.held) {
      if (this.#isOrderly && lots.isNegative()) throw new Error(`${instrument} was sold short: ${lots}`)
    }
  }

  #assertStops(): void {
    for (const book of this.portfolio.books.values()) {
      for (const { id, stop, highestClose, initialStop } of book.units) {
        const before = this.#stops.get(id)
        const falls = before !== undefined && (stop < before.stop || highestClose < before.highestClose)
        if (falls || initialStop > stop) throw new Error(`the stop of ${id} fell`)
        this.#stops.set(id, { stop, highestClose })
      }
    }
  }

  /** What is to be closed buys no more: its entry is cancelled, and not sent again. */
  #assertLatches(): void {
    for (const book of this.portfolio.books.values()) {
      const entry = this.portfolio.orders.get(book.entryOrderId ?? '')
      if (entry === undefined) continue
      const unit = book.units.find(({ id }) => id === entry.positionId)
      const isLatched = entry.latch !== null
      if (unit !== undefined && (unit.exit !== null) !== isLatched)
        throw new Error(`${unit.id} is half latched`)
      if (isLatched && (!entry.cancelRequested || entry.state === 'initialized'))
        throw new Error(`${entry.id} buys what is to be closed`)
    }
  }

  /** The steps of a chase follow one another, and together they buy no more than was decided. */
  #assertChases(): void {
    const atWork = new Set<string>()
    const bought = new Map<string, Decimal>()
    for (const order of this.portfolio.orders.values()) {
      const { chase, state, positionId, filledLots } = order
      const parentId = chase?.parentId ?? order.id
      if (isAtWork(state)) {
        if (atWork.has(parentId)) throw new Error(`two steps of ${parentId} are at work`)
        atWork.add(parentId)
      }
      if (!isEntry(order) || !this.#isOrderly) continue
      const lots = (bought.get(positionId) ?? ZERO).plus(filledLots)
      bought.set(positionId, lots)
      const decided = this.portfolio.orders.get(parentId)!.lots
      if (decided.isLessThan(lots)) throw new Error(`${parentId} bought ${lots} of ${decided}`)
    }
  }

  /** The caps, computed anew from what is held and at work, at the moment of the approval. */
  #assertCaps(decision: Decision): void {
    const { kind, outcome } = decision
    if (outcome !== 'approved' || (kind !== 'entry' && kind !== 'pyramid')) return
    let [risk, volatility, margin] = [0, 0, 0]
    const marginPerLot: Record<string, number> = { GOLD_MINI: 105_000, BANK_NIFTY: 270_000 }
    for (const book of this.portfolio.books.values()) {
      const pointValue = POINT_VALUES[book.instrument]!
      for (const unit of book.units) {
        const value = unit.boughtValue.dividedBy(unit.boughtLots, 12, 'halfEven').toNumber()
        risk += Math.max(0, value - unit.stop) * unit.lots.toNumber() * pointValue
        volatility += (book.market.atr ?? unit.entryAtr) * unit.lots.toNumber() * pointValue
        margin += unit.lots.toNumber() * marginPerLot[book.instrument]!
      }
      const order = this.portfolio.orders.get(book.entryOrderId ?? '')
      if (order === undefined) continue
      const plan = this.portfolio.unitPlans.get(order.id)!
      const lots = order.lots.minus(order.filledLots).toNumber()
      risk += lots * plan.stopDistance * pointValue
      volatility += lots * plan.atr * pointValue
      margin += lots * marginPerLot[book.instrument]!
    }
    const { blended, open } = equityOf(this.portfolio)
    const isBase = kind === 'entry'
    const within = (amount: number, pct: number, of: number) => amount <= ((of * pct) / 100) * (1 + 1e-9)
    if (!within(risk, isBase ? CAPS.maxHeatPct : CAPS.pyramidMaxHeatPct, blended))
      throw new Error(`heat ${risk} of ${blended}`)
    if (!within(volatility, isBase ? CAPS.maxVolatilityPct : CAPS.pyramidMaxVolatilityPct, blended))
      throw new Error(`volatility ${volatility} of ${blended}`)
    if (!within(margin, CAPS.maxMarginPct, open)) throw new Error(`margin ${margin} of ${open}`)
    if (this.portfolio.tradingState !== 'active')
      throw new Error(`approved while ${this.portfolio.tradingState}`)
  }

  /** After a timer every standing exit whose time has come has orders for all that it may sell. */
  #assertExitsStand(): void {
    if (this.portfolio.tradingState === 'frozen') return
    for (const book of this.portfolio.books.values()) {
      if (book.lock !== null && !book.missingLots.isZero()) continue
      for (const unit of book.units) {
        const entry = this.portfolio.orders.get(book.entryOrderId ?? '')
        const isWaiting = unit.exitNotBefore > this.portfolio.now || unit.id === entry?.positionId
        const isHeldBack = book.stopOrderIds.some(
          (id) => this.portfolio.orders.get(id)!.positionId === unit.id,
        )
        if (unit.exit === null || isWaiting || isHeldBack) continue
        const sales = book.exitOrderIds.map((id) => this.portfolio.orders.get(id)!)
        const promised = sales
          .filter(({ positionId }) => positionId === unit.id)
          .reduce((lots, sale) => lots.plus(remainingLots(sale)), ZERO)
        if (promised.isLessThan(unit.lots))
          throw new Error(`the exit of ${unit.id} sells ${promised} of ${unit.lots}`)
      }
    }
  }

  /** Closes everything: whatever happened before, in the end nothing is held and nothing is at work. */
  finish(): void {
    this.desk.trade('halted')
    // Twice: a venue that fills what it had ended may open a unit after the first time.
    for (let round = 0; round < 2; round++) {
      this.#unlockAll()
      this.desk.command({ kind: 'exit', target: { all: true }, reason: 'the end' })
      this.venue.settle((instrument) => this.price(instrument))
      this.check()
    }
    this.#assertFold()
    for (const book of this.portfolio.books.values()) {
      if (book.units.length > 0) throw new Error(`${book.instrument} still holds ${book.units.length} units`)
    }
    if (!this.#isOrderly) return
    for (const [instrument, lots] of this.venue.held) {
      if (!lots.isZero()) throw new Error(`the venue holds ${lots} ${instrument}`)
    }
  }

  /** A locked instrument sells no more than the broker counts, until someone has decided. */
  #unlockAll(): void {
    for (const { instrument, lock } of [...this.portfolio.books.values()]) {
      if (lock !== null) this.desk.command({ kind: 'unlock', instrument, reason: 'the end' })
    }
  }

  /** Decides the recorded inputs on a fresh portfolio: the same must come of them. */
  replay(): void {
    const fresh = emptyPortfolio('test')
    for (const { input, events } of this.desk.log) {
      if (!isDeepStrictEqual(step(fresh, input), events))
        throw new Error(`${input.id} is decided differently`)
    }
    if (!isDeepStrictEqual(fresh, this.portfolio)) throw new Error('the replay ends in another state')
  }
}

/** Throws unless every number among the events survives JSON. */
function assertRecordable(value: unknown, path = ''): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || Object.is(value, -0))
      throw new Error(`${path} is ${value === 0 ? '-0' : value}`)
  } else if (value === undefined) throw new Error(`${path} is undefined`)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) assertRecordable(inner, `${path}.${key}`)
  }
}

/** A decision says why: a refusal by shut gates, anything by a reason. */
function assertReasons(events: readonly PortfolioEvent[]): void {
  for (const event of events) {
    if (event.type !== 'DecisionMade') continue
    const { decision } = event
    if (decision.reasons.length === 0)
      throw new Error(`${decision.id} is ${decision.outcome} without a reason`)
    const isSized = decision.kind === 'entry' || decision.kind === 'pyramid'
    const isOpen = decision.gates.every(({ passed }) => passed)
    if (isSized && isOpen !== (decision.outcome === 'approved'))
      throw new Error(`${decision.id} contradicts its gates`)
  }
}
