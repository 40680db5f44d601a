import type { PortfolioSettings } from '../../core/settings.js'
import type { ResendClass } from '../brokers/broker.js'
import { AlertSource } from './alert-source.js'
import { Chance } from './chance.js'
import { type Ablation, type Fault, Faults } from './faults.js'
import { findUnfinished } from './find-unfinished.js'
import { startInstance } from './instance.js'
import { Life } from './life.js'
import type { SimulatedSequencer } from './simulated-sequencer.js'
import { SimulatedStore } from './simulated-store.js'
import { SimulatedVenue } from './simulated-venue.js'
import { VirtualTime } from './virtual-time.js'
import { type Trace, Watch } from './watch.js'

/** One run of the simulation. */
export interface SimulationRun {
  readonly seed: number
  readonly venueClass: ResendClass
  readonly settings: PortfolioSettings
  /** The safeguard that is taken out; null for none. */
  readonly ablation: Ablation | null
  /** The safeguard whose faults are as likely as can be; null for none. */
  readonly tested: Ablation | null
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
  /** Alerts and commands. */
  readonly alerts: number
  /** Orders that were decided, and those that the venue took of them. */
  readonly intents: number
  readonly orders: number
  readonly trades: number
  /** Faults that struck, crashes among them. */
  readonly faults: number
  readonly crashes: number
  /** Processes that were replaced while they stood still, and went on. */
  readonly takeovers: number
  /** How often the fate of an order became unknown, and how many of these a person had to find out. */
  readonly unknown: number
  readonly escalated: number
  /** Orders that somebody else placed in the account. */
  readonly foreign: number
  /** Milliseconds from the last fault until nothing was left to be done. */
  readonly settledAfter: number
}

/** A Monday at 06:00 UTC. */
const START = Date.UTC(2026, 0, 5, 6)
/** Milliseconds in which things go wrong. */
const STORM = 60_000
const LOOK_EVERY = 5_000
/** Seconds for which the faults that come at any moment are drawn at once. */
const DISTURBED_FOR = 5
/** The log of one seed in so many is folded once more at the end. */
const FOLDED_EVERY = 8
/** Another process takes over from one that was not heard of for so long, in milliseconds. */
const LEASE = 6_000
const PRICES = new Map([
  ['GOLD_MINI', 78_500],
  ['BANK_NIFTY', 52_000],
  ['SILVER_MINI', 92_000],
  ['COPPER', 850],
])

/**
 * Milliseconds after the last fault in which everything comes to its end, or a person is called: at A and B an absence is
 * proven by then, and what stands is ordered again; at C and D a person is called after five minutes.
 */
export const SETTLED_WITHIN: Readonly<Record<ResendClass, number>> = {
  A: 420_000,
  B: 420_000,
  C: 420_000,
  D: 420_000,
}

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
  readonly #faults: Faults
  readonly #watch: Watch
  readonly #store: SimulatedStore
  readonly #venue: SimulatedVenue
  readonly #alerts: AlertSource
  readonly #acknowledged = new Set<string>()
  readonly #escalated = new Set<string>()
  #current: { readonly life: Life; readonly sequencer: SimulatedSequencer } | null = null
  #lives = 0
  #crashes = 0
  #takeovers = 0
  #told = 0
  #settledAfter = 0

  constructor(run: SimulationRun) {
    this.#run = run
    this.#chance = new Chance(Math.imul(run.seed, 0x9e3779b1) ^ run.venueClass.charCodeAt(0))
    this.#faults = new Faults(this.#chance, run.tested)
    this.#watch = new Watch(run.settings.portfolio, this.#trace)
    this.#store = new SimulatedStore(this.#watch, run.ablation !== 'fence')
    this.#venue = new SimulatedVenue({ ...this.#world(), resendClass: run.venueClass })
    this.#alerts = new AlertSource(this.#chance, PRICES)
  }

  async run(): Promise<SimulationOutcome> {
    this.#startLife()
    this.#sendAlerts()
    this.#disturb()
    await this.#time.runUntil(STORM, this.#isOver)
    this.#faults.end()
    this.#venue.speakAgain()
    this.#trace(() => 'calm')
    if (this.#current === null) this.#startLife()
    await this.#settle()
    // A fold that depends on more than the log would do so at every seed
    if (!this.#isOver() && this.#run.seed % FOLDED_EVERY === 0) this.#store.check()
    return this.#outcome()
  }

  /** Safety was looked at all along; this looks whether what was begun is also brought to its end. */
  async #settle(): Promise<void> {
    const within = SETTLED_WITHIN[this.#run.venueClass]
    while (!this.#isOver()) {
      const unfinished = this.#unfinished()
      if (unfinished.length === 0) return
      if (this.#settledAfter >= within) {
        for (const what of unfinished) this.#watch.note(what)
        return
      }
      this.#settledAfter += LOOK_EVERY
      await this.#time.runUntil(STORM + this.#settledAfter, this.#isOver)
    }
  }

  #unfinished(): string[] {
    return findUnfinished({
      watch: this.#watch,
      store: this.#store,
      venue: this.#venue,
      acknowledged: this.#acknowledged,
      escalated: this.#escalated,
    })
  }

  readonly #isOver = (): boolean => this.#watch.violations.length > 0

  readonly #trace: Trace = (line) => {
    if (this.#run.isTraced) this.#lines.push(`${(this.#time.elapsed / 1000).toFixed(3)} ${line()}`)
  }

  #world() {
    return {
      time: this.#time,
      chance: this.#chance,
      faults: this.#faults,
      watch: this.#watch,
      trace: this.#trace,
    }
  }

  #startLife(): void {
    const number = this.#lives + 1
    this.#lives = number
    this.#store.epoch += 1
    const { time, chance, faults, watch, trace } = this.#world()
    const life = new Life({
      time,
      chance,
      faults,
      trace,
      number,
      onStill: (still, ms) => {
        if (LEASE < ms) this.#time.after(LEASE, () => this.#takeOver(still))
      },
      onEnd: (ended) => this.#replace(ended),
    })
    this.#trace(() => `life ${number} starts`)
    const { ablation, venueClass, settings } = this.#run
    const sequencer = startInstance({
      life,
      time,
      chance,
      faults,
      watch,
      trace,
      store: this.#store,
      venue: this.#venue,
      venueClass,
      settings,
      ablation,
      onEscalated: (orderId) => this.#escalated.add(orderId),
      onOpen: (opened) => this.#command(life, opened),
    })
    this.#current = { life, sequencer }
  }

  #replace(ended: Life): void {
    if (ended !== this.#current?.life) return
    this.#current = null
    this.#crashes += 1
    const wait = this.#faults.areOver ? 500 : this.#chance.between(500, 10_000)
    this.#time.after(wait, () => {
      if (this.#current === null) this.#startLife()
    })
  }

  /** A process that stands still for longer than its lease is replaced, and goes on later knowing nothing of it. */
  #takeOver(still: Life): void {
    if (this.#current?.life !== still) return
    this.#takeovers += 1
    this.#startLife()
  }

  #sendAlerts(): void {
    this.#time.afterAlone(this.#chance.between(250, 4_500), () => {
      if (this.#faults.areOver) return
      const id = this.#nextId('A')
      const receivedAt = this.#time.now()
      const alert = this.#alerts.next(receivedAt)
      this.#trace(() => `alert ${id} ${alert.type} ${alert.instrument}`)
      const told = { alert, conflict: false, quote: null, receivedAt }
      this.#store.inbox.set(id, { type: 'AlertAdmitted', id, ...told })
      this.#acknowledged.add(id)
      this.#ring()
      this.#sendAlerts()
    })
  }

  /** The queue tells whoever holds the lease that something waits; it loses that, is late with it and tells it twice. */
  #ring(): void {
    const copies = (this.#faults.strikes('ringLost') ? 0 : 1) + (this.#faults.strikes('ringTwice') ? 1 : 0)
    for (let copy = 0; copy < copies; copy++) {
      const isLate = this.#faults.strikes('ringLate')
      const wait = isLate ? this.#chance.between(1_000, 30_000) : this.#chance.between(1, 50)
      this.#time.afterAlone(wait, () => this.#current?.sequencer.ring())
    }
  }

  /** An operator closes something now and then; the command counts once it is acknowledged. */
  #command(life: Life, sequencer: SimulatedSequencer): void {
    const chance = this.#chance
    life.later(chance.between(5_000, 60_000), () => {
      if (this.#faults.areOver) return
      const id = this.#nextId('O')
      const target = { instrument: chance.pick([...PRICES.keys()]) }
      const command = { kind: 'exit', target, reason: 'an operator' } as const
      void sequencer.submit({ type: 'OperatorCommanded', id, command }).then(() => this.#acknowledged.add(id))
      this.#command(life, sequencer)
    })
  }

  #nextId(kind: 'A' | 'O'): string {
    this.#told += 1
    return `${kind}-${this.#told}`
  }

  readonly #disturb = (): void => {
    if (this.#faults.areOver) return
    this.#maybe('crash', () => this.#current?.life.end('killed at any moment'))
    this.#maybe('pause', () => this.#current?.life.standStill())
    this.#maybe('outage', () => this.#venue.fallSilent(this.#chance.between(1_000, 60_000)))
    this.#maybe('stranger', () => {
      const [instrument, price] = this.#chance.pick([...PRICES])
      this.#venue.takeForeign(instrument, price)
    })
    this.#time.afterAlone(DISTURBED_FOR * 1_000, this.#disturb)
  }

  /** Has a fault happen at some moment until the next are drawn, or not. */
  #maybe(fault: Fault, act: () => void): void {
    if (!this.#faults.strikesWithin(2 * DISTURBED_FOR, fault)) return
    this.#time.afterAlone(this.#chance.between(0, DISTURBED_FOR * 1_000 - 1), act)
  }

  #outcome(): SimulationOutcome {
    const { seed, venueClass } = this.#run
    const { intents, unknown, foreign, violations } = this.#watch
    const ours = this.#venue.orders.filter(({ isForeign }) => !isForeign)
    return {
      ...{ seed, venueClass, violations, trace: this.#lines },
      counts: {
        alerts: this.#told,
        intents,
        orders: ours.length,
        trades: ours.reduce((count, { trades }) => count + trades.length, 0),
        faults: this.#faults.struck,
        crashes: this.#crashes,
        takeovers: this.#takeovers,
        unknown,
        escalated: this.#escalated.size,
        foreign: foreign.size,
        settledAfter: this.#settledAfter,
      },
    }
  }
}
