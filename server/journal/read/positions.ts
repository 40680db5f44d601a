import type { Kysely, Selectable } from 'kysely'
import type { PositionState } from '../../db/column-values.js'
import type { PositionsTable, Tables } from '../../db/tables.js'
import { digits, quotient } from './orders.js'
import { afterPlace, type FilteredPageQuery, type Page, pageOfRows, placeOf } from './page.js'

/** A unit of a position. Nothing in it changes by itself as time goes by. */
export interface ShownPosition {
  readonly id: string
  readonly instrument: string
  readonly unit: number
  readonly label: string | null
  readonly state: PositionState
  readonly lots: string
  /** Of all that was bought, to 8 digits after the point. */
  readonly averagePrice: string | null
  readonly initialStop: number
  readonly stop: number
  readonly highestClose: number
  readonly pointValue: number
  readonly realizedPnl: string
  readonly fees: string
  readonly openedAt: string
  readonly closedAt: string | null
  readonly exitReason: string | null
  readonly entryOrderId: string
  /** The options that it is held in; null where it is held as one contract. */
  readonly contract: { readonly strike: string; readonly expiry: string } | null
}

/** Returns a page of a portfolio's units, newest first. */
export async function readPositions(
  db: Kysely<Tables>,
  portfolio: string,
  page: FilteredPageQuery,
): Promise<Page<ShownPosition>> {
  let query = db
    .selectFrom('positions')
    .selectAll()
    .where('portfolio', '=', portfolio)
    .where(afterPlace('positions', page.cursor))
  if (page.status === 'open') query = query.where('state', '<>', 'closed')
  if (page.status === 'closed') query = query.where('state', '=', 'closed')
  const ordered = query.orderBy('seq', 'desc').orderBy('idx', 'desc')
  const rows = await ordered.limit(page.limit + 1).execute()
  return pageOfRows(rows, page.limit, { item: showPosition, cursor: placeOf })
}

/** Returns whether the portfolio has a unit of this id that is not closed. */
export async function holdsPosition(db: Kysely<Tables>, portfolio: string, id: string): Promise<boolean> {
  const found = await db
    .selectFrom('positions')
    .select('id')
    .where('portfolio', '=', portfolio)
    .where('id', '=', id)
    .where('state', '<>', 'closed')
    .executeTakeFirst()
  return found !== undefined
}

function showPosition(row: Selectable<PositionsTable>): ShownPosition {
  return {
    id: row.id,
    instrument: row.instrument,
    unit: row.unit,
    label: row.label,
    state: row.state,
    lots: digits(row.lots),
    averagePrice: quotient(row.bought_value, row.bought_lots),
    initialStop: row.initial_stop,
    stop: row.stop,
    highestClose: row.highest_close,
    pointValue: row.point_value,
    realizedPnl: digits(row.realized_pnl),
    fees: digits(row.fees),
    openedAt: row.opened_at.toISOString(),
    closedAt: row.closed_at?.toISOString() ?? null,
    exitReason: row.exit_reason,
    entryOrderId: row.entry_order_id,
    contract:
      row.strike === null || row.expiry === null ? null : { strike: digits(row.strike), expiry: row.expiry },
  }
}
