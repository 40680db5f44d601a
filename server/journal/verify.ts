import type { Pool } from 'pg'
import { inTurn } from '../db/in-turn.js'
import { inTransaction } from '../db/transaction.js'
import type { Log } from '../observe/log.js'
import { DataCorruptError } from './data-corrupt-error.js'
import type { Difference } from './difference.js'
import { emptyFold, type Fold, foldEntry } from './fold.js'
import { type PortfolioHead, readHead, refuseMiscount } from './load.js'
import { chunksOf, type Queryable, readChunk } from './read-log.js'
import { readSnapshot } from './snapshot.js'
import { nothingTouched, type Touched, touch, touchState } from './touched.js'
import {
  beginToReadRecorded,
  compareMarketViews,
  comparePortfolioRow,
  compareRecorded,
  compareStanding,
  findStrays,
  type Scope,
} from './verify-rows.js'

/** What was folded, and where the tables differ from it. */
export interface Verification {
  /** The state as folded. */
  readonly fold: Fold
  readonly head: PortfolioHead
  /** The last input of the snapshot from which the fold began, and the events in it; 0 when all was folded. */
  readonly snapshotSeq: number
  readonly snapshotEvents: number
  readonly differences: readonly Difference[]
}

/** What is verified, and how much of it. */
export interface VerifyOptions {
  readonly portfolio: string
  /** True folds everything; false folds from the newest snapshot, and checks what is open and what came after it. */
  readonly full: boolean
  readonly log: Log
}

/** One instant is looked at, for as long as it takes; texts are those that areSameRows knows. */
const READING = `
  set transaction isolation level repeatable read read only;
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0;
  set local timezone = 'UTC';
  set local datestyle = 'ISO';
  set local extra_float_digits = 1`

/**
 * Folds a portfolio's logs and compares every column of every projected row with the fold, exactly. The database is seen
 * as it is at one instant, so a running service does not disturb. Throws DataCorruptError when the logs themselves
 * cannot be folded.
 */
export function verifyPortfolio(pool: Pool, options: VerifyOptions): Promise<Verification> {
  return inTransaction(pool, async (client) => {
    const db = inTurn(client)
    const [, head] = await Promise.all([db.query(READING), readHead(db, options.portfolio)])
    return verifyIn(db, { ...options, head })
  })
}

async function verifyIn(
  db: Queryable,
  { portfolio, full, log, head }: VerifyOptions & { readonly head: PortfolioHead | null },
): Promise<Verification> {
  if (head === null) throw new DataCorruptError({ portfolio, seq: null }, 'the portfolio has no row')
  const snapshot = full ? null : await readSnapshot(db, { portfolio, seq: head.seq }, log)
  const fold = snapshot ?? emptyFold(portfolio)
  const [snapshotSeq, snapshotEvents] = [fold.seq, fold.events]
  const differences: Difference[] = []
  const scope: Scope = {
    db,
    portfolio: fold.portfolio,
    report: (found) => differences.push(...found),
  }
  const touched = nothingTouched()
  touchState(touched, fold.portfolio)
  await foldTail(scope, { fold, touched, to: head.seq })
  refuseMiscount(fold, head)
  await compareWhatStands(scope, touched, head)
  return { fold, head, snapshotSeq, snapshotEvents, differences }
}

interface Tail {
  readonly fold: Fold
  readonly touched: Touched
  readonly to: number
}

/** Compares, chunk by chunk, what is complete with its event, and what the state forgets: memory stays flat. */
async function foldTail(scope: Scope, { fold, touched, to }: Tail): Promise<void> {
  for (const range of chunksOf({ portfolio: fold.portfolio.id, from: fold.seq + 1, to })) {
    const reading = readChunk(scope.db, range)
    const rows = beginToReadRecorded(scope, range)
    const entries = await reading
    for (const entry of entries) {
      foldEntry(fold, entry)
      touch(touched, fold.portfolio, entry)
    }
    await compareRecorded(scope, touched, { entries, rows })
    forgetRecorded(touched)
    await compareForgotten(scope, touched)
  }
}

function forgetRecorded(touched: Touched): void {
  for (const rows of [touched.decisions, touched.fills, touched.ledger, touched.alarms]) rows.length = 0
  touched.madeOrders.clear()
  touched.madeUnits.clear()
}

/** What the state has forgotten changes no more. */
async function compareForgotten(scope: Scope, touched: Touched): Promise<void> {
  const { portfolio } = scope
  const orders = [...touched.orders.keys()].filter((id) => !portfolio.orders.has(id))
  const closed = [...touched.units.values()].filter(({ unit }) => unit.closedAt !== null)
  const units = closed.map(({ unit }) => unit.id).filter((id) => !portfolio.closedUnits.has(id))
  await compareStanding(scope, touched, { orders, units })
  for (const id of orders) touched.orders.delete(id)
  for (const id of units) touched.units.delete(id)
}

async function compareWhatStands(scope: Scope, touched: Touched, head: PortfolioHead): Promise<void> {
  touchState(touched, scope.portfolio)
  const standing = { orders: [...touched.orders.keys()], units: [...touched.units.keys()] }
  await Promise.all([
    compareStanding(scope, touched, standing),
    findStrays(scope, standing, head.seq),
    compareMarketViews(scope),
    comparePortfolioRow(scope),
  ])
}
