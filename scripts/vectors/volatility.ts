import { sessionAt } from '../../core/calendar/calendar.js'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { invariant } from '../../core/invariant.js'
import { type Cell, type Side, stockShare } from '../../core/strategies/volatility/cell.js'
import {
  type CellWithDividends,
  type Dividend,
  goEx,
  payDividend,
  receivableOf,
} from '../../core/strategies/volatility/dividend.js'
import { bookFill, endOrder, fillState, newCellOrder } from '../../core/strategies/volatility/fill.js'
import { breachAfterFill, sharesTowards } from '../../core/strategies/volatility/guardrails.js'
import type { CellSettings } from '../../core/strategies/volatility/settings.js'
import { sizeOrder } from '../../core/strategies/volatility/size-order.js'
import { rawShares } from '../../core/strategies/volatility/sizing.js'
import { hasDrifted, isAnomalous, movePct, triggeredSide } from '../../core/strategies/volatility/trigger.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'
import type { VectorCase } from './trend.js'

type Fields = Record<string, unknown>

const ONE = decimal(1)
/** What the reference withholds where a case does not say. */
const WITHHOLDING = decimal('0.25')

/** Returns the result of a volatility case computed by the core's own functions; null for a capability we do not know. */
export function volatilityVector({ capability, input }: VectorCase): unknown {
  if (capability === 'market_hours') return isOpenInNewYork(String(input))
  const fields = input as Fields
  if (typeof fields.case === 'string' && capability !== 'trigger_path') throw new Error('it is told in words')
  switch (capability) {
    case 'trigger':
      return trigger(fields)
    case 'order_sizing':
      return orderSizing(fields)
    case 'guardrail_target_bound':
      return targetBound(fields)
    case 'validate_after_fill':
      return validateAfterFill(fields)
    case 'anchor_anomaly':
      return anchorAnomaly(fields)
    case 'ex_dividend':
      return exDividend(fields)
    case 'dividend_payment':
      return dividendPayment(fields)
    case 'order_fill':
      return orderFill(fields)
    case 'trigger_path':
      return triggerPath(fields)
    case 'ledger_golden_D':
      return cashLedger(fields)
    case 'drift_reeval':
      return {
        re_evaluate: hasDrifted(
          exact(fields, 'evaluation_price'),
          exact(fields, 'submit_price'),
          exact(fields, 'limit_bps'),
        ),
      }
    default:
      return null
  }
}

function exact(fields: Fields, name: string, otherwise?: Decimal): Decimal {
  const value = fields[name]
  if ((value === undefined || value === null) && otherwise !== undefined) return otherwise
  invariant(typeof value === 'number' || typeof value === 'string', () => `it has no ${name}`)
  return decimal(value)
}

function sideOf(fields: Fields, name: string): Side {
  const side = String(fields[name]).toLowerCase()
  invariant(side === 'buy' || side === 'sell', () => `its ${name} is neither buy nor sell`)
  return side
}

function cellOf(fields: Fields): Cell {
  return {
    shares: exact(fields, 'qty'),
    cash: exact(fields, 'cash', ZERO),
    receivable: exact(fields, 'dividend_receivable', ZERO),
    anchor: fields.anchor === undefined || fields.anchor === null ? null : exact(fields, 'anchor'),
  }
}

function settingsOf(fields: Fields): CellSettings {
  const limit = (name: string) =>
    fields[name] === undefined || fields[name] === null ? null : exact(fields, name)
  return {
    triggers: { upPct: exact(fields, 'up', decimal(3)), downPct: exact(fields, 'down', decimal(3)) },
    guardrails: {
      minStock: limit('min_stock') ?? limit('min') ?? ZERO,
      maxStock: limit('max_stock') ?? limit('max') ?? ONE,
      maxTrade: limit('max_trade_pct'),
      maxDailyNotional: limit('max_daily_notional'),
      maxOrdersPerDay: null,
    },
    orders: {
      minShares: exact(fields, 'min_qty', ZERO),
      minNotional: exact(fields, 'min_notional', ZERO),
      lot: exact(fields, 'lot_size', ZERO),
      qtyStep: exact(fields, 'qty_step', ZERO),
      belowMinimum:
        fields.action_below_min === 'clip' || fields.action_below_min === 'reject'
          ? fields.action_below_min
          : 'hold',
      sizing: fields.order_sizing_strategy === 'fixed_percentage' ? 'fixedPercentage' : 'proportional',
      rebalanceRatio: exact(fields, 'rebalance_ratio', decimal('1.6667')),
    },
    commissionRate: exact(fields, 'commission_rate', ZERO),
    returnsToBand: false,
  }
}

function trigger(fields: Fields): Fields {
  const { anchor } = cellOf({ ...fields, qty: 0 })
  if (anchor === null || !anchor.isPositive())
    return { fired: false, direction: null, reason: 'No anchor price set' }
  const price = exact(fields, 'price')
  const direction = triggeredSide(anchor, price, settingsOf(fields).triggers)
  const moved = movePct(anchor, price).toNumber().toFixed(2)
  return { fired: direction !== null, direction, reason: `${moved} % from the anchor` }
}

function orderSizing(fields: Fields): Fields {
  const cell = cellOf(fields)
  const { anchor } = cell
  invariant(anchor !== null, 'it has no anchor')
  const [settings, price] = [settingsOf(fields), exact(fields, 'price')]
  const side: Side = price.isLessThan(anchor) ? 'buy' : 'sell'
  const wanted = rawShares(cell, { anchor, side, price }, settings.orders)
  const sized = sizeOrder(cell, { side, price, shares: wanted }, settings)
  const signed = side === 'buy' ? sized.shares : sized.shares.negated()
  const shown = { outcome: sized.outcome, side: side.toUpperCase(), qty: sized.shares.toNumber() }
  if (sized.outcome !== 'order') {
    const { reason, shares } = sized
    const isTold = sized.outcome === 'skipped'
    return {
      ...shown,
      reason,
      ...(isTold
        ? { ...tradeOf(cell, { side, price, shares }, settings), trimmed_qty: signed.toNumber() }
        : {}),
      validation: { valid: false, rejections: [reason], warnings: [] },
    }
  }
  return {
    ...shown,
    trimmed_qty: signed.toNumber(),
    capped_by: sized.cappedBy,
    ...tradeOf(cell, { side, price, shares: sized.shares }, settings),
    validation: { valid: true, rejections: [], warnings: [] },
  }
}

function tradeOf(
  cell: Cell,
  { side, price, shares }: { side: Side; price: Decimal; shares: Decimal },
  { commissionRate }: CellSettings,
): Fields {
  const notional = shares.times(price)
  const fee = notional.times(commissionRate)
  const after = bookFill(cell, newCellOrder(side, shares), { shares, price, fee }).cell
  const share = stockShare(after, price).toNumber()
  return {
    notional: notional.toNumber(),
    commission: fee.toNumber(),
    post_trade_asset_pct: share,
    post_stock_pct: share,
  }
}

/** The reference's simulation goes straight to the bound and pays no fee. */
function targetBound(fields: Fields): Fields {
  const [cell, settings, price] = [cellOf(fields), settingsOf(fields), exact(fields, 'price')]
  const side = sideOf(fields, 'direction')
  const { minStock, maxStock } = settings.guardrails
  const bound = side === 'buy' ? maxStock : minStock
  const towards = sharesTowards(cell, { side, price, bound }, ZERO, 'floor')
  const sized = sizeOrder(cell, { side, price, shares: towards }, settings)
  if (sized.outcome !== 'order') return { allowed: false, reason: sized.reason, qty: null }
  return { allowed: true, reason: `${side} up to the bound`, qty: sized.shares.toNumber() }
}

function validateAfterFill(fields: Fields): Fields {
  const price = exact(fields, 'price')
  const shares = exact(fields, 'fill_qty')
  const order = newCellOrder(sideOf(fields, 'side'), shares)
  const { cell } = bookFill(cellOf(fields), order, { shares, price, fee: exact(fields, 'commission', ZERO) })
  const breach = breachAfterFill(cell, price, settingsOf(fields).guardrails)
  return { ok: breach === null, reason: breach }
}

function anchorAnomaly(fields: Fields): Fields {
  const anchor = exact(fields, 'anchor')
  const halted = isAnomalous(anchor, exact(fields, 'price'))
  return { reset: false, anchor_after: anchor.toNumber(), halted }
}

function holding(fields: Fields): CellWithDividends {
  return { cell: cellOf(fields), receivables: new Map() }
}

function timesOf(fields: Fields): number {
  return typeof fields.times === 'number' ? fields.times : 1
}

function exDividend(fields: Fields): Fields {
  const dividend: Dividend = {
    id: 'the one',
    perShare: exact(fields, 'dps'),
    withholdingRate: exact(fields, 'withholding', WITHHOLDING),
  }
  let after = holding(fields)
  for (let time = 0; time < timesOf(fields); time++) after = goEx(after, dividend)
  const { gross, net, withheld } = receivableOf(exact(fields, 'qty'), dividend)
  const { anchor, cash, receivable } = after.cell
  return {
    gross: gross.toNumber(),
    net: net.toNumber(),
    tax: withheld.toNumber(),
    receivable: receivable.toNumber(),
    effective_cash: cash.plus(receivable).toNumber(),
    ...(anchor === null ? {} : { anchor: anchor.toNumber(), new_anchor: anchor.toNumber() }),
  }
}

function dividendPayment(fields: Fields): Fields {
  const cell: Cell = { ...cellOf({ ...fields, qty: 0 }), receivable: exact(fields, 'receivable') }
  const due = { gross: cell.receivable, net: cell.receivable, withheld: ZERO, isPaid: false }
  const first = payDividend({ cell, receivables: new Map([['the one', due]]) }, 'the one')
  const second = payDividend(first, 'the one')
  const shown = ({ cell: { cash, receivable } }: CellWithDividends) => [
    cash.toNumber(),
    receivable.toNumber(),
  ]
  return { after_first: shown(first), after_second: shown(second) }
}

function orderFill(fields: Fields): Fields {
  const shares = exact(fields, 'fill_qty')
  const fee = exact(fields, 'commission', ZERO)
  const asked = newCellOrder(sideOf(fields, 'side'), exact(fields, 'order_qty'))
  const booked = bookFill(cellOf(fields), asked, { shares, price: exact(fields, 'price'), fee })
  const { order } = booked
  const state = fillState(order)
  const status =
    state === 'partiallyFilled' ? 'partially_filled' : state === 'unfilled' ? 'submitted' : 'filled'
  const cell = state === 'partiallyFilled' ? booked.cell : endOrder(booked.cell, order)
  const leaves = order.shares.minus(order.filledShares)
  return {
    result: [{ status, filled: shares.toNumber() }],
    qty: cell.shares.toNumber(),
    cash: cell.cash.toNumber(),
    ...(cell.anchor === null ? {} : { anchor: cell.anchor.toNumber() }),
    order_status: status,
    status,
    cum_qty: order.filledShares.toNumber(),
    leaves_qty: leaves.isNegative() ? 0 : leaves.toNumber(),
    commission_total: order.fees.toNumber(),
    booked: true,
    ...(state === 'overfilled' ? { alert: 'overfill' } : {}),
  }
}

/** Moves from the last fill, one after the other; shown with as many digits as the published paths. */
function triggerPath(fields: Fields): Fields[] {
  const settings = settingsOf(fields)
  let cell = cellOf(fields)
  const steps: Fields[] = []
  let price = exact(fields, 'anchor')
  for (const move of fields.moves as (string | number)[]) {
    price = price.times(ONE.plus(decimal(move)))
    const { anchor } = cell
    invariant(anchor !== null, 'it has no anchor')
    const side = triggeredSide(anchor, price, settings.triggers)
    let shares = ZERO
    let cap: string | null = null
    if (side !== null) {
      const wanted = { side, price, shares: rawShares(cell, { anchor, side, price }, settings.orders) }
      const sized = sizeOrder(cell, wanted, settings)
      if (sized.outcome === 'order') {
        shares = sized.shares
        cap = sized.cappedBy.at(-1) ?? null
        const { cell: filled, order } = bookFill(cell, newCellOrder(side, shares), {
          shares,
          price,
          fee: sized.fee,
        })
        cell = endOrder(filled, order)
      } else cap = sized.reason
    }
    const rounded = (value: Decimal, scale: number) => value.toScale(scale, 'halfEven').toNumber()
    steps.push({
      price: rounded(price, 8),
      qty: rounded(side === 'sell' ? shares.negated() : shares, 6),
      position: rounded(cell.shares, 6),
      cash: rounded(cell.cash, 4),
      stock_pct: rounded(stockShare(cell, price), 6),
      capped_by: cap,
    })
  }
  return steps
}

/** Trades paid from one pool of cash, each with its fee. */
function cashLedger(fields: Fields): Fields {
  const rate = exact(fields, 'commission_rate')
  const trades = fields.trades as [string, string, number, number][]
  let cell: Cell = { ...cellOf({ ...fields, qty: 0 }), anchor: null }
  let fees = ZERO
  const shown: Fields = {}
  trades.forEach(([side, , shares, price], index) => {
    const fill = { shares: decimal(shares), price: decimal(price) }
    const fee = fill.shares.times(fill.price).times(rate)
    fees = fees.plus(fee)
    const way = side.toLowerCase() === 'sell' ? 'sell' : 'buy'
    cell = bookFill(cell, newCellOrder(way, fill.shares), { ...fill, fee }).cell
    shown[`cash_after_${index + 1}`] = cell.cash.toNumber()
  })
  return { ...shown, total_commission: fees.toNumber() }
}

/** Regular hours of the New York Stock Exchange, with daylight saving and holidays. */
function isOpenInNewYork(text: string): boolean {
  const at = Date.parse(text)
  invariant(Number.isFinite(at), () => `${text} is no instant`)
  const session = sessionAt(builtInCalendar(), 'NYSE', at)
  return session !== 'closed' && session !== 'unknown'
}
