import { setTimeout as delay } from 'node:timers/promises'
import { invariant } from '../../core/invariant.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Clock } from '../clock.js'
import type { OwnConnection } from '../db/own-connection.js'
import type { AlertOutcome } from '../journal/alert-outcome.js'
import { DataCorruptError } from '../journal/data-corrupt-error.js'
import { type LoadedPortfolio, loadPortfolio } from '../journal/load.js'
import { persistBatch } from '../journal/persist.js'
import { type Snapshot, storeSnapshot } from '../journal/snapshot.js'
import { type AlarmDesk, raiseAlarm } from '../observe/alarms.js'
import { BatchFailure, persistFailure } from './batch-failure.js'
import type { DecidedWork } from './decide-batch.js'
import { findRecorded } from './find-recorded.js'
import { Memory, type PreparedBatch } from './memory.js'
import { type EventsListener, Publisher } from './publisher.js'
import { type QuoteOf, quarantineRow, readWaitingAlerts, settleRow } from './waiting-alerts.js'
import { whatIf } from './what-if.js'
import { LeaseLostError, type NewInput, SequencerStoppedError, type StepOutcome, type Work } from './work.js'
import { openWriter } from './writer.js'

/** Works that are decided and recorded at once: beyond it only the wait grows. */
export const BATCH_LIMIT = 128

/** Longest pause after a failure of the database, in milliseconds: one that was restarted is back within a second. */
const LONGEST_PAUSE = 500

/** What a sequencer depends on. The desk's pool is the one that decided batches are written with. */
export interface SequencerOptions {
  readonly portfolio: string
  /** Of the lease under which it works. */
  readonly epoch: number
  readonly desk: AlarmDesk
  readonly clock: Clock
  /** The connection that batches are recorded on, which ends with the sequencer. Default: one of its own. */
  readonly writer?: OwnConnection
  /** Default: no quotes are known. */
  readonly quoteOf?: QuoteOf
  /** Is told once when it ends by itself: the lease was lost, or the logs are corrupt. */
  readonly onStopped?: (cause: LeaseLostError | DataCorruptError) => void
}

interface Doubt {
  readonly work: Work
  /** Why it is put aside when it is not recorded; null when it is to be tried again. */
  readonly reason: string | null
}

interface Flight extends PreparedBatch {
  readonly written: Promise<void>
  isLanded: boolean
}

/**
 * The one place where a portfolio's inputs are decided, one after the other. It takes what waits (submitted inputs,
 * then undecided rows of the inbox), decides it in memory, records it in one statement and then tells about it. While
 * one batch is being recorded the next is decided only when it is a full one, so that batches grow with the load.
 *
 * When a batch is not recorded, memory is dropped and folded again from the logs, and its works are taken again: one by
 * one if they themselves, or the fence, were at fault. A work that fails alone is put aside: in its place the log gets
 * an InputFailed. Works whose fate is unknown are first looked up in the logs, so that nothing is decided twice.
 */
export class Sequencer {
  readonly #options: SequencerOptions
  readonly #publisher: Publisher
  readonly #writer: OwnConnection
  readonly #failures = new Map<string, string>()
  readonly #stop = new AbortController()
  #memory: Memory | null = null
  #lastState: Portfolio | null = null
  #running: Promise<void> | null = null
  #wake: () => void = () => undefined
  #takesAlerts = false
  /** Rows of the inbox may wait that nobody has looked for. */
  #inboxMayWait = true
  /** More waits than fits into one batch. */
  #hasBacklog = false
  /** Works that are still to be taken one by one. */
  #careful = 0
  /** Works of which nobody knows whether they are recorded. */
  #doubtful: Doubt[] = []
  /** Works that failed, and of which not even that could be recorded. */
  #hopeless: Work[] = []
  #failuresInARow = 0
  #storing: Promise<void> = Promise.resolve()

  constructor(options: SequencerOptions) {
    this.#options = options
    const { pool, log, metrics } = options.desk
    this.#publisher = new Publisher({ portfolio: options.portfolio, log, metrics })
    this.#writer = options.writer ?? openWriter(pool, log)
  }

  /** Id of the portfolio. */
  get portfolio(): string {
    return this.#options.portfolio
  }

  /** Starts to decide submitted inputs, from a fold of the logs; alerts wait until they are admitted. */
  start(loaded: LoadedPortfolio): void {
    invariant(this.#running === null, 'a sequencer is started once')
    this.#publisher.beginAfter(loaded.fold.seq)
    this.#remember(new Memory(loaded))
    this.#running = this.#run()
  }

  /** Begins to take alerts from the inbox: recovery is over. */
  admitAlerts(): void {
    this.#takesAlerts = true
    this.ring()
  }

  /** Ends after the batch that is being recorded; what waits in memory is refused. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await this.#running
    await this.#storing
    await this.#writer.close()
  }

  /** Says that rows may wait in the inbox. */
  ring(): void {
    this.#inboxMayWait = true
    this.#wake()
  }

  /**
   * Has an input decided and recorded, and returns what it led to. An id that is recorded already is not decided again:
   * the recorded outcome is returned. Rejects with InputFailedError when it was put aside, and with
   * SequencerStoppedError when it was not decided here.
   */
  submit(input: NewInput): Promise<StepOutcome> {
    if (this.#stop.signal.aborted) return Promise.reject(new SequencerStoppedError(this.portfolio))
    const outcome = this.#publisher.submissions.add(input)
    this.#wake()
    return outcome
  }

  /** Returns what became of an alert once it is recorded, or null after `timeoutMs`. */
  whenDecided(alertId: string, timeoutMs: number): Promise<AlertOutcome | null> {
    return this.#publisher.whenDecided(alertId, timeoutMs)
  }

  /** Calls `listener` for every input that is recorded from here on. */
  onEvents(listener: EventsListener): void {
    this.#publisher.listen(listener)
  }

  /**
   * Returns the state, which is not to be changed. It may be ahead of the logs by what is being recorded: act on
   * events, not on it.
   */
  state(): Portfolio {
    invariant(this.#lastState !== null, 'a sequencer has a state once it is started')
    return this.#lastState
  }

  /** Returns what an input would lead to now; nothing is recorded. */
  whatIf(input: NewInput): StepOutcome {
    return whatIf(this.state(), input, this.#options.clock)
  }

  async #run(): Promise<void> {
    let flight: Flight | null = null
    while (!this.#stop.signal.aborted) {
      try {
        flight = await this.#turn(flight)
      } catch (error) {
        await this.#landAfterFailure(flight)
        flight = null
        await this.#takeBack(error)
      }
    }
    await this.#landAfterFailure(flight)
    this.#publisher.close()
  }

  /** Takes what waits one step further, and returns the batch that is being recorded then. */
  async #turn(flight: Flight | null): Promise<Flight | null> {
    if (flight !== null && !this.#hasBacklog) {
      await this.#land(flight)
      return null
    }
    const memory = this.#memory ?? (await this.#reload())
    const works = await this.#gather(flight?.works ?? [])
    if (works.length === 0) {
      if (flight === null) await this.#untilRung()
      else await this.#land(flight)
      return null
    }
    const batch = memory.decide(works, { clock: this.#options.clock, failures: this.#failures })
    if (flight !== null) await this.#land(flight)
    return this.#launch(batch)
  }

  /** Returns what waits and is not `busy`: submitted inputs first, since orders hang on them. */
  async #gather(busy: readonly Work[]): Promise<Work[]> {
    const limit = this.#careful > 0 ? 1 : BATCH_LIMIT
    const busyIds = new Set(busy.map(({ input }) => input.id))
    const inputs = this.#publisher.submissions.peek(limit, busyIds)
    const submitted = inputs.map((input) => ({ input, inboxId: null }))
    const alerts = await this.#gatherAlerts(limit - submitted.length, busy)
    this.#hasBacklog = limit > 1 && submitted.length + alerts.length === limit
    return [...submitted, ...alerts]
  }

  async #gatherAlerts(limit: number, busy: readonly Work[]): Promise<Work[]> {
    if (limit === 0 || !this.#takesAlerts || !this.#inboxMayWait) return []
    this.#inboxMayWait = false
    const excluded = busy.flatMap(({ inboxId }) => inboxId ?? [])
    const quoteOf = this.#options.quoteOf ?? (() => null)
    const query = { portfolio: this.portfolio, limit, excluded }
    const alerts = await readWaitingAlerts(this.#options.desk.pool, query, quoteOf)
    if (alerts.length === limit) this.#inboxMayWait = true
    return alerts
  }

  #untilRung(): Promise<void> {
    const isRung = this.#publisher.submissions.size > 0 || (this.#takesAlerts && this.#inboxMayWait)
    if (isRung || this.#stop.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #launch(batch: PreparedBatch): Flight {
    const { desk } = this.#options
    const { works, parameters } = batch
    const observe = desk.metrics.persistSeconds.startTimer()
    const written = persistBatch(this.#writer, parameters).then(
      (held) => {
        if (!held) throw new BatchFailure('fence', works)
        observe()
      },
      (error) => {
        throw persistFailure(works, error)
      },
    )
    // Its failure is met when it lands
    written.catch(() => undefined)
    return { ...batch, written, isLanded: false }
  }

  /** Waits until a batch is recorded and tells about it. Throws BatchFailure when it is not. */
  async #land(flight: Flight): Promise<void> {
    flight.isLanded = true
    await flight.written
    this.#failuresInARow = 0
    this.#careful = Math.max(0, this.#careful - flight.works.length)
    this.#options.desk.metrics.stepInputs.observe(flight.works.length)
    for (const decided of flight.done) this.#publish(decided)
    if (flight.snapshot !== null) this.#store(flight.snapshot)
  }

  async #landAfterFailure(flight: Flight | null): Promise<void> {
    if (flight === null || flight.isLanded) return
    await this.#land(flight).catch((error: unknown) => this.#takeBack(error))
  }

  #publish(decided: DecidedWork): void {
    this.#failures.delete(decided.work.input.id)
    this.#publisher.publish(decided)
  }

  /** Stores one snapshot at a time; one that cannot be stored only makes the next start slower. */
  #store(snapshot: Snapshot): void {
    const { pool, log } = this.#options.desk
    this.#storing = this.#storing
      .then(() => storeSnapshot(pool, snapshot))
      .catch((error: unknown) => {
        log.warn({ err: error, portfolio: this.portfolio, seq: snapshot.seq }, 'A snapshot was not stored')
      })
  }

  /** Drops memory, and sees to it that the works of a failed batch are taken again in the right way. */
  async #takeBack(error: unknown): Promise<void> {
    this.#memory = null
    this.#inboxMayWait = true
    this.#hasBacklog = false
    if (error instanceof LeaseLostError || error instanceof DataCorruptError) {
      this.#end(error)
      return
    }
    const { log } = this.#options.desk
    const kind = error instanceof BatchFailure ? error.kind : 'trouble'
    log.warn({ err: error, portfolio: this.portfolio, kind }, 'A batch was not recorded and is taken again')
    if (error instanceof BatchFailure) this.#takeBackBatch(error)
    if (kind === 'trouble' || kind === 'unknown') await this.#pause()
  }

  /** More than one work is taken one by one, so that one that fails, or takes too long, holds up no other. */
  #takeBackBatch({ kind, works, message }: BatchFailure): void {
    const isOne = works.length === 1
    if (!isOne) this.#careful = Math.max(this.#careful, works.length)
    switch (kind) {
      case 'fence':
        break
      case 'work':
        if (isOne) this.#putAside(works[0]!, message)
        break
      case 'duplicate':
        if (isOne) this.#doubtful.push({ work: works[0]!, reason: message })
        break
      case 'trouble':
      case 'unknown':
        this.#doubtful.push(...works.map((work) => ({ work, reason: null })))
        break
    }
  }

  /** The log will say in the work's place that it failed; if not even that can be recorded, only its row does. */
  #putAside(work: Work, reason: string): void {
    const { id } = work.input
    if (this.#failures.has(id)) this.#hopeless.push(work)
    else this.#failures.set(id, reason)
  }

  async #pause(): Promise<void> {
    const milliseconds = Math.min(LONGEST_PAUSE, 25 * 2 ** this.#failuresInARow)
    this.#failuresInARow += 1
    await delay(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }

  async #reload(): Promise<Memory> {
    const { desk, epoch } = this.#options
    const loaded = await loadPortfolio(desk.pool, this.portfolio, desk.log)
    if (loaded.epoch !== epoch) throw new LeaseLostError(this.portfolio, { ours: epoch, now: loaded.epoch })
    await this.#resolveDoubts()
    await this.#giveUpHopeless()
    return this.#remember(new Memory(loaded))
  }

  #remember(memory: Memory): Memory {
    this.#memory = memory
    this.#lastState = memory.portfolio
    return memory
  }

  /** Tells about those doubtful works that are recorded after all; the others are tried again, or put aside. */
  async #resolveDoubts(): Promise<void> {
    if (this.#doubtful.length === 0) return
    const { pool } = this.#options.desk
    const works = this.#doubtful.map(({ work }) => work)
    const recorded = await findRecorded(pool, this.portfolio, works)
    for (const { work, reason } of this.#doubtful) {
      const decided = recorded.get(work.input.id)
      if (decided !== undefined) {
        await settleRow(pool, work, decided.alert)
        this.#publish(decided)
      } else if (reason !== null) {
        this.#putAside(work, reason)
      }
    }
    this.#doubtful = []
  }

  async #giveUpHopeless(): Promise<void> {
    const { desk, clock } = this.#options
    for (const work of this.#hopeless) {
      const { id } = work.input
      const reason = this.#failures.get(id) ?? ''
      await quarantineRow(desk.pool, work)
      this.#failures.delete(id)
      this.#publisher.submissions.fail(id, reason)
      const message = `The input ${id} could not be decided, nor recorded as failed: ${reason}`
      const alarm = { code: 'ALERT_QUARANTINED', severity: 'critical', subject: id } as const
      await raiseAlarm(desk, { ...alarm, message, at: clock.now(), portfolio: this.portfolio })
    }
    this.#hopeless = []
  }

  #end(cause: LeaseLostError | DataCorruptError): void {
    const { desk, onStopped } = this.#options
    desk.log.error({ err: cause, portfolio: this.portfolio }, 'The sequencer ends')
    this.#stop.abort()
    onStopped?.(cause)
  }
}
