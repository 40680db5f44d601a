import { decimal, ZERO } from '../../core/decimal.js'
import { isAtWork, isEntry, type Order } from '../../core/order/order.js'
import { countPosition } from '../../core/reconcile/count-position.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { ResendClass } from '../brokers/broker.js'
import type { Log } from '../observe/log.js'
import { OrderDesk } from '../orders/order-desk.js'
import { isAccepted } from '../orders/strangers.js'
import type { Timers } from '../orders/timers.js'
import { readVenueOrders, reconcileOrders } from '../recovery/reconcile.js'
import { activate } from '../recovery/recover.js'
import { AlertSource } from './alert-source.js'
import { Chance } from './chance.js'
import { type Ablation, CALM, drawFaults, type FaultRates } from './faults.js'
import { Life } from './life.js'
import { SimulatedBroker, VenueUnreadableError } from './simulated-broker.js'
import { SimulatedSequencer } from './simulated-sequencer.js'
import { SimulatedStore } from './simulated-store.js'
import { SimulatedVenue } from './simulated-venue.js'
import { VirtualTime } from './virtual-time.js'
import { Watch } from './watch.js'

/** One run of the simulation. */
export interface SimulationRun {
  readonly seed: number
  readonly venueClass: ResendClass
  readonly settings: PortfolioSettings
  /** The safeguard that is taken out; null for none. */
  readonly ablation: Ablation | null
  /** True keeps a line for everything that happens. */
  readonly isTraced: boolean
}

/** What a run came to. */
export interface SimulationOutcome {
  readonly seed: number
  readonly venueClass: ResendClass
  /** What must never happen and did, in the order in which it was seen; empty when all is well. */
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly counts: SimulationCounts
}

/** How much happened. */
export interface SimulationCounts {
  readonly alerts: number
  readonly orders: number
  readonly trades: number
  /** Processes that were started, the first one included. */
  readonly lives: number
  /** Orders whose fate a person had to find out. */
  readonly escalated: number
}

/** A Monday at 06:00 UTC. */
const START = Date.UTC(2026, 0, 5, 6)
/** Milliseconds in which things go wrong, and in which everything must then come to its end. */
const STORM = 120_000
const AFTERMATH = 420_000
const LOOK_EVERY = 5_000
/** Another process takes over from one that was not heard of for so long, in milliseconds. */
const LEASE = 6_000
const PRICES = new Map([
  ['GOLD_MINI', 78_500],
  ['BANK_NIFTY', 52_000],
  ['SILVER_MINI', 92_000],
  ['COPPER', 850],
])

/** Runs one seed from its first alert to rest and returns what was seen; the same run is the same to the last line. */
export function simulate(run: SimulationRun): Promise<SimulationOutcome> {
  return new Simulation(run).run()
}

/** The world of one run: time, the venue, the store, and one process after another. */
class Simulation {
  readonly #run: SimulationRun
  readonly #chance: Chance
  readonly #time = new VirtualTime(START)
  readonly #lines: string[] = []
  readonly #watch: Watch
  readonly #store: SimulatedStore
  readonly #venue: SimulatedVenue
  readonly #alerts: AlertSource
  readonly #acknowledged = new Set<string>()
  readonly #escalated = new Set<string>()
  #faults: FaultRates
  #lives = 0
  #current: Life | null = null
  #count = 0

  constructor(run: SimulationRun) {
    this.#run = run
    this.#chance = new Chance(Math.imul(run.seed, 0x9e3779b1) ^ run.venueClass.charCodeAt(0))
    this.#faults = drawFaults(this.#chance)
    this.#watch = new Watch(run.settings.portfolio, this.#trace)
    this.#store = new SimulatedStore(this.#watch, run.ablation !== 'fence')
    this.#venue = new SimulatedVenue({ ...this.#world(), resendClass: run.venueClass })
    this.#alerts = new AlertSource(this.#chance, PRICES)
  }

  async run(): Promise<SimulationOutcome> {
    this.#startLife()
    this.#sendAlerts()
    this.#stopSometimes()
    await this.#time.runUntil(STORM, this.#isOver)
    this.#faults = CALM
    this.#venue.speakAgain()
    this.#trace('calm')
    if (this.#current === null) this.#startLife()
    for (let until = STORM; until < STORM + AFTERMATH && !this.#isAtRest(); ) {
      until += LOOK_EVERY
      await this.#time.runUntil(until, this.#isOver)
      if (this.#isOver()) break
    }
    if (!this.#isOver()) this.#judge()
    if (!this.#isOver()) this.#store.check()
    return this.#outcome()
  }

  readonly #isOver = (): boolean => this.#watch.violations.length > 0

  readonly #trace = (line: string): void => {
    if (this.#run.isTraced) this.#lines.push(`${(this.#time.elapsed / 1000).toFixed(3)} ${line}`)
  }

  #world() {
    const faults = (): FaultRates => this.#faults
    return { time: this.#time, chance: this.#chance, faults, watch: this.#watch, trace: this.#trace }
  }

  #startLife(): void {
    this.#lives += 1
    this.#store.epoch += 1
    const world = this.#world()
    const onEnd = (ended: Life): void => this.#replace(ended)
    const onStill = (life: Life, ms: number): void => {
      if (LEASE < ms) this.#time.after(LEASE, () => this.#takeOver(life))
    }
    const life = new Life({ ...world, number: this.#lives, onStill, onEnd })
    this.#current = life
    this.#trace(`life ${life.number} starts`)
    const { ablation, venueClass } = this.#run
    const store = this.#store
    const sequencer = new SimulatedSequencer({ ...world, life, store, isHasty: ablation === 'journal' })
    const recordedIds = (): ReadonlySet<string> =>
      new Set([...sequencer.state().orders.values()].flatMap(({ venueOrderId }) => venueOrderId ?? []))
    const broker = new SimulatedBroker({
      ...world,
      ...{ life, venue: this.#venue, resendClass: venueClass, recordedIds },
      hasMargin: ablation !== 'margin',
      hasTradeIds: ablation !== 'dedupe',
    })
    void this.#live(life, sequencer, broker)
  }

  async #live(life: Life, sequencer: SimulatedSequencer, broker: SimulatedBroker): Promise<void> {
    const clock = { now: this.#time.now }
    const occasion = `life ${life.number}`
    const desk = new OrderDesk({
      ...{ portfolio: this.#run.settings.portfolio, occasion, sequencer, broker, clock },
      log: this.#log(),
      monotonic: () => this.#time.elapsed,
      timers: timersOf(life),
      raise: async ({ code, instrument, subject }) => {
        this.#trace(`alarm ${code} ${subject}`)
        this.#watch.alarm(instrument, subject)
        if (code === 'ORDER_ESCALATED' && subject !== undefined) this.#escalated.add(subject)
      },
    })
    const wanted = { hash: 'simulated', settings: this.#run.settings, openingDeposit: decimal(40_000_000) }
    await activate(sequencer, wanted, this.#store.log.length)
    const context = { steps: sequencer, broker, clock, occasion, settleMs: 0 }
    for (let isRead = false; !isRead; ) {
      try {
        await reconcileOrders(context, await readVenueOrders(context))
        isRead = true
      } catch (error) {
        if (!(error instanceof VenueUnreadableError)) throw error
        await life.answer(1_000, () => undefined)
      }
    }
    this.#trace(`life ${life.number} trades`)
    sequencer.open()
    desk.open()
    this.#command(life, sequencer)
  }

  /** An operator closes something now and then; the command counts once it is acknowledged. */
  #command(life: Life, sequencer: SimulatedSequencer): void {
    const chance = this.#chance
    life.later(chance.between(5_000, 60_000), () => {
      if (this.#faults === CALM) return
      this.#count += 1
      const id = `O-${this.#count}`
      const target = { instrument: chance.pick([...PRICES.keys()]) }
      const command = { kind: 'exit', target, reason: 'an operator' } as const
      void sequencer.submit({ type: 'OperatorCommanded', id, command }).then(() => this.#acknowledged.add(id))
      this.#command(life, sequencer)
    })
  }

  /** The adapter's and the store's failures are told as warnings; anything else that is caught on the way is a fault. */
  #log(): Log {
    const look = (fields: Readonly<Record<string, unknown>>, message: string): void => {
      const { err } = fields
      if (err instanceof VenueUnreadableError) return
      const why = err instanceof Error ? (err.stack ?? err.message) : String(err)
      this.#watch.note(`${message}: ${why}`)
    }
    const ignore = (): void => undefined
    return { debug: ignore, info: ignore, warn: look, error: look }
  }

  #replace(ended: Life): void {
    if (ended !== this.#current) return
    this.#current = null
    const wait = this.#faults === CALM ? 500 : this.#chance.between(500, 10_000)
    this.#time.after(wait, () => {
      if (this.#current === null) this.#startLife()
    })
  }

  #sendAlerts(): void {
    this.#time.afterAlone(this.#chance.between(300, 6_000), () => {
      if (this.#faults === CALM) return
      this.#count += 1
      const id = `A-${this.#count}`
      const alert = this.#alerts.next(this.#time.now())
      const receivedAt = this.#time.now()
      this.#trace(`alert ${id} ${alert.type} ${alert.instrument}`)
      this.#store.inbox.set(id, {
        type: 'AlertAdmitted',
        id,
        alert,
        conflict: false,
        quote: null,
        receivedAt,
      })
      this.#acknowledged.add(id)
      this.#sendAlerts()
    })
  }

  readonly #stopSometimes = (): void => {
    if (this.#faults === CALM) return
    this.#current?.survives('at any moment')
    if (this.#chance.happens(this.#faults.outage)) this.#venue.fallSilent(this.#chance.between(1_000, 60_000))
    this.#time.afterAlone(1_000, this.#stopSometimes)
  }

  /** A process that stands still for longer than its lease is replaced, and goes on later knowing nothing of it. */
  #takeOver(stalled: Life): void {
    if (this.#current === stalled) this.#startLife()
  }

  /** Whether nothing is left to wait for. */
  #isAtRest(): boolean {
    return this.#unfinished().length === 0
  }

  #judge(): void {
    for (const what of this.#unfinished()) this.#watch.note(what)
  }

  /** What must have come to its end, or be known to a person, when all has been calm for long enough. */
  #unfinished(): string[] {
    const { truth, alarmed } = this.#watch
    const found: string[] = []
    for (const id of this.#acknowledged) {
      if (this.#store.find(id) === undefined) found.push(`${id} was acknowledged and is not decided`)
    }
    const doubtful = new Set<string>()
    for (const order of truth.orders.values()) {
      if (!isAtWork(order.state)) continue
      const mayRest = isEntry(order) || order.purpose === 'stop'
      const isResting = mayRest && isAccepted(order) && !order.cancelRequested
      if (isResting || this.#isCarriedOut(order)) continue
      if (this.#escalated.has(order.id)) doubtful.add(order.instrument)
      else found.push(`${order.id} is still ${order.state}, and nobody was called`)
    }
    for (const book of truth.books.values()) {
      const isLocked = book.lock !== null && alarmed.has(book.instrument)
      const { lots: held, surplus } = countPosition(
        book.instrument,
        Object.fromEntries(this.#venue.held),
        book,
      )
      const booked = book.units.reduce((lots, unit) => lots.plus(unit.lots), ZERO)
      if (doubtful.has(book.instrument)) continue
      if (!held.equals(booked)) found.push(`${book.instrument}: the venue holds ${held}, the books ${booked}`)
      for (const { option, lots } of surplus) found.push(`the venue holds ${lots} of ${option} alone`)
      if (isLocked) continue
      for (const unit of book.units) {
        if (unit.exit !== null) found.push(`the exit of ${unit.id} is not done`)
      }
    }
    return found
  }

  /** An order that its legs carry out is judged by theirs. */
  #isCarriedOut({ id }: Order): boolean {
    const { legs, orders } = this.#watch.truth
    return legs.get(id)?.orderIds.some((leg) => isAtWork(orders.get(leg)?.state ?? 'denied')) ?? false
  }

  #outcome(): SimulationOutcome {
    const { seed, venueClass } = this.#run
    return {
      ...{ seed, venueClass, violations: this.#watch.violations, trace: this.#lines },
      counts: {
        alerts: this.#count,
        orders: this.#venue.orders.length,
        trades: this.#venue.orders.reduce((count, { trades }) => count + trades.length, 0),
        lives: this.#lives,
        escalated: this.#escalated.size,
      },
    }
  }
}

const NEVER_ABORTED = new AbortController().signal

function timersOf(life: Life): Timers {
  return {
    after: (ms, act) => life.later(ms, act),
    every: (ms, act) => {
      let isStopped = false
      const beat = (): void => {
        if (isStopped) return
        act()
        life.later(ms, beat)
      }
      life.later(ms, beat)
      return () => {
        isStopped = true
      }
    },
    // The simulated adapter keeps its own deadline
    deadline: () => NEVER_ABORTED,
  }
}
