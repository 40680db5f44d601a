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
import type { LogRange, Queryable } from './read-log.js'
import { type RowSource, readWritten, type WrittenRows } from './same-rows.js'
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

const inboxColumns = {
  seq: 'bigint',
  alert_id: 'text',
  state: 'text',
  outcome: 'text',
  decision_id: 'text',
  reasons: 'jsonb',
  lots: 'numeric',
} as const

/** Tables whose rows belong to an input each. Of orders and positions only where they were made is. */
const recordedTables = {
  decisions: { columns: decisionColumns, key: place },
  fills: { columns: fillColumns, key: place },
  ledger: { columns: ledgerColumns, key: place },
  alarms: { columns: alarmColumns, key: place },
  orders: { columns: madeColumns, key: place },
  positions: { columns: madeColumns, key: place },
  inbox: { columns: inboxColumns, key: ['seq'] },
} as const

type RecordedTable = keyof typeof recordedTables

/** The rows that belong to a run of inputs, as they are being read, and where they are read from. */
export type RecordedRows = ReadonlyMap<string, RowSource & { readonly written: Promise<WrittenRows> }>

/** Begins to read the rows that belong to a run of inputs: the run itself may be folded meanwhile. */
export function beginToReadRecorded({ db, portfolio }: Scope, { from, to }: LogRange): RecordedRows {
  const where = 'a.seq between ($2::bigint[])[1] and ($2::bigint[])[2]'
  const tables = Object.entries(recordedTables)
  return new Map(
    tables.map(([table, layout]) => {
      const source: RowSource = { portfolio: portfolio.id, table, ...layout, where, value: [from, to] }
      const written = readWritten(db, source)
      // It is met when the rows are compared; folding may have failed before that
      written.catch(() => undefined)
      return [table, { ...source, written }]
    }),
  )
}

/** Compares the rows of a run of inputs that are complete with their event, and the alerts that it decided. */
export async function compareRecorded(
  scope: Scope,
  touched: Touched,
  { entries, rows }: { readonly entries: readonly LogEntry[]; readonly rows: RecordedRows },
): Promise<void> {
  const expected: Readonly<Record<RecordedTable, readonly object[]>> = {
    decisions: touched.decisions,
    fills: touched.fills,
    ledger: touched.ledger,
    alarms: touched.alarms,
    orders: made(touched.madeOrders),
    positions: made(touched.madeUnits),
    inbox: entries.flatMap(inboxRow),
  }
  for (const [table, source] of rows) {
    // An input may come without a row of the inbox (a replay of alerts), but no row may say what no input did
    const mayLack = () => table === 'inbox'
    const comparison = { ...source, expected: expected[table as RecordedTable], mayLack }
    scope.report(await compareRows(scope.db, comparison))
  }
}

function made(places: ReadonlyMap<string, EventPlace>): object[] {
  return [...places].map(([id, where]) => ({ id, ...where }))
}

function inboxRow(entry: LogEntry): object[] {
  const outcome = outcomeOf(entry)
  if (outcome === null) return []
  const { seq, alertId, state, decisionId, reasons, lots } = outcome
  return [{ seq, alert_id: alertId, state, outcome: outcome.outcome, decision_id: decisionId, reasons, lots }]
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
  await Promise.all([
    compareById(scope, 'orders', orderColumns, orderRows),
    compareById(scope, 'positions', positionColumns, unitRows),
  ])
}

async function compareById(
  scope: Scope,
  table: string,
  columns: Readonly<Record<string, ColumnType>>,
  expected: readonly { readonly id: unknown }[],
): Promise<void> {
  if (expected.length === 0) return
  const compared = Object.keys(columns).filter((name) => name !== 'seq' && name !== 'idx')
  const where = 'a.id = any ($2::text[])'
  const value = expected.map(({ id }) => id)
  scope.report(await compare(scope, { table, columns, key: ['id'], compared, expected, where, value }))
}

/** Reports rows that no event made: open ones that the state does not know, and any beyond the end of the log. */
export async function findStrays(scope: Scope, { orders, units }: Standing, lastSeq: number): Promise<void> {
  const beyond = '(a.seq < 1 or a.seq > $2::bigint)'
  const atWork = `a.state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled')`
  const searches = [
    straysOf('orders', `a.id <> all ($3::text[]) and (${beyond} or ${atWork})`),
    straysOf('positions', `a.id <> all ($4::text[]) and (${beyond} or a.state <> 'closed')`),
    ...['decisions', 'fills', 'ledger', 'alarms'].map((table) => straysOf(table, beyond)),
  ]
  const { rows } = await scope.db.query<{ name: string; seq: number; idx: number }>(
    `${searches.join(' union all ')} order by name, seq, idx`,
    [scope.portfolio.id, lastSeq, orders, units],
  )
  const nothing = { column: null, expected: null, actual: null }
  scope.report(
    rows.map(({ name, seq, idx }) => ({ table: name, key: `${seq}/${idx}`, kind: 'extra', ...nothing })),
  )
}

function straysOf(table: string, where: string): string {
  return `select '${table}' as name, a.seq, a.idx from ${table} as a where a.portfolio = $1 and ${where}`
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
    where: '$2::text is null',
    value: null,
    mayLack: (instrument) => untouched.has(instrument),
  })
  scope.report(found)
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
    where: '$2::text is null',
    value: null,
  })
  scope.report(found.map((difference) => ({ ...difference, table: 'portfolios' })))
}
