import { type Decimal, decimal } from '../../decimal.js'
import type { CellEvaluation } from '../../decision.js'
import { type CellState, ordersOfDay } from '../../portfolio/cell-state.js'
import type { Instant } from '../../time.js'
import { type Cell, cellValue, type Side, stockShare } from './cell.js'
import type { CellRules } from './cell-rules.js'
import { bookFill, newCellOrder } from './fill.js'
import { movePct } from './trigger.js'

/** What was wanted of a cell, and what became of it. */
export interface Wanted {
  readonly side: Side
  readonly because: NonNullable<CellEvaluation['wantedBecause']>
  /** Before any limit. */
  readonly rawShares: Decimal | null
  readonly order: {
    readonly shares: Decimal
    readonly notional: Decimal
    readonly fee: Decimal
    readonly cappedBy: readonly string[]
  } | null
}

/** What a record of an evaluation is made of. */
export interface CellMoment {
  readonly cell: Cell
  readonly state: CellState
  readonly rules: CellRules
  readonly price: number
  readonly priceAt: Instant
  readonly now: Instant
  readonly attempt: number | null
  readonly wanted: Wanted | null
}

/** Returns the record of an evaluation: everything that it saw, and what followed. */
export function describeCell(moment: CellMoment): CellEvaluation {
  const { cell, state, rules, price, priceAt, now, attempt, wanted } = moment
  const { triggers, guardrails } = rules.configuration
  const exact = decimal(price)
  const today = ordersOfDay(state, now)
  const order = wanted?.order ?? null
  return {
    kind: 'cell',
    price,
    priceAt,
    anchor: cell.anchor === null ? null : `${cell.anchor}`,
    movePct: cell.anchor === null ? null : movePct(cell.anchor, exact).toNumber(),
    upPct: triggers.upPct,
    downPct: triggers.downPct,
    shares: `${cell.shares}`,
    cash: `${cell.cash}`,
    receivable: `${cell.receivable}`,
    value: `${cellValue(cell, exact)}`,
    stockShare: stockShare(cell, exact).toNumber(),
    stockShareAfter: order === null ? null : shareAfter(cell, exact, wanted!.side, order).toNumber(),
    minStock: guardrails.minStock,
    maxStock: guardrails.maxStock,
    side: wanted?.side ?? null,
    wantedBecause: wanted?.because ?? null,
    rawShares: wanted?.rawShares == null ? null : `${wanted.rawShares}`,
    cappedBy: order?.cappedBy ?? [],
    orderShares: order === null ? null : `${order.shares}`,
    notional: order === null ? null : `${order.notional}`,
    fee: order === null ? null : `${order.fee}`,
    commissionRate: `${rules.settings.commissionRate}`,
    commissionScope: rules.commissionScope,
    ordersToday: today.count,
    notionalToday: `${today.notional}`,
    attempt,
  }
}

function shareAfter(
  cell: Cell,
  price: Decimal,
  side: Side,
  { shares, fee }: { readonly shares: Decimal; readonly fee: Decimal },
): Decimal {
  const after = bookFill(cell, newCellOrder(side, shares), { shares, price, fee })
  return stockShare(after.cell, price)
}
