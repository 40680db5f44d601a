import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { PortfolioSettings } from '../../core/settings.js'
import type { Broker } from '../brokers/broker.js'
import type { Clock } from '../clock.js'
import type { PhaseName } from '../db/column-values.js'
import { isDatabaseAway } from '../db/is-database-away.js'
import type { OwnConnection } from '../db/own-connection.js'
import { ServiceError } from '../errors.js'
import type { PortfolioReadiness } from '../http/readiness.js'
import { DataCorruptError } from '../journal/data-corrupt-error.js'
import { createPortfolio } from '../journal/load.js'
import { LeaseLostError } from '../kernel/work.js'
import { prepareWriter } from '../kernel/writer.js'
import type { Leases } from '../lease/lease.js'
import { type AlarmDesk, raiseAlarm } from '../observe/alarms.js'
import type { Doorbell } from '../queue/doorbell.js'
import type { AccountWatchTimings } from '../recovery/account-watch.js'
import { beginStart, endStart, forgetCrashes } from '../recovery/crash-loop.js'
import type { WantedConfiguration } from '../recovery/recover.js'
import { RecoveryError, type RecoveryProgress } from '../recovery/recovery-progress.js'
import type { HeldPortfolio, Host } from './hosts.js'
import { PortfolioRun, type PortfolioRunOptions } from './portfolio-run.js'

/** What hosting a portfolio depends on. */
export interface PortfolioHostOptions {
  readonly wanted: WantedConfiguration
  readonly clock: Clock
  /** Its pool is the one that decided batches are written with. */
  readonly desk: AlarmDesk
  readonly leases: Leases
  readonly doorbell: Doorbell
  readonly openBroker: () => Broker
  /** Where fund metrics are read; null: they are imported. */
  readonly metrics: PortfolioRunOptions['metrics']
  /** When the account is compared; default: those of a running service. */
  readonly accountTimings?: AccountWatchTimings | undefined
  /** Is told what was recorded, after its commit; returns at once. */
  readonly onEvents?: PortfolioRunOptions['onEvents']
  /** Is told each time the portfolio comes into another phase. */
  readonly onPhase: (readiness: PortfolioReadiness) => void
}

const takeAgainMs = 500
const firstPauseMs = 1000
const longestPauseMs = 30_000

/** Nobody waits for the disk: a phase that a crash forgets is over, and the row is needed for recording decisions. */
const RECORD_PHASE = `
  with hurried as materialized (select set_config('synchronous_commit', 'off', true))
  update portfolios set phase = $3, phase_code = $4, phase_detail = $5
  from hurried where id = $1 and holder = $2`

/**
 * Keeps a portfolio running in this instance whenever it may: takes the lease, recovers, decides and sends until the
 * lease is lost or something fails, and begins again. While another instance holds the lease it waits.
 */
export class PortfolioHost implements Host {
  readonly #options: PortfolioHostOptions
  readonly #stop = new AbortController()
  #readiness: PortfolioReadiness
  #run: PortfolioRun | null = null
  #running: Promise<void> | null = null
  /** For the next run, while the lease is waited for. */
  #writer: OwnConnection | null = null
  #failures = 0
  #recording: Promise<void> = Promise.resolve()
  /** The phase that is to be recorded once the one before it is. */
  #unrecorded: PortfolioReadiness | null = null

  constructor(options: PortfolioHostOptions) {
    this.#options = options
    this.#readiness = unready(options.wanted.settings.portfolio, 'lease')
  }

  get id(): string {
    return this.#options.wanted.settings.portfolio
  }

  get settings(): PortfolioSettings {
    return this.#options.wanted.settings
  }

  readiness(): PortfolioReadiness {
    return this.#readiness
  }

  held(): HeldPortfolio | null {
    return this.#run?.held() ?? null
  }

  /** Begins to take the lease and to run the portfolio. */
  start(): void {
    this.#running ??= this.#keepRunning()
  }

  /** Lets alerts that were stored be decided here at once, or wherever the lease is. */
  ring(): void {
    const held = this.held()
    if (held !== null) held.ring()
    else if (this.#readiness.heldBy !== null) this.#options.doorbell.ring(this.id)
  }

  /** Ends the present run: another instance has the lease. */
  loseLease(): void {
    this.#run?.loseLease()
  }

  /** Lets go of the portfolio: sends that are under way end first, within their time. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#run?.stop()
    await this.#running
    await this.#writer?.close()
    this.#show(unready(this.id, 'stopped'))
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#runOnce()
      } catch (error) {
        await this.#fail(error)
      }
    }
  }

  /** Waits for the lease, and runs the portfolio as long as it is held. */
  async #runOnce(): Promise<void> {
    const { leases, wanted, clock, desk, doorbell, openBroker, accountTimings, onEvents } = this.#options
    this.#writer ??= prepareWriter(desk.pool, desk.log)
    await createPortfolio(desk.pool, this.id, wanted.settings.currency)
    const attempt = await leases.take(this.id)
    if (attempt.kind === 'held') {
      const detail = `The instance ${attempt.holder} runs this portfolio`
      this.#show({
        ...unready(this.id, 'lease'),
        ready: true,
        code: 'LEASE_HELD',
        detail,
        heldBy: attempt.holder,
      })
      await this.#pause(takeAgainMs)
      return
    }
    const start = { portfolio: this.id, instance: leases.instance }
    const crashes = await beginStart(desk.pool, start)
    const run = new PortfolioRun({
      ...{ wanted, clock, desk, doorbell, accountTimings, onEvents },
      ...{ epoch: attempt.epoch, crashes, metrics: this.#options.metrics },
      broker: openBroker(),
      writer: this.#writer,
      onProgress: (progress) => this.#follow(progress),
    })
    this.#run = run
    this.#writer = null
    try {
      if (!this.#stop.signal.aborted) await run.untilEnded()
    } finally {
      await run.stop()
      this.#run = null
      await this.#recording
      await this.#tolerate(endStart(desk.pool, start))
      await leases.release(this.id).catch((error: unknown) => {
        desk.log.warn({ err: error, portfolio: this.id }, 'The lease was not given back; it expires')
      })
    }
  }

  #follow({ phase, code, detail }: RecoveryProgress): void {
    if (phase === 'active') {
      this.#failures = 0
      if (this.#readiness.phase !== 'active')
        void this.#tolerate(forgetCrashes(this.#options.desk.pool, this.id))
    }
    this.#show({ ...unready(this.id, phase), ready: phase === 'active', code, detail })
  }

  /** Shows why the portfolio does not run, and waits before the next attempt; each failure in a row waits longer. */
  async #fail(error: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return
    const { code, detail } = describeFailure(error)
    const { phase } = this.#readiness
    this.#show({ ...unready(this.id, phase === 'active' ? 'lease' : phase), code, detail })
    const { desk, clock } = this.#options
    const fields = { err: error, portfolio: this.id, phase, code }
    if (error instanceof LeaseLostError) desk.log.warn(fields, 'The portfolio runs elsewhere')
    else if (code === 'DB_UNAVAILABLE') desk.log.warn(fields, 'The portfolio waits for the database')
    else {
      const message = `Portfolio ${this.id} does not run, in phase ${phase}: ${detail}`
      await raiseAlarm(desk, {
        code: 'RECOVERY_FAILED',
        severity: 'critical',
        portfolio: this.id,
        message,
        at: clock.now(),
      })
      desk.log.error(fields, 'The portfolio does not run')
    }
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures)
    this.#failures += 1
    await this.#pause(pauseMs)
  }

  #show(readiness: PortfolioReadiness): void {
    if (isDeepStrictEqual(readiness, this.#readiness)) return
    const { metrics } = this.#options.desk
    metrics.portfolioPhase.remove({ portfolio: this.id, phase: this.#readiness.phase })
    metrics.portfolioPhase.set({ portfolio: this.id, phase: readiness.phase }, 1)
    this.#readiness = readiness
    this.#options.onPhase(readiness)
    if (readiness.heldBy === null) this.#recordPhase(readiness)
  }

  /** Other instances tell it too. That it could not be recorded changes nothing but what they tell. */
  #recordPhase(readiness: PortfolioReadiness): void {
    const isRecording = this.#unrecorded !== null
    this.#unrecorded = readiness
    if (!isRecording) this.#recording = this.#recording.then(() => this.#recordLatest())
  }

  /** Phases that were over before they could be recorded are left out. */
  async #recordLatest(): Promise<void> {
    const { desk, leases } = this.#options
    const { phase, code, detail } = this.#unrecorded!
    this.#unrecorded = null
    try {
      await desk.pool.query(RECORD_PHASE, [this.id, leases.instance, phase, code, detail])
    } catch (error) {
      desk.log.debug({ err: error, portfolio: this.id, phase }, 'The phase was not recorded')
    }
  }

  /** What is told of the starts of a portfolio changes nothing in this one. */
  async #tolerate(recording: Promise<void>): Promise<void> {
    const { log } = this.#options.desk
    await recording.catch((error: unknown) => log.debug({ err: error, portfolio: this.id }, 'Not recorded'))
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}

function unready(id: string, phase: PhaseName): PortfolioReadiness {
  return { id, phase, ready: false, code: null, detail: null, heldBy: null }
}

function describeFailure(error: unknown): { readonly code: string; readonly detail: string } {
  const detail = error instanceof Error ? error.message : String(error)
  if (error instanceof RecoveryError) return { code: error.code, detail }
  if (error instanceof ServiceError) return { code: error.code, detail }
  if (error instanceof DataCorruptError) return { code: 'DATA_CORRUPT', detail }
  if (error instanceof LeaseLostError) return { code: 'LEASE_HELD', detail }
  if (isDatabaseAway(error)) return { code: 'DB_UNAVAILABLE', detail }
  return { code: 'INTERNAL', detail }
}
