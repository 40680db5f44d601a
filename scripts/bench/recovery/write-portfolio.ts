import type { Pool } from 'pg'
import type { PortfolioSettings } from '../../../core/settings.js'
import { DAY, HOUR, SECOND } from '../../../core/time.js'
import { configurationHash } from '../../../server/config/settings.js'
import { OwnConnection } from '../../../server/db/own-connection.js'
import { emptyFold, type Fold, foldEntry } from '../../../server/journal/fold.js'
import { createPortfolio } from '../../../server/journal/load.js'
import { PERSIST_SETTINGS, persistBatch, serializeBatch } from '../../../server/journal/persist.js'
import { isSnapshotDue, storeSnapshot, takeSnapshot } from '../../../server/journal/snapshot.js'
import { type LogEntry, nothingTouched, touch } from '../../../server/journal/touched.js'
import { silentLog } from '../../../server/observe/log.js'
import { type Recorded, recordOpening, recordUnit } from './recorded-units.js'

const HISTORY = 30 * DAY
const BATCH = 128

/** Events after the newest snapshot, at least: it is a thousand events old at most, so this is the middle. */
const TAIL = 500

/** What is to be written. */
export interface WrittenPortfolio {
  readonly settings: PortfolioSettings
  /** Units that are held at the end. */
  readonly open: number
  /** The end of the history. */
  readonly now: number
}

/**
 * Writes the logs, tables and snapshots of a portfolio that opened `open` units over 30 days and still holds them, and
 * opened and closed as many besides, and some more since the last snapshot; and the paper venue's own book of the same
 * orders.
 */
export async function writePortfolio(pool: Pool, { settings, open, now }: WrittenPortfolio): Promise<void> {
  const { portfolio, instruments, currency } = settings
  const hash = configurationHash(settings)
  await createPortfolio(pool, portfolio, currency)
  const writer = new LogWriter(pool, portfolio)
  await writer.write(recordOpening(settings, hash, now - HISTORY))
  const write = async (index: number, at: number, isClosed: boolean): Promise<void> => {
    const unit = Math.floor(index / 2)
    const { name } = instruments[unit % instruments.length]!
    const number = 1 + Math.floor(unit / instruments.length)
    await writer.write(recordUnit(settings, hash, { index, instrument: name, at, number, isClosed }))
  }
  const until = HISTORY - HOUR
  for (let index = 0; index < 2 * open; index++) {
    await write(index, now - HISTORY + Math.floor((index * until) / (2 * open)), index % 2 === 0)
  }
  await writer.flush()
  for (let index = 2 * open; writer.tail() < TAIL; index++) {
    await write(index, now - HOUR / 2 + (index - 2 * open) * SECOND, true)
  }
  await writer.close()
  // What was written is many times what the server last counted
  await pool.query('analyze')
  await copyToPaperVenue(pool, portfolio)
  await pool.query('analyze paper.orders, paper.fills')
}

/** Writes a log as the sequencer does: in batches, each with its tables, and snapshots when they are due. */
class LogWriter {
  readonly #pool: Pool
  readonly #connection: OwnConnection
  readonly #fold: Fold
  #waiting: Recorded[] = []
  #version = 0
  #eventsAtSnapshot = 0

  constructor(pool: Pool, portfolio: string) {
    this.#pool = pool
    this.#connection = new OwnConnection({
      ...{ pool, log: silentLog, owner: 'log writer' },
      setUp: PERSIST_SETTINGS,
    })
    this.#fold = emptyFold(portfolio)
  }

  /** Events after the last snapshot, with those that are still to be written. */
  tail(): number {
    const waiting = this.#waiting.reduce((sum, { events }) => sum + events.length, 0)
    return this.#fold.events + waiting - this.#eventsAtSnapshot
  }

  async write(recorded: readonly Recorded[]): Promise<void> {
    this.#waiting.push(...recorded)
    if (this.#waiting.length >= BATCH) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return
    const touched = nothingTouched()
    const entries = this.#waiting.map(({ input, events }): LogEntry => {
      const entry = { seq: this.#fold.seq + 1, input, events }
      foldEntry(this.#fold, entry)
      touch(touched, this.#fold.portfolio, entry)
      return entry
    })
    this.#waiting = []
    const { portfolio } = this.#fold
    const version = this.#version
    const batch = serializeBatch({ portfolio, version, epoch: 0, entries, touched, inbox: [] })
    if (!(await persistBatch(this.#connection, batch))) throw new Error('The fence did not hold')
    this.#version += 1
    if (!isSnapshotDue(this.#fold, this.#fold.events - this.#eventsAtSnapshot)) return
    this.#eventsAtSnapshot = this.#fold.events
    await storeSnapshot(this.#pool, takeSnapshot(this.#fold))
  }

  async close(): Promise<void> {
    await this.flush()
    await this.#connection.close()
  }
}

async function copyToPaperVenue(pool: Pool, portfolio: string): Promise<void> {
  await pool.query(
    `insert into paper.orders (account, client_order_id, venue_order_id, instrument, side, type, lots, limit_price,
       accepted_at, last_news_at)
     select portfolio, client_order_id, venue_order_id, instrument, side, type, lots, limit_price, created_at, created_at
     from orders where portfolio = $1`,
    [portfolio],
  )
  await pool.query(
    `insert into paper.fills (account, client_order_id, trade_id, instrument, side, lots, price, fee, at, shown_at)
     select o.portfolio, o.client_order_id, f.trade_id, o.instrument, o.side, f.lots, f.price, f.fee, f.at, f.at
     from fills as f join orders as o on o.id = f.order_id and o.portfolio = f.portfolio where f.portfolio = $1`,
    [portfolio],
  )
}
