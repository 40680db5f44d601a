import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { type Book, bookState } from '../../core/portfolio/book.js'
import { equityOf, sizingEquity, unrealizedOf } from '../../core/portfolio/equity.js'
import { availableMargin, exposureOf } from '../../core/portfolio/exposure.js'
import { emptyHolding, settledCash } from '../../core/portfolio/holding.js'
import { instrumentOf, type Portfolio, settingsOf } from '../../core/portfolio/portfolio.js'
import type { PreCloseRun } from '../../core/portfolio/pre-close-run.js'
import type { RollRun } from '../../core/portfolio/roll-run.js'
import { marketHours } from '../../core/portfolio/sessions.js'
import { dateAt, nextRoll } from '../../core/strategies/trend/roll-due.js'
import { isoInstant } from '../../core/time.js'

/** Digits after the point of an average cost. */
const AVERAGE_SCALE = 8

/** Returns what a portfolio's state says about its equity and its risk. Throws before the first configuration. */
export function showPortfolio(portfolio: Portfolio) {
  const settings = settingsOf(portfolio)
  const { caps } = settings
  const { ledger } = portfolio
  const equity = equityOf(portfolio)
  const sizing = sizingEquity(portfolio)
  const exposure = exposureOf(portfolio)
  const { marginUsed, marginReserved } = exposure
  return {
    configurationHash: portfolio.configurationHash,
    equityMode: settings.equityMode,
    equity: {
      closed: ledger.balance.toString(),
      open: amount(equity.open),
      blended: amount(equity.blended),
      high: ledger.high.toString(),
    },
    unrealizedPnl: amount(unrealizedOf(portfolio)),
    realizedPnl: ledger.realizedPnl.toString(),
    fees: ledger.fees.toString(),
    deposited: ledger.deposited.toString(),
    heat: {
      used: amount(exposure.risk),
      percent: percentOf(exposure.risk, sizing),
      capPercent: caps.maxHeatPct,
      pyramidCapPercent: caps.pyramidMaxHeatPct,
    },
    volatility: {
      used: amount(exposure.volatility),
      percent: percentOf(exposure.volatility, sizing),
      capPercent: caps.maxVolatilityPct,
      pyramidCapPercent: caps.pyramidMaxVolatilityPct,
    },
    margin: {
      used: amount(marginUsed),
      reserved: amount(marginReserved),
      available: amount(availableMargin(equity.open, caps.maxMarginPct, exposure)),
      percent: percentOf(marginUsed + marginReserved, equity.open),
      capPercent: caps.maxMarginPct,
    },
    instruments: settings.instruments.map(({ name }) => showInstrument(portfolio, name)),
    cash: settledCash(portfolio).toString(),
    assets: (settings.assets ?? []).map(({ name }) => showAsset(portfolio, name)),
  }
}

function showInstrument(portfolio: Portfolio, instrument: string) {
  const book = portfolio.books.get(instrument)
  const market = book?.market
  return {
    instrument,
    state: book === undefined ? ('flat' as const) : bookState(book),
    units: book?.units.length ?? 0,
    lots: heldLots(book).toString(),
    price: market?.price ?? null,
    priceAt: market === undefined || market.price === null ? null : isoInstant(market.priceAt),
    atr: market?.atr ?? null,
    ...lockAndHours(portfolio, instrument),
    scoutAt: market === undefined || market.scout === null ? null : isoInstant(market.scoutAt),
    rollover: showRollover(portfolio, instrument),
    rolled: showRolled(book?.roll ?? null),
    preClose: showRun(book?.preClose ?? null),
  }
}

function showAsset(portfolio: Portfolio, asset: string) {
  const book = portfolio.books.get(asset)
  const { quantity, cost } = book?.holding ?? emptyHolding()
  const price = book?.market.price ?? null
  return {
    asset,
    quantity: quantity.toString(),
    averageCost: quantity.isZero() ? null : cost.dividedBy(quantity, AVERAGE_SCALE, 'halfEven').toString(),
    price,
    priceAt: book === undefined || price === null ? null : isoInstant(book.market.priceAt),
    value: price === null ? null : amount(quantity.toNumber() * price),
    unrealizedPnl: price === null ? null : amount(quantity.toNumber() * price - cost.toNumber()),
    ...lockAndHours(portfolio, asset),
  }
}

function lockAndHours(portfolio: Portfolio, name: string) {
  const lock = portfolio.books.get(name)?.lock ?? null
  return {
    locked: lock === null ? null : { reason: lock.reason, since: isoInstant(lock.since) },
    hours: marketHours(portfolio, name),
  }
}

function showRollover(portfolio: Portfolio, name: string) {
  const instrument = instrumentOf(portfolio, name)
  const next =
    instrument === undefined ? null : nextRoll(portfolio, instrument, dateAt(instrument, portfolio.now))
  if (next === null) return null
  const { from, to, leaveOn, units } = next
  return { from, to, leaveOn, positionIds: units.map(({ id }) => id) }
}

function showRolled(run: RollRun | null) {
  if (run === null) return null
  const { date, from, to, outcome } = run
  return { date, from, to, outcome }
}

function showRun(run: PreCloseRun | null) {
  if (run === null) return null
  const { closesAt, phase, outcome, detail } = run
  return { closesAt: isoInstant(closesAt), phase, outcome, detail }
}

function heldLots(book: Book | undefined): Decimal {
  return (book?.units ?? []).reduce((sum, unit) => sum.plus(unit.lots), ZERO)
}

/** What is computed from market prices is a double; its fourth digit after the point is the last that means anything. */
function amount(value: number): string {
  return decimal(value.toFixed(4)).toString()
}

function percentOf(value: number, equity: number): number {
  return equity > 0 ? (value / equity) * 100 : 0
}
