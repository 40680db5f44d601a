import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { digits } from './orders.js'
import { afterPlace, type Page, type PageQuery, pageOfRows, placeOf } from './page.js'

/** A trade of an order, exactly as the broker reported it. */
export interface ShownFill {
  /** The order and the trade in it. */
  readonly id: string
  readonly orderId: string
  readonly tradeId: string
  readonly lots: string
  readonly price: string
  readonly fee: string
  readonly at: string
}

/** A posting of the ledger; amounts are signed. */
export interface ShownPosting {
  /** The input and the event that posted it. */
  readonly id: string
  readonly kind: string
  readonly amount: string
  readonly at: string
  readonly orderId: string | null
  readonly positionId: string | null
  readonly note: string | null
}

/** Returns a page of a portfolio's fills, newest first. */
export async function readFills(
  db: Kysely<Tables>,
  portfolio: string,
  page: PageQuery,
): Promise<Page<ShownFill>> {
  const rows = await db
    .selectFrom('fills')
    .selectAll()
    .where('portfolio', '=', portfolio)
    .where(afterPlace('fills', page.cursor))
    .orderBy('seq', 'desc')
    .orderBy('idx', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOfRows(rows, page.limit, {
    item: ({ order_id, trade_id, lots, price, fee, at }) => ({
      id: `${order_id}/${trade_id}`,
      orderId: order_id,
      tradeId: trade_id,
      lots: digits(lots),
      price: digits(price),
      fee: digits(fee),
      at: at.toISOString(),
    }),
    cursor: placeOf,
  })
}

/** Returns a page of a portfolio's ledger, newest first. */
export async function readLedger(
  db: Kysely<Tables>,
  portfolio: string,
  page: PageQuery,
): Promise<Page<ShownPosting>> {
  const rows = await db
    .selectFrom('ledger')
    .selectAll()
    .where('portfolio', '=', portfolio)
    .where(afterPlace('ledger', page.cursor))
    .orderBy('seq', 'desc')
    .orderBy('idx', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOfRows(rows, page.limit, {
    item: ({ seq, idx, kind, amount, at, order_id, position_id, note }) => ({
      id: `${seq}.${idx}`,
      kind,
      amount: digits(amount),
      at: at.toISOString(),
      orderId: order_id,
      positionId: position_id,
      note,
    }),
    cursor: placeOf,
  })
}
