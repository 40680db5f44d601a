import type { Log } from '../observe/log.js'
import { DataCorruptError } from './data-corrupt-error.js'
import { emptyFold, type Fold, foldEntry } from './fold.js'
import { type Queryable, readLogChunks } from './read-log.js'
import { readSnapshot } from './snapshot.js'

/** A portfolio as its logs say it is, and the fence that it was read under. */
export interface LoadedPortfolio {
  readonly fold: Fold
  readonly version: number
  readonly epoch: number
  readonly holder: string | null
  /** The last input of the snapshot from which the fold began, and the events in it; 0 when all was folded. */
  readonly snapshotSeq: number
  readonly snapshotEvents: number
}

/** What a portfolio's row says of its fence and its logs. */
export interface PortfolioHead {
  readonly version: number
  readonly epoch: number
  readonly holder: string | null
  readonly seq: number
  readonly events: number
}

/** Returns the head of a portfolio's logs, or null when there is no such portfolio. */
export async function readHead(db: Queryable, portfolio: string): Promise<PortfolioHead | null> {
  const { rows } = await db.query<PortfolioHead>({
    name: 'read-head',
    text: 'select version, epoch, holder, seq, events from portfolios where id = $1',
    values: [portfolio],
  })
  return rows[0] ?? null
}

/** Makes the portfolio's row unless it exists. */
export async function createPortfolio(db: Queryable, id: string, currency: string): Promise<void> {
  await db.query('insert into portfolios (id, currency) values ($1, $2) on conflict (id) do nothing', [
    id,
    currency,
  ])
}

/**
 * Returns the portfolio folded from its newest snapshot and the log after it. Writers may go on meanwhile: the logs
 * never change, so what is read up to the head is consistent, and the fence tells later whether the head has moved.
 * Throws DataCorruptError when the logs are not whole or do not fold.
 */
export async function loadPortfolio(db: Queryable, portfolio: string, log: Log): Promise<LoadedPortfolio> {
  const head = await readHead(db, portfolio)
  if (head === null) throw new DataCorruptError({ portfolio, seq: null }, 'the portfolio has no row')
  const fold = (await readSnapshot(db, { portfolio, seq: head.seq }, log)) ?? emptyFold(portfolio)
  const [snapshotSeq, snapshotEvents] = [fold.seq, fold.events]
  await foldTail(db, fold, head.seq)
  refuseMiscount(fold, head)
  const { version, epoch, holder } = head
  return { fold, version, epoch, holder, snapshotSeq, snapshotEvents }
}

async function foldTail(db: Queryable, fold: Fold, to: number): Promise<void> {
  const range = { portfolio: fold.portfolio.id, from: fold.seq + 1, to }
  for await (const chunk of readLogChunks(db, range)) {
    for (const entry of chunk) foldEntry(fold, entry)
  }
}

/** Throws DataCorruptError when the portfolio's row counts other inputs or events than its logs hold. */
export function refuseMiscount(fold: Fold, head: PortfolioHead): void {
  if (fold.seq === head.seq && fold.events === head.events) return
  const counted = `${head.seq} inputs and ${head.events} events`
  const folded = `${fold.seq} inputs and ${fold.events} events`
  throw new DataCorruptError(
    { portfolio: fold.portfolio.id, seq: null },
    `its row counts ${counted}, its logs hold ${folded}`,
  )
}
