import type { Kysely } from 'kysely'
import type { TradingState } from '../../../core/risk/trading-state.js'
import type { PhaseName } from '../../db/column-values.js'
import type { Tables } from '../../db/tables.js'
import { digits } from './orders.js'

/** A portfolio as its row says it is. */
export interface ShownPortfolioRow {
  readonly id: string
  readonly currency: string
  readonly holder: string | null
  /** As its holder last recorded it. */
  readonly phase: PhaseName
  readonly tradingState: TradingState
  readonly tradingStateReason: string
  readonly closedEquity: string
  readonly openPositions: number
}

/** Returns every portfolio of the database, by id. */
export async function readPortfolios(db: Kysely<Tables>): Promise<readonly ShownPortfolioRow[]> {
  const rows = await db
    .selectFrom('portfolios as p')
    .select(['id', 'currency', 'holder', 'phase', 'trading_state', 'trading_state_reason', 'closed_equity'])
    .select((build) =>
      build
        .selectFrom('positions')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('positions.portfolio', '=', 'p.id')
        .where('state', '<>', 'closed')
        .as('open_positions'),
    )
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    currency: row.currency,
    holder: row.holder,
    phase: row.phase,
    tradingState: row.trading_state,
    tradingStateReason: row.trading_state_reason,
    closedEquity: digits(row.closed_equity),
    openPositions: row.open_positions ?? 0,
  }))
}
