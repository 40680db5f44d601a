import type { MarketView } from '../../core/portfolio/book.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { type AlertOutcome, alertOutcome, quarantinedOutcome } from './alert-outcome.js'
import { type Comparison, compareRows } from './compare-rows.js'
import type { Difference } from './difference.js'
import { type EventPlace, marketViewRow, orderRow, positionRow } from './projected-rows.js'
import {
  alarmColumns,
  type ColumnType,
  decisionColumns,
  fillColumns,
  ledgerColumns,
  marketViewColumns,
  orderColumns,
  positionColumns,
} from './projection-columns.js'
import type { Queryable } from './read-log.js'
import type { LogEntry, Touched } from './touched.js'

/** What verification works on. */
export interface Scope {
  readonly db: Queryable
  /** The state as folded so far. */
  readonly portfolio: Portfolio
  readonly report: (differences: readonly Difference[]) => void
}

/** Which orders and units are meant. */
export interface Standing {
  readonly orders: readonly string[]
  readonly units: readonly string[]
}

/** The state does not know which event made an order or unit; that is compared where the event is met. */
const NOWHERE: EventPlace = { seq: 0, idx: 0 }

const madeColumns = { id: 'text', seq: 'bigint', idx: 'int' } as const
const place = ['seq', 'idx'] as const

function compare(scope: Scope, comparison: Omit<Comparison, 'portfolio'>): Promise<Difference[]> {
  return compareRows(scope.db, { portfolio: scope.portfolio.id, ...comparison })
}

function rowsOf(entries: readonly LogEntry[]) {
  const seqs = [entries[0]!.seq, entries.at(-1)!.seq]
  return { where: 'a.seq between ($3::bigint[])[1] and ($3::bigint[])[2]', value: seqs }
}

/** Compares the rows of a run of inputs that are complete with their event, and the alerts that it decided. */
export async function compareRecorded(
  scope: Scope,
  touched: Touched,
  entries: readonly LogEntry[],
): Promise<void> {
  const rows = rowsOf(entries)
  const tables: readonly [string, Readonly<Record<string, ColumnType>>, readonly object[]][] = [
    ['decisions', decisionColumns, touched.decisions],
    ['fills', fillColumns, touched.fills],
    ['ledger', ledgerColumns, touched.ledger],
    ['alarms', alarmColumns, touched.alarms],
    ['orders', madeColumns, made(touched.madeOrders)],
    ['positions', madeColumns, made(touched.madeUnits)],
  ]
  for (const [table, columns, expected] of tables) {
    scope.report(await compare(scope, { table, columns, key: place, expected, ...rows }))
  }
  scope.report(await compareInbox(scope, entries))
}

function made(places: ReadonlyMap<string, EventPlace>): object[] {
  return [...places].map(([id, where]) => ({ id, ...where }))
}

const inboxColumns = {
  seq: 'bigint',
  alert_id: 'text',
  state: 'text',
  outcome: 'text',
  decision_id: 'text',
  reasons: 'jsonb',
  lots: 'numeric',
} as const

/** An input may come without a row of the inbox (a replay of alerts), but no row may say what no input did. */
async function compareInbox(scope: Scope, entries: readonly LogEntry[]): Promise<Difference[]> {
  const expected = entries.flatMap((entry) => {
    const outcome = outcomeOf(entry)
    if (outcome === null) return []
    const { seq, alertId, state, decisionId, reasons, lots } = outcome
    return { seq, alert_id: alertId, state, outcome: outcome.outcome, decision_id: decisionId, reasons, lots }
  })
  const columns = inboxColumns
  const found = await compare(scope, { table: 'inbox', columns, key: ['seq'], expected, ...rowsOf(entries) })
  return found.filter(({ kind }) => kind !== 'missing')
}

function outcomeOf({ seq, input, events }: LogEntry): AlertOutcome | null {
  switch (input.type) {
    case 'AlertAdmitted':
      return alertOutcome(input.id, seq, events)
    case 'InputFailed':
      return quarantinedOutcome(input.failedInputId, seq)
    default:
      return null
  }
}

/** Compares orders and positions as the state has them now. */
export async function compareStanding(
  scope: Scope,
  touched: Touched,
  { orders, units }: Standing,
): Promise<void> {
  const orderRows = orders.map((id) => orderRow(scope.portfolio.id, NOWHERE, touched.orders.get(id)!))
  const unitRows = units.map((id) => {
    const { unit, entry } = touched.units.get(id)!
    return positionRow(NOWHERE, unit, entry)
  })
  await compareById(scope, 'orders', orderColumns, orderRows)
  await compareById(scope, 'positions', positionColumns, unitRows)
}

async function compareById(
  scope: Scope,
  table: string,
  columns: Readonly<Record<string, ColumnType>>,
  expected: readonly { readonly id: unknown }[],
): Promise<void> {
  if (expected.length === 0) return
  const compared = Object.keys(columns).filter((name) => name !== 'seq' && name !== 'idx')
  const where = 'a.id = any ($3::text[])'
  const value = expected.map(({ id }) => id)
  scope.report(await compare(scope, { table, columns, key: ['id'], compared, expected, where, value }))
}

/** Reports rows that no event made: open ones that the state does not know, and any beyond the end of the log. */
export async function findStrays(scope: Scope, standing: Standing, lastSeq: number): Promise<void> {
  const beyond = `a.seq < 1 or a.seq > ${lastSeq}`
  const atWork = `'initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled'`
  await findStray(
    scope,
    'orders',
    `a.id <> all ($2::text[]) and (${beyond} or a.state in (${atWork}))`,
    standing.orders,
  )
  await findStray(
    scope,
    'positions',
    `a.id <> all ($2::text[]) and (${beyond} or a.state <> 'closed')`,
    standing.units,
  )
  for (const table of ['decisions', 'fills', 'ledger', 'alarms']) {
    await findStray(scope, table, `(${beyond}) and $2::text[] is not null`, [])
  }
}

async function findStray(
  scope: Scope,
  table: string,
  where: string,
  known: readonly string[],
): Promise<void> {
  const { rows } = await scope.db.query<{ key: string }>(
    `select a.seq || '/' || a.idx as key from ${table} as a where a.portfolio = $1 and ${where} order by a.seq, a.idx`,
    [scope.portfolio.id, known],
  )
  const nothing = { column: null, expected: null, actual: null }
  scope.report(rows.map(({ key }) => ({ table, key, kind: 'extra', ...nothing })))
}

/** Compares the market views. A market that no input has touched needs no row. */
export async function compareMarketViews(scope: Scope): Promise<void> {
  const books = [...scope.portfolio.books.values()]
  const untouched = new Set(
    books.filter(({ market }) => isUntouched(market)).map(({ instrument }) => instrument),
  )
  const expected = books.map(marketViewRow)
  const found = await compare(scope, {
    table: 'market_views',
    columns: marketViewColumns,
    key: ['instrument'],
    expected,
    where: '$3::text is null',
    value: null,
  })
  scope.report(found.filter(({ kind, key }) => kind !== 'missing' || !untouched.has(key)))
}

function isUntouched({ priceAt, barAt, scoutAt }: MarketView): boolean {
  return priceAt === 0 && barAt === 0 && scoutAt === 0
}

const portfolioColumns = {
  id: 'text',
  configuration_hash: 'text',
  trading_state: 'text',
  trading_state_reason: 'text',
  closed_equity: 'numeric',
  deposited: 'numeric',
  realized_pnl: 'numeric',
  fees: 'numeric',
  high_equity: 'numeric',
} as const

/** Compares the sums and the trading state in the portfolio's own row. */
export async function comparePortfolioRow(scope: Scope): Promise<void> {
  const { id, ledger, configurationHash, tradingState, tradingStateReason } = scope.portfolio
  const expected = {
    id,
    configuration_hash: configurationHash,
    trading_state: tradingState,
    trading_state_reason: tradingStateReason,
    closed_equity: ledger.balance,
    deposited: ledger.deposited,
    realized_pnl: ledger.realizedPnl,
    fees: ledger.fees,
    high_equity: ledger.high,
  }
  const found = await compare(scope, {
    table: '(select id as portfolio, portfolios.* from portfolios)',
    columns: portfolioColumns,
    key: ['id'],
    expected: [expected],
    where: '$3::text is null',
    value: null,
  })
  scope.report(found.map((difference) => ({ ...difference, table: 'portfolios' })))
}
