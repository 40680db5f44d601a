import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { decimal } from '../../core/decimal.js'
import { MINUTE } from '../../core/time.js'
import type { OpenAlgoIncident } from '../brokers/openalgo/openalgo-settings.js'
import type { PortfolioConfiguration } from '../config/configuration.js'
import { configurationHash, settingsOf } from '../config/settings.js'
import type { PhaseName } from '../db/column-values.js'
import type { Database } from '../db/database.js'
import { isDatabaseAway } from '../db/is-database-away.js'
import { ServiceError } from '../errors.js'
import type { PortfolioReadiness, Readiness } from '../http/readiness.js'
import type { AlertDesk, Intake } from '../http/webhook-port.js'
import { Receiver } from '../inbox/receive.js'
import { Leases } from '../lease/lease.js'
import { CalendarWatch } from '../market/calendar/calendar-watch.js'
import { httpMetricsSource } from '../market/metrics/http-metrics-source.js'
import type { FollowedMetrics } from '../market/metrics/metrics-follower.js'
import { Notifier } from '../notify/notifier.js'
import { type AlarmDesk, raiseAlarm, type ShellAlarm } from '../observe/alarms.js'
import type { Doorbell } from '../queue/doorbell.js'
import { openDoorbell } from '../queue/open-doorbell.js'
import { createAlertDesk } from './alert-desk.js'
import { measuredBroker } from './measured-broker.js'
import { openBroker } from './open-broker.js'
import { PortfolioHost } from './portfolio-host.js'
import type { Setup } from './setup.js'
import { openStorage, type Storage } from './storage.js'

/** What an engine depends on. */
export interface EngineOptions {
  readonly setup: Setup
  /** Is told each time a portfolio comes into another phase. */
  readonly onPhase: (readiness: PortfolioReadiness) => void
}

/** What is open once there is a database. */
interface OpenParts {
  readonly storage: Storage
  readonly desk: AlertDesk
  readonly leases: Leases
  readonly doorbell: Doorbell
  readonly calendarWatch: CalendarWatch
}

const retryMs = 500

/**
 * Everything behind the listeners: it opens the database, takes alerts from then on, and keeps every portfolio running.
 * The listeners come first and go last, so that whoever asks meanwhile gets an answer.
 */
export class Engine {
  readonly #setup: Setup
  readonly #onPhase: EngineOptions['onPhase']
  readonly #stop = new AbortController()
  readonly #hosts = new Map<string, PortfolioHost>()
  readonly #notifier: Notifier
  readonly #ready: Promise<void>
  #becomeReady: () => void = () => undefined
  #parts: OpenParts | null = null
  #opening: { readonly phase: PhaseName; readonly reason: string | null } = {
    phase: 'database',
    reason: null,
  }
  #storage: Promise<Storage> | null = null
  #opened: Promise<void> | null = null
  #stopped: Promise<void> | null = null

  constructor({ setup, onPhase }: EngineOptions) {
    this.#setup = setup
    this.#onPhase = onPhase
    const { configuration, clock, log, metrics, secrets } = setup
    this.#notifier = new Notifier({
      ...{ receivers: configuration.notifications, clock, log, metrics, scrub: secrets.scrub },
      raise: (alarm) => this.raise(alarm),
    })
    this.#ready = new Promise((resolve) => {
      this.#becomeReady = resolve
    })
  }

  /** Portfolios by id; none before there is a database. */
  get hosts(): ReadonlyMap<string, PortfolioHost> {
    return this.#hosts
  }

  /** Begins to open the database, which takes a while; nothing is done with it before everything is opened. */
  prepare(): void {
    this.#storage ??= this.#openStorage()
    // A failure is met when everything is opened
    this.#storage.catch(() => undefined)
  }

  /** Opens everything; resolves when every portfolio runs, here or elsewhere. Rejects when the service cannot run. */
  async open(): Promise<void> {
    this.#opened ??= this.#open()
    await this.#opened
    await this.#ready
  }

  /** Refuses new alerts, lets what is under way end, and closes everything. */
  stop(): Promise<void> {
    this.#stopped ??= this.#close()
    return this.#stopped
  }

  /** Whether alerts are taken: from the first moment of the database to the last of the service. */
  intake(): Intake {
    if (this.#stop.signal.aborted) return 'stopping'
    return this.#parts === null ? 'starting' : 'open'
  }

  /** Returns the desk that takes alerts. Throws while there is none. */
  desk(): AlertDesk {
    return this.#require().desk
  }

  /** Returns the storage. Throws ServiceError while there is none. */
  storage(): Storage {
    return this.#require().storage
  }

  /** Raises an alarm; returns at once. Throws while there is no database. */
  readonly raise = (alarm: ShellAlarm): void => {
    void raiseAlarm(this.#alarmDesk(this.storage().kernel), alarm)
  }

  /** Returns where every portfolio is. */
  readiness(): Readiness {
    const stopping = this.#stop.signal.aborted
    const phase = stopping ? 'stopping' : this.#parts === null ? 'starting' : 'running'
    const { configuration } = this.#setup
    const portfolios = configuration.portfolios.map(
      ({ id }) => this.#hosts.get(id)?.readiness() ?? this.#notOpened(id),
    )
    return { phase, portfolios }
  }

  #notOpened(id: string): PortfolioReadiness {
    const { phase, reason } = this.#opening
    const code = reason === null ? null : 'DB_UNAVAILABLE'
    return { id, phase, ready: false, code, detail: reason, heldBy: null }
  }

  #require(): OpenParts {
    if (this.#parts !== null) return this.#parts
    const { reason } = this.#opening
    if (reason === null) throw new ServiceError('STARTING', 'The database is not open yet')
    throw new ServiceError('DB_UNAVAILABLE', `The database does not answer: ${reason}`)
  }

  async #open(): Promise<void> {
    const { environment, log, secrets } = this.#setup
    const { redisUrl } = environment
    this.prepare()
    const storage = await this.#storage!
    secrets.add(decodeURIComponent(new URL(storage.connectionString).password))
    const doorbell = openDoorbell({ redisUrl, databaseUrl: storage.connectionString, log })
    const leases = this.#makeLeases(storage.kernel)
    const calendarWatch = this.#makeCalendarWatch(storage.kernel)
    this.#parts = { storage, doorbell, leases, calendarWatch, desk: this.#makeDesk(storage) }
    await this.#startLeases(leases)
    if (this.#stop.signal.aborted) return
    this.#parts.calendarWatch.start()
    for (const portfolio of this.#setup.configuration.portfolios) this.#host(portfolio)
    for (const host of this.#hosts.values()) host.start()
  }

  #openStorage(): Promise<Storage> {
    const { environment, log, secrets } = this.#setup
    const { databaseUrl, home } = environment
    return openStorage({
      ...{ databaseUrl, home, log, signal: this.#stop.signal },
      onMigrating: () => this.#openingIs('migrations', null),
      onUnavailable: (reason) => this.#openingIs('database', secrets.scrub(reason)),
    })
  }

  async #startLeases(leases: Leases): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await leases.start()
        return
      } catch (error) {
        if (!isDatabaseAway(error)) throw error
        this.#setup.log.warn({ err: error }, 'This instance could not be registered; it tries again')
        await delay(retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  #openingIs(phase: PhaseName, reason: string | null): void {
    if (this.#opening.phase === phase && this.#opening.reason === reason) return
    this.#opening = { phase, reason }
    for (const { id } of this.#setup.configuration.portfolios) this.#onPhase(this.#notOpened(id))
  }

  #makeDesk({ inbox }: Storage): AlertDesk {
    const { sources, clock, log, metrics } = this.#setup
    const onStored = (portfolios: ReadonlySet<string>) => {
      for (const id of portfolios) this.#hosts.get(id)?.ring()
    }
    const receiver = new Receiver({ pool: inbox.pool, log, metrics, onStored })
    const deciding = (portfolio: string) => this.#hosts.get(portfolio)?.held() ?? null
    return createAlertDesk({ sources, receiver, pool: inbox.pool, clock, log, metrics, deciding })
  }

  #makeLeases(kernel: Database): Leases {
    const { clock } = this.#setup
    const instance = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`
    const onLost = (portfolio: string) => this.#hosts.get(portfolio)?.loseLease()
    return new Leases({ instance, desk: this.#alarmDesk(kernel), clock, onLost })
  }

  #makeCalendarWatch(kernel: Database): CalendarWatch {
    const { clock, configuration } = this.#setup
    const bound = configuration.portfolios.filter(({ sessions }) => sessions !== 'always')
    const traded = bound.flatMap(({ instruments, assets }) => [...instruments, ...assets])
    const exchanges = traded.map(({ exchange }) => exchange)
    return new CalendarWatch({ desk: this.#alarmDesk(kernel), clock, exchanges })
  }

  #alarmDesk({ pool }: Database): AlarmDesk {
    const { log, metrics } = this.#setup
    return { pool, log, metrics, onAlarm: (alarm) => this.#notifier.tellAlarm(alarm) }
  }

  #host(portfolio: PortfolioConfiguration): void {
    const { clock, metrics, accountTimings, brokerTimings: timings } = this.#setup
    const { storage, leases, doorbell } = this.#require()
    const { pool } = storage.kernel
    const { id, initialDeposit } = portfolio
    const settings = settingsOf(portfolio)
    const deposit = decimal(initialDeposit)
    const openingDeposit = deposit.isPositive() ? deposit : null
    const onIncident = (incident: OpenAlgoIncident) => this.#alarmIncident(id, incident)
    const apiKey = this.#setup.configuration.apiKeys.get(id) ?? null
    const parts = { portfolio, apiKey, pool, clock, onIncident, timings }
    const open = () => measuredBroker(openBroker(parts), metrics)
    const host = new PortfolioHost({
      ...{ clock, leases, doorbell, accountTimings },
      openBroker: open,
      metrics: this.#metricsOf(portfolio),
      wanted: { settings, openingDeposit, hash: configurationHash(settings) },
      desk: this.#alarmDesk(storage.kernel),
      onEvents: (state, events) => this.#notifier.tellEvents(state, events),
      onPhase: (readiness) => {
        this.#onPhase(readiness)
        if (this.readiness().portfolios.every(({ ready }) => ready)) this.#becomeReady()
      },
    })
    this.#hosts.set(id, host)
  }

  #metricsOf({ id, strategy }: PortfolioConfiguration): FollowedMetrics | null {
    if (strategy.kind !== 'allocation' || strategy.weights.source === undefined) return null
    const { url, everyMinutes } = strategy.weights.source
    const token = this.#setup.configuration.metricsTokens.get(id) ?? null
    return { source: httpMetricsSource({ url, token }), everyMs: everyMinutes * MINUTE }
  }

  /** A broker's account that a person has to look at. */
  #alarmIncident(portfolio: string, incident: OpenAlgoIncident): void {
    const { code, message, instrument, severity = 'critical' } = incident
    const at = this.#setup.clock.now()
    const about = instrument === undefined ? { portfolio } : { portfolio, instrument }
    this.raise({ code, severity, message, at, ...about })
  }

  async #close(): Promise<void> {
    this.#stop.abort()
    await this.#opened?.catch(() => undefined)
    await Promise.all([...this.#hosts.values()].map((host) => host.stop()))
    await this.#parts?.doorbell.close()
    await this.#parts?.calendarWatch.stop()
    await this.#parts?.leases.stop()
    await this.#notifier.stop()
    const storage = await this.#storage?.catch(() => null)
    await storage?.close()
  }
}
