import type { Pool } from 'pg'
import type { Instant } from '../../core/time.js'
import type { Log } from '../observe/log.js'
import type { Metrics } from '../observe/metrics.js'
import type { FieldProblem } from './fields.js'
import { GroupCommit } from './group-commit.js'
import { insertFirst, insertRefused } from './inbox-statements.js'
import { firstOfEachKey, type IncomingAlert, insertValues, type Receipt } from './incoming-alert.js'
import { type RecordedConflict, settleRepeated } from './repeated-alerts.js'

/** A body that is answered with 4xx. */
export interface RefusedBody {
  readonly source: string | null
  readonly raw: Uint8Array
  readonly receivedAt: Instant
  /** Of the answer: 400, 403 or 413. */
  readonly status: number
  readonly problems: readonly FieldProblem[]
}

/** What receiving depends on. */
export interface ReceiverOptions {
  readonly pool: Pool
  readonly log: Log
  readonly metrics: Pick<Metrics, 'alarms'>
  /** Is told, after a commit, which portfolios have alerts to decide. */
  readonly onStored?: (portfolios: ReadonlySet<string>) => void
  /** Default 256. */
  readonly batchLimit?: number
  /** Default 1900: TradingView waits 3 s, and a 503 makes it send again. */
  readonly deadlineMs?: number
}

/** Takes alerts into the inbox, many per commit, each key once. */
export class Receiver {
  readonly #options: ReceiverOptions
  readonly #alerts: GroupCommit<IncomingAlert, Receipt>
  readonly #refused: GroupCommit<RefusedBody, true>

  constructor(options: ReceiverOptions) {
    this.#options = options
    const { log, batchLimit: limit = 256, deadlineMs = 1900 } = options
    const onFailure = (err: unknown, rows: number) => log.warn({ err, rows }, 'Alerts could not be stored')
    this.#alerts = new GroupCommit({ write: (batch) => this.#store(batch), limit, deadlineMs, onFailure })
    this.#refused = new GroupCommit({ write: (batch) => this.#record(batch), limit, deadlineMs, onFailure })
  }

  /** Resolves once the alert's row is committed. Rejects with STORAGE_NOT_PROVEN within the deadline otherwise. */
  receive(alert: IncomingAlert): Promise<Receipt> {
    return this.#alerts.commit(alert)
  }

  /** Resolves once a refused body is on record. Rejects with STORAGE_NOT_PROVEN within the deadline otherwise. */
  async recordRefused(body: RefusedBody): Promise<void> {
    await this.#refused.commit(body)
  }

  async #store(batch: readonly IncomingAlert[]): Promise<readonly (Receipt | Error)[]> {
    const values = insertValues(firstOfEachKey(batch))
    const { rows } = await this.#options.pool.query<{ alert_id: string }>({ ...insertFirst, values })
    const inserted = new Set(rows.map((row) => row.alert_id))
    // A repetition inside the batch has the id of the first, which is taken out with it
    const accepted = batch.filter((alert) => inserted.delete(alert.identity.alertId))
    this.#announce(accepted)
    const isAccepted = new Set(accepted)
    const repeated = batch.filter((alert) => !isAccepted.has(alert))
    const settled = (await this.#settle(repeated)).values()
    return batch.map((alert) =>
      isAccepted.has(alert) ? { status: 'accepted', alertId: alert.identity.alertId } : settled.next().value!,
    )
  }

  /** An error here is that of the repeated alerts only: the others are committed. */
  async #settle(repeated: readonly IncomingAlert[]): Promise<readonly (Receipt | Error)[]> {
    if (repeated.length === 0) return []
    try {
      const { receipts, conflicts } = await settleRepeated(this.#options.pool, repeated)
      for (const conflict of conflicts) this.#tell(conflict)
      this.#announce(conflicts.map(({ alert }) => alert).filter(({ alert }) => alert.type === 'EXIT'))
      return receipts
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      this.#options.log.warn(
        { err: failure, rows: repeated.length },
        'Repeated alerts could not be looked up',
      )
      return repeated.map(() => failure)
    }
  }

  #tell({ alert, message }: RecordedConflict): void {
    const { portfolio, source, identity } = alert
    const { instrument } = alert.alert
    const fields = { alarm: 'ALERT_CONFLICT', portfolio, source, instrument, subject: identity.alertId }
    this.#options.log.warn(fields, message)
    this.#options.metrics.alarms.inc({ code: 'ALERT_CONFLICT', severity: 'warning' })
  }

  #announce(stored: readonly IncomingAlert[]): void {
    if (stored.length > 0) this.#options.onStored?.(new Set(stored.map((alert) => alert.portfolio)))
  }

  async #record(bodies: readonly RefusedBody[]): Promise<readonly true[]> {
    const values = [
      bodies.map((body) => body.source),
      bodies.map((body) => body.raw),
      bodies.map((body) => body.status),
      bodies.map((body) => body.receivedAt),
      JSON.stringify(bodies.map((body) => body.problems)),
    ]
    await this.#options.pool.query({ ...insertRefused, values })
    return bodies.map(() => true)
  }
}
