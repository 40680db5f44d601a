import { decimal } from '../../core/decimal.js'
import { ordersOfDay } from '../../core/portfolio/cell-state.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { marketHours } from '../../core/portfolio/sessions.js'
import { cellValue, stockShare } from '../../core/strategies/volatility/cell.js'
import { type CellRules, cellOf, rulesOfCells } from '../../core/strategies/volatility/cell-rules.js'
import { movePct } from '../../core/strategies/volatility/trigger.js'
import { isoInstant } from '../../core/time.js'

/** Returns what a portfolio's state says about its cells, in the order of the configuration. */
export function showCells(portfolio: Portfolio) {
  return [...rulesOfCells(portfolio)].map(([name, rules]) => showCell(portfolio, name, rules))
}

function showCell(portfolio: Portfolio, instrument: string, { configuration }: CellRules) {
  const book = portfolio.books.get(instrument)
  const state = book?.cell ?? null
  const cell = book === undefined ? null : cellOf(book)
  const { price = null, priceAt = 0 } = book?.market ?? {}
  const exact = price === null ? null : decimal(price)
  const { minStock, maxStock } = configuration.guardrails
  const today = state === null ? null : ordersOfDay(state, portfolio.now)
  const isPriced = cell !== null && exact !== null
  return {
    instrument,
    state: state === null ? 'notFunded' : state.halt === null ? 'open' : 'halted',
    haltReason: state?.halt ?? null,
    shares: text(cell?.shares ?? 0),
    averagePrice: averagePrice(portfolio, instrument),
    cash: text(cell?.cash ?? 0),
    receivable: text(cell?.receivable ?? 0),
    anchor: cell?.anchor == null ? null : text(cell.anchor),
    price,
    priceAt: price === null ? null : isoInstant(priceAt),
    movePercent: isPriced && cell.anchor !== null ? movePct(cell.anchor, exact).toNumber() : null,
    value: isPriced ? text(cellValue(cell, exact)) : null,
    stockShare: isPriced ? stockShare(cell, exact).toNumber() : null,
    ...{ minStock, maxStock, hours: marketHours(portfolio, instrument) },
    orderId: book?.rebalanceOrderIds[0] ?? null,
    ordersToday: today?.count ?? 0,
    notionalToday: text(today?.notional ?? 0),
    realizedPnl: text(book?.holding?.realizedPnl ?? 0),
    fees: text(book?.holding?.fees ?? 0),
    lastOutcome: state === null || state.outcome === '' ? null : state.outcome,
  } as const
}

function averagePrice(portfolio: Portfolio, instrument: string): string | null {
  const holding = portfolio.books.get(instrument)?.holding ?? null
  if (holding === null || !holding.quantity.isPositive()) return null
  return text(holding.cost.dividedBy(holding.quantity, 8, 'halfEven'))
}

/** Returns every dividend that the cells know, the latest ex-date first. */
export function showDividends(portfolio: Portfolio) {
  const shown = [...portfolio.books.values()].flatMap(({ instrument, cell }) =>
    (cell?.dividends ?? []).map((dividend) => {
      const { id, perShare, withholdingRate, exDate, payDate, due, paidAt } = dividend
      return {
        ...{
          id,
          instrument,
          perShare: text(perShare),
          withholdingRate: text(withholdingRate),
          exDate,
          payDate,
        },
        state: due === null ? 'announced' : paidAt === null ? 'receivable' : 'paid',
        shares: due === null ? null : text(due.shares),
        gross: due === null ? null : text(due.gross),
        withheld: due === null ? null : text(due.withheld),
        net: due === null ? null : text(due.net),
        paidAt: paidAt === null ? null : isoInstant(paidAt),
      } as const
    }),
  )
  return shown.sort((left, right) => (left.exDate < right.exDate ? 1 : -1))
}

function text(value: { toString(): string }): string {
  return value.toString()
}
