import { setTimeout as delay } from 'node:timers/promises'
import type { EventType, PortfolioEvent } from '../../core/event.js'
import type { InputType } from '../../core/input.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { Broker } from '../brokers/broker.js'
import type { Clock } from '../clock.js'
import type { OwnConnection } from '../db/own-connection.js'
import { ServiceError } from '../errors.js'
import type { DataCorruptError } from '../journal/data-corrupt-error.js'
import { type LoadedPortfolio, readHead } from '../journal/load.js'
import { Sequencer } from '../kernel/sequencer.js'
import { LeaseLostError } from '../kernel/work.js'
import { type FollowedMetrics, MetricsFollower } from '../market/metrics/metrics-follower.js'
import { QuoteBoard } from '../market/quote-board.js'
import { ScoutWatch } from '../market/scout-watch.js'
import { type AlarmDesk, raiseAlarm, type ShellAlarm } from '../observe/alarms.js'
import { OrderDesk } from '../orders/order-desk.js'
import type { Doorbell } from '../queue/doorbell.js'
import { ACCOUNT_TIMINGS, AccountWatch, type AccountWatchTimings } from '../recovery/account-watch.js'
import { haltCrashLoop } from '../recovery/crash-loop.js'
import { breaksOf } from '../recovery/reconcile.js'
import {
  activate,
  breakCode,
  type RecoveryContext,
  recoverFold,
  recoverVenue,
  type WantedConfiguration,
} from '../recovery/recover.js'
import type { RecoveryProgress } from '../recovery/recovery-progress.js'
import { requireCapabilities } from '../recovery/require-capabilities.js'
import { AllocationSchedule } from '../schedule/allocation-schedule.js'
import { CalendarFollower } from '../schedule/calendar-follower.js'
import { EvaluationSchedule } from '../schedule/evaluation-schedule.js'
import { PreCloseSchedule } from '../schedule/pre-close-schedule.js'
import { RolloverSchedule } from '../schedule/rollover-schedule.js'
import type { HeldPortfolio } from './hosts.js'
import { OrderWatch } from './order-watch.js'
import { showPrice } from './show-price.js'

/** What one run of a portfolio depends on. */
export interface PortfolioRunOptions {
  readonly wanted: WantedConfiguration
  /** Of the lease under which it runs. */
  readonly epoch: number
  /** How many starts before this one died before the portfolio was active. */
  readonly crashes: number
  readonly clock: Clock
  readonly desk: AlarmDesk
  readonly doorbell: Doorbell
  readonly broker: Broker
  /** Where fund metrics are read; null: they are imported. */
  readonly metrics: FollowedMetrics | null
  /** What is decided is recorded on it; it ends with the run. */
  readonly writer: OwnConnection
  readonly onProgress: (progress: RecoveryProgress) => void
  /** Is told what was recorded, after its commit; returns at once. */
  readonly onEvents?: ((portfolio: Portfolio, events: readonly PortfolioEvent[]) => void) | undefined
  /** When the account is compared; default: those of a running service. */
  readonly accountTimings?: AccountWatchTimings | undefined
}

/** Sends under way when the service stops are waited for this long. */
const sendsEndWithinMs = 10_000
const listenAfterMs = 1000
/** Inputs and events with which differences from the broker come and go. */
const OBSERVES: ReadonlySet<InputType> = new Set(['AccountObserved', 'VenueOrdersObserved'])
const SETTLES: ReadonlySet<EventType> = new Set(['BreakSettled', 'InstrumentUnlocked'])
const drainLookEveryMs = 20
const drainWithinMs = 10_000

/**
 * One tenure of a portfolio: from taking its lease to letting go of it. It ends when it is stopped, when another
 * instance takes the lease, or when its logs turn out to be corrupt.
 */
export class PortfolioRun {
  readonly #options: PortfolioRunOptions
  readonly #sequencer: Sequencer
  readonly #orders: OrderDesk
  readonly #watch = new OrderWatch()
  readonly #calendar: CalendarFollower
  readonly #preClose: PreCloseSchedule
  readonly #allocation: AllocationSchedule
  readonly #metrics: MetricsFollower | null
  readonly #evaluations: EvaluationSchedule
  readonly #rollover: RolloverSchedule
  readonly #quotesOf: HeldPortfolio['quotesOf']
  readonly #scouts: ScoutWatch
  readonly #account: AccountWatch
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  #end: (cause: Error | null) => void = () => undefined
  #isFolded = false
  #isActive = false
  #unreachableSince: number | null = null
  #unlisten: () => Promise<void> = async () => undefined
  #stopped: Promise<void> | null = null

  constructor(options: PortfolioRunOptions) {
    const { wanted, epoch, clock, desk, broker, writer } = options
    const { portfolio } = wanted.settings
    this.#options = options
    this.#ended = new Promise((resolve, reject) => {
      this.#end = (cause) => (cause === null ? resolve() : reject(cause))
    })
    this.#ended.catch(() => undefined)
    const onStopped = (cause: LeaseLostError | DataCorruptError) => this.#end(cause)
    const { log } = desk
    const quotes = new QuoteBoard({ broker, log, monotonic: () => performance.now() })
    const quoteOf = (instrument: string) => quotes.look(instrument, () => this.#sequencer.ring())
    this.#sequencer = new Sequencer({ portfolio, epoch, desk, clock, writer, quoteOf, onStopped })
    this.#calendar = new CalendarFollower({ sequencer: this.#sequencer, desk })
    const quotesOf = (instruments: readonly string[]) => quotes.gather(instruments)
    this.#quotesOf = quotesOf
    this.#preClose = new PreCloseSchedule({ sequencer: this.#sequencer, clock, log, quotesOf })
    this.#rollover = new RolloverSchedule({ sequencer: this.#sequencer, clock, log })
    this.#allocation = new AllocationSchedule({ sequencer: this.#sequencer, clock, log, quotesOf })
    const { metrics } = options
    this.#metrics =
      metrics === null ? null : new MetricsFollower({ ...metrics, sequencer: this.#sequencer, desk, clock })
    this.#evaluations = new EvaluationSchedule({ sequencer: this.#sequencer, clock, log, quotesOf })
    this.#scouts = new ScoutWatch({ sequencer: this.#sequencer, desk, clock })
    this.#sequencer.onEvents((events) => this.#watch.follow(events))
    if (wanted.settings.protectiveStop != null && broker.see !== undefined)
      this.#sequencer.onEvents((_, input) => showPrice(broker, input, log))
    const raise = (alarm: ShellAlarm) => raiseAlarm(desk, alarm)
    const shared = { portfolio, broker, clock, sequencer: this.#sequencer, log, raise }
    const occasion = `epoch ${epoch}`
    const timings = options.accountTimings ?? ACCOUNT_TIMINGS
    const { secondLookAfter } = timings
    this.#orders = new OrderDesk({ ...shared, occasion, quotesOf, timings: { secondLookAfter } })
    const readOrders = () => this.#orders.readVenue()
    this.#account = new AccountWatch({ ...shared, occasion, readOrders, timings })
    this.#sequencer.onEvents((events, { type }) => this.#showBreaks(events, type))
    const { onEvents } = options
    if (onEvents !== undefined)
      this.#sequencer.onEvents((events) => onEvents(this.#sequencer.state(), events))
  }

  /** The portfolio as it can be asked and commanded; null until its logs are folded. */
  held(): HeldPortfolio | null {
    if (!this.#isFolded) return null
    const sequencer = this.#sequencer
    const state = () => sequencer.state()
    return {
      state,
      ring: () => sequencer.ring(),
      submit: (input) => sequencer.submit(input),
      quotesOf: (instruments) => this.#quotesOf(instruments),
      whenDecided: (alertId, timeoutMs) => sequencer.whenDecided(alertId, timeoutMs),
      whenFilled: (orderIds, timeoutMs) => this.#watch.whenFilled(state, orderIds, timeoutMs),
    }
  }

  /** Recovers and runs; resolves when it is stopped, and rejects with what ended it otherwise. */
  async untilEnded(): Promise<void> {
    await Promise.race([this.#recover(), this.#ended])
    await this.#ended
  }

  /** Tells that another instance has the lease, before the next write would find out. */
  loseLease(): void {
    const { epoch, wanted } = this.#options
    this.#end(new LeaseLostError(wanted.settings.portfolio, { ours: epoch, now: epoch + 1 }))
  }

  /** Stops deciding and sending; sends that are under way end first, within their time. */
  stop(): Promise<void> {
    this.#stopped ??= this.#letGo()
    return this.#stopped
  }

  async #recover(): Promise<void> {
    const { wanted, desk, clock, broker, onProgress, crashes } = this.#options
    const { portfolio } = wanted.settings
    const begun = performance.now()
    requireCapabilities(wanted.settings, broker)
    const context: RecoveryContext = {
      ...{ portfolio, desk, clock, broker, full: false, signal: this.#stop.signal },
      onProgress: (progress) => this.#follow(progress),
    }
    const loaded = await this.#load(context)
    if (this.#stop.signal.aborted) return
    const sequencer = this.#sequencer
    sequencer.start(loaded)
    this.#isFolded = true
    await activate(sequencer, wanted, loaded.fold.seq)
    const occasion = `epoch ${loaded.epoch}`
    await haltCrashLoop({ desk, steps: sequencer, crashes, occasion, at: clock.now() })
    await this.#calendar.start()
    await recoverVenue(context, sequencer, occasion)
    if (this.#stop.signal.aborted) return
    this.#orders.open()
    onProgress({ phase: 'drainInbox', code: null, detail: null })
    sequencer.admitAlerts()
    await this.#drained()
    if (this.#stop.signal.aborted) return
    this.#preClose.start()
    this.#rollover.start()
    this.#evaluations.start()
    this.#metrics?.start()
    this.#allocation.start()
    this.#scouts.start()
    this.#account.start()
    this.#listenSoon()
    desk.metrics.recoverySeconds.set({ portfolio }, (performance.now() - begun) / 1000)
    this.#isActive = true
    this.#showActive()
  }

  #showActive(): void {
    const confirmed = breaksOf(this.#sequencer.state()).filter(({ isConfirmed }) => isConfirmed)
    this.#options.onProgress({ phase: 'active', ...breakCode(confirmed) })
  }

  /** Differences that come and go while the portfolio runs are shown with its phase. */
  #showBreaks(events: readonly PortfolioEvent[], input: InputType): void {
    if (!this.#isActive) return
    if (OBSERVES.has(input) || events.some(({ type }) => SETTLES.has(type))) this.#showActive()
  }

  /** Loading the queue keeps the processor busy for a moment, and the first alerts after a start are not to feel it. */
  #listenSoon(): void {
    const { doorbell, wanted } = this.#options
    const listen = () => {
      this.#unlisten = doorbell.onRing(wanted.settings.portfolio, () => this.#sequencer.ring())
    }
    const timer = setTimeout(listen, listenAfterMs)
    this.#unlisten = async () => clearTimeout(timer)
  }

  /** Returns the fold of the logs, which the tables were compared with, and the fence that it stands behind. */
  async #load(context: RecoveryContext): Promise<LoadedPortfolio> {
    const { wanted, desk, epoch } = this.#options
    const { portfolio } = wanted.settings
    const { fold, snapshotSeq, snapshotEvents } = await recoverFold(context)
    requireCurrency(fold.portfolio, wanted.settings)
    const head = await readHead(desk.pool, portfolio)
    if (head?.epoch !== epoch || head.seq !== fold.seq) {
      throw new LeaseLostError(portfolio, { ours: epoch, now: head?.epoch ?? 0 })
    }
    const { version, holder } = head
    return { fold, version, epoch, holder, snapshotSeq, snapshotEvents }
  }

  #follow(progress: RecoveryProgress): void {
    this.#options.onProgress(progress)
    const isUnreachable = progress.code === 'VENUE_UNREACHABLE'
    if (isUnreachable && this.#unreachableSince === null) {
      const message = `${progress.detail}. Until it answers nothing is sent, exits included`
      this.#raise({ code: 'BROKER_UNREACHABLE', severity: 'critical', message })
    }
    this.#unreachableSince = isUnreachable ? (this.#unreachableSince ?? performance.now()) : null
  }

  #raise(alarm: Omit<ShellAlarm, 'at' | 'portfolio'>): void {
    const { desk, clock, wanted } = this.#options
    const { portfolio } = wanted.settings
    void raiseAlarm(desk, { ...alarm, portfolio, at: clock.now() })
  }

  /** Waits until what came before is decided. What comes meanwhile is decided in its turn, and holds nothing up. */
  async #drained(): Promise<void> {
    const { wanted, desk } = this.#options
    const { portfolio } = wanted.settings
    const deadline = performance.now() + drainWithinMs
    const waiting = `select max(id) as last, min(id) as first from inbox where portfolio = $1 and state = 'waiting'`
    let last: number | null = null
    while (performance.now() < deadline && !this.#stop.signal.aborted) {
      const { rows } = await desk.pool.query<Record<'first' | 'last', number | null>>(waiting, [portfolio])
      const row = rows[0]!
      last ??= row.last
      if (last === null || row.first === null || row.first > last) return
      await delay(drainLookEveryMs)
    }
  }

  async #letGo(): Promise<void> {
    this.#stop.abort()
    this.#isActive = false
    const watches = [
      this.#scouts,
      this.#preClose,
      this.#evaluations,
      this.#allocation,
      this.#metrics,
      this.#rollover,
      this.#calendar,
      this.#account,
    ]
    await Promise.all(watches.map((watch) => watch?.stop()))
    await this.#unlisten()
    await Promise.race([this.#orders.close(), delay(sendsEndWithinMs, undefined, { ref: false })])
    await this.#sequencer.stop()
    this.#isFolded = false
    await this.#options.broker.close()
    this.#end(null)
  }
}

/** The ledger's amounts have no currency of their own: another one would give them another meaning. */
function requireCurrency({ id, settings }: Portfolio, { currency }: PortfolioSettings): void {
  if (settings === null || settings.currency === currency) return
  const detail = `Portfolio ${id} is kept in ${settings.currency}; the configuration says ${currency}`
  throw new ServiceError('CONFIGURATION_INVALID', detail)
}
