import type pg from 'pg'
import type { Alert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import { digest } from '../../core/ids.js'
import { remainingLots } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { Instant } from '../../core/time.js'
import { SimulatedClock } from '../../server/clock.js'
import { createPortfolio, loadPortfolio } from '../../server/journal/load.js'
import { Sequencer, type SequencerOptions } from '../../server/kernel/sequencer.js'
import type { StepOutcome } from '../../server/kernel/work.js'
import type { AlarmDesk } from '../../server/observe/alarms.js'
import { silentLog } from '../../server/observe/log.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { eventually } from './eventually.js'
import { type TestDatabase, testDatabase } from './postgres.js'
import { settings } from './settings.js'
import type { Teardown } from './temporary-directory.js'

/** A Monday morning in the session of every exchange. */
export const MORNING = Date.UTC(2026, 0, 5, 6)

/** What a test may want differently. */
export interface SequencedOptions extends Partial<Pick<SequencerOptions, 'epoch' | 'onStopped' | 'quoteOf'>> {
  readonly settings?: PortfolioSettings
  readonly database?: TestDatabase
  readonly clock?: SimulatedClock
}

/** A portfolio with a sequencer on a database of its own, configured and funded, that takes alerts. */
export class SequencedPortfolio {
  readonly id: string
  readonly database: TestDatabase
  readonly clock: SimulatedClock
  readonly sequencer: Sequencer
  #alerts = 0
  #inputs = 0

  constructor(parts: Pick<SequencedPortfolio, 'id' | 'database' | 'clock' | 'sequencer'>) {
    this.id = parts.id
    this.database = parts.database
    this.clock = parts.clock
    this.sequencer = parts.sequencer
  }

  get pool(): pg.Pool {
    return this.database.pool
  }

  get desk(): AlarmDesk {
    return { pool: this.pool, log: silentLog, metrics: createMetrics() }
  }

  /** Puts alerts into the inbox in one commit, and rings. Returns their ids. */
  async receive(...alerts: Alert[]): Promise<string[]> {
    const ids = await insertAlerts(this.pool, { portfolio: this.id, first: this.#alerts, alerts })
    this.#alerts += alerts.length
    this.sequencer.ring()
    return ids
  }

  /** Resolves when no alert waits. */
  async drained(): Promise<void> {
    await eventually('every alert is decided', async () => {
      const { rows } = await this.pool.query(
        `select count(*)::int as waiting from inbox where portfolio = $1 and state = 'waiting'`,
        [this.id],
      )
      return rows[0].waiting === 0
    })
  }

  /** Puts alerts into the inbox and returns the state in which they were left. */
  async decide(...alerts: Alert[]) {
    const ids = await this.receive(...alerts)
    await this.drained()
    const { rows } = await this.pool.query(
      'select alert_id, state, outcome, reasons, decision_id from inbox where alert_id = any ($1) order by id',
      [ids],
    )
    return rows as { alert_id: string; state: string; outcome: string | null; reasons: string[] }[]
  }

  /** Reports something about orders. */
  report(...reports: OrderReport[]): Promise<StepOutcome> {
    return this.sequencer.submit({ type: 'BrokerReported', id: this.nextId('R'), reports })
  }

  /** Records every initialized order as sent and accepted; returns their ids. */
  async send(): Promise<string[]> {
    const orders = [...this.sequencer.state().orders.values()]
    const due = orders.filter(({ state }) => state === 'initialized').map(({ id }) => id)
    if (due.length === 0) return []
    await this.sequencer.submit({ type: 'OrdersDue', id: this.nextId('X'), orderIds: due })
    for (const orderId of due) await this.report({ kind: 'accepted', orderId, venueOrderId: `v-${orderId}` })
    return due
  }

  /** Sends every initialized order and fills it whole at its reference price, for a fee of 12.34. */
  async fillAll(): Promise<void> {
    for (const orderId of await this.send()) {
      const order = this.sequencer.state().orders.get(orderId)!
      const price = decimal(order.referencePrice)
      const [lots, fee, at] = [remainingLots(order), decimal('12.34'), this.clock.now()]
      await this.report({ kind: 'fill', orderId, tradeId: 't-1', lots, price, fee, at })
    }
  }

  nextId(letter: string): string {
    this.#inputs += 1
    return `${letter}-${digest(this.id, String(this.#inputs))}`
  }
}

/** Alerts on their way into an inbox. */
export interface InsertedAlerts {
  readonly portfolio: string
  /** Their keys are their numbers from here on. */
  readonly first: number
  readonly alerts: readonly Alert[]
  /** Default: the database's present. */
  readonly receivedAt?: Instant
}

/** Puts alerts into the inbox, in order, and returns their ids. */
export async function insertAlerts(
  pool: pg.Pool,
  { portfolio, first, alerts, receivedAt }: InsertedAlerts,
): Promise<string[]> {
  const keys = alerts.map((_, index) => `k-${first + index}`)
  const ids = keys.map((key) => `A-${digest(portfolio, key)}`)
  await pool.query(
    `insert into inbox (alert_id, portfolio, source, dedupe_key, content_hash, raw, alert, received_at)
     select x.id, $1, 'test-' || $1, x.key, x.key, '{}', x.alert,
       coalesce(to_timestamp($5::float8 / 1000), clock_timestamp())
     from unnest($2::text[], $3::text[], $4::jsonb[]) with ordinality as x (id, key, alert, n) order by n`,
    [portfolio, ids, keys, alerts.map((alert) => JSON.stringify(alert)), receivedAt ?? null],
  )
  return ids
}

/** Returns a started sequencer of a portfolio that exists, without configuration. */
export async function startSequencer(
  t: Teardown,
  database: TestDatabase,
  options: Omit<SequencedOptions, 'database' | 'settings'> & { readonly id: string },
): Promise<SequencedPortfolio> {
  const { id, epoch = 0, clock = new SimulatedClock({ start: MORNING }) } = options
  const desk = { pool: database.pool, log: silentLog, metrics: createMetrics() }
  const { onStopped, quoteOf } = options
  const sequencer = new Sequencer({
    portfolio: id,
    epoch,
    desk,
    clock,
    ...(onStopped === undefined ? {} : { onStopped }),
    ...(quoteOf === undefined ? {} : { quoteOf }),
  })
  sequencer.start(await loadPortfolio(database.pool, id, silentLog))
  t.teardown(() => sequencer.stop())
  return new SequencedPortfolio({ id, database, clock, sequencer })
}

/** Returns a portfolio that is configured, has ₹1,00,00,000, and takes alerts. */
export async function sequencedPortfolio(
  t: Teardown,
  options: SequencedOptions = {},
): Promise<SequencedPortfolio> {
  const database = options.database ?? (await testDatabase(t))
  const using = options.settings ?? settings()
  await createPortfolio(database.pool, using.portfolio, using.currency)
  const running = await startSequencer(t, database, { ...options, id: using.portfolio })
  const { sequencer } = running
  await sequencer.submit({
    type: 'ConfigurationActivated',
    id: running.nextId('C'),
    hash: 'h1',
    settings: using,
  })
  await sequencer.submit({
    type: 'OperatorCommanded',
    id: running.nextId('K'),
    command: { kind: 'cash', movement: 'deposit', amount: decimal(10_000_000), note: null },
  })
  sequencer.admitAlerts()
  return running
}
