import type { Clock } from '../clock.js'
import { OwnConnection } from '../db/own-connection.js'
import { requireOwnSession } from '../db/require-own-session.js'
import { type AlarmDesk, raiseAlarm } from '../observe/alarms.js'

/** A lease is over this long after its holder's last sign of life, while the holder's connection seems to live. */
export const LEASE_EXPIRY_SECONDS = 10

/** Milliseconds between two signs of life. */
const HEARTBEAT_EVERY = 2000

/** What became of an attempt to take a portfolio's lease. */
export type LeaseAttempt =
  | { readonly kind: 'taken'; readonly epoch: number }
  | { readonly kind: 'held'; readonly holder: string }

/** What leases depend on. */
export interface LeasesOptions {
  /** Of this run of this instance. */
  readonly instance: string
  readonly desk: AlarmDesk
  readonly clock: Clock
  /** Is told when another instance has taken a portfolio that was held here. */
  readonly onLost?: (portfolio: string) => void
  /** Default 2,000 ms. */
  readonly heartbeatEvery?: number
}

const SHOW_LIFE = `
  insert into instances (id, backend_pid, backend_start)
  select $1, pid, backend_start from pg_stat_activity where pid = pg_backend_pid()
  on conflict (id) do update set backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
    heartbeat_at = clock_timestamp()`

/** A holder lives while its connection is there and it gave a sign of life lately; other roles' start is hidden. */
const TAKE = `
  update portfolios as p set holder = $2, epoch = p.epoch + 1
  where p.id = $1 and (p.holder is null or p.holder = $2 or not exists (
    select from instances as i
    join pg_stat_activity as a
      on a.pid = i.backend_pid and coalesce(a.backend_start = i.backend_start, true)
    where i.id = p.holder and i.heartbeat_at > clock_timestamp() - make_interval(secs => $3)))
  returning p.epoch`

/** Instances of long ago that hold nothing. */
const FORGET = `
  delete from instances as i
  where i.heartbeat_at < clock_timestamp() - interval '1 day'
    and not exists (select from portfolios as p where p.holder = i.id)`

/**
 * This instance's leases on portfolios. One connection of its own proves that the instance lives: when it is gone from
 * the server, others may take over at once. Safety does not rest on it but on the epoch: each taking raises it, and
 * whoever writes under an older one writes nothing.
 */
export class Leases {
  readonly #options: LeasesOptions
  readonly #held = new Map<string, number>()
  readonly #connection: OwnConnection
  #timer: NodeJS.Timeout | null = null
  #beating: Promise<void> = Promise.resolve()
  #isBeating = false

  constructor(options: LeasesOptions) {
    this.#options = options
    const { pool, log } = options.desk
    this.#connection = new OwnConnection({ pool, log, owner: 'leases' })
  }

  /** Id of this instance. */
  get instance(): string {
    return this.#options.instance
  }

  /**
   * Shows the first sign of life. Rejects when the database does not answer, and with ServiceError DATABASE_POOLED when
   * the connection that is to prove this instance's life is lent to others in between.
   */
  async start(): Promise<void> {
    const { pool, log } = this.#options.desk
    await requireOwnSession({ connection: this.#connection, pool, log })
    await Promise.all([this.#showLife(), pool.query(FORGET)])
    const beat = () => {
      // A server that answers slowly must not be asked more and more often
      if (this.#isBeating) return
      this.#beating = this.#beat()
    }
    this.#timer = setInterval(beat, this.#options.heartbeatEvery ?? HEARTBEAT_EVERY)
  }

  /** Takes the lease of a portfolio, unless a living instance holds it. Each taking has a higher epoch. */
  async take(portfolio: string): Promise<LeaseAttempt> {
    const { pool } = this.#options.desk
    const values = [portfolio, this.instance, LEASE_EXPIRY_SECONDS]
    const taken = await pool.query<{ epoch: number }>(TAKE, values)
    const epoch = taken.rows[0]?.epoch
    if (epoch !== undefined) {
      this.#held.set(portfolio, epoch)
      return { kind: 'taken', epoch }
    }
    const found = await pool.query<{ holder: string | null }>('select holder from portfolios where id = $1', [
      portfolio,
    ])
    return { kind: 'held', holder: found.rows[0]?.holder ?? '' }
  }

  /** Lets go of a portfolio, so that another instance need not wait. That one has taken it already is an alarm. */
  async release(portfolio: string): Promise<void> {
    const epoch = this.#held.get(portfolio)
    if (epoch === undefined) return
    this.#held.delete(portfolio)
    const { rowCount } = await this.#options.desk.pool.query(
      'update portfolios set holder = null where id = $1 and holder = $2 and epoch = $3',
      [portfolio, this.instance, epoch],
    )
    if (rowCount === 0) await this.#raiseLost(portfolio)
  }

  /** Lets go of everything and ends the connection. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#beating
    this.#held.clear()
    try {
      // Portfolios that are still held lose their holder with the row
      await this.#connection.query({ text: 'delete from instances where id = $1', values: [this.instance] })
    } catch (error) {
      this.#options.desk.log.warn(
        { err: error },
        'The leases were not given back; others wait until they expire',
      )
    }
    await this.#connection.close()
  }

  async #beat(): Promise<void> {
    this.#isBeating = true
    try {
      await this.#showLife()
      await this.#findLost()
    } catch (error) {
      this.#options.desk.log.warn({ err: error }, 'No sign of life could be shown; the leases may be lost')
    } finally {
      this.#isBeating = false
    }
  }

  async #showLife(): Promise<void> {
    await this.#connection.query({ text: SHOW_LIFE, values: [this.instance] })
  }

  async #findLost(): Promise<void> {
    if (this.#held.size === 0) return
    const { rows } = await this.#options.desk.pool.query<{ id: string; epoch: number }>(
      'select id, epoch from portfolios where id = any ($1::text[])',
      [[...this.#held.keys()]],
    )
    for (const { id, epoch } of rows) {
      if (this.#held.get(id) !== epoch) await this.#lose(id)
    }
  }

  async #lose(portfolio: string): Promise<void> {
    if (!this.#held.delete(portfolio)) return
    this.#options.onLost?.(portfolio)
    await this.#raiseLost(portfolio)
  }

  async #raiseLost(portfolio: string): Promise<void> {
    const { desk, clock } = this.#options
    const message = `Another instance has taken the lease of portfolio ${portfolio}`
    await raiseAlarm(desk, { code: 'LEASE_LOST', severity: 'warning', message, at: clock.now(), portfolio })
  }
}
