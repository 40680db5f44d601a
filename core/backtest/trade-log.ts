import { type Decimal, decimal } from '../decimal.js'
import type { Portfolio } from '../portfolio/portfolio.js'
import { profitOfSale, type Unit } from '../portfolio/unit.js'
import type { BacktestTrade } from './backtest-trade.js'
import { commission } from './fill.js'

/** Returns the line of the list of trades that a closed unit makes. */
export function closedTrade(unit: Unit, number: number): BacktestTrade {
  return {
    trade: number,
    instrument: unit.instrument,
    unit: unit.number,
    entryTime: unit.openedAt,
    entryPrice: average(unit.boughtValue, unit.boughtLots),
    exitTime: unit.closedAt,
    exitPrice: average(unit.soldValue, unit.soldLots),
    lots: unit.boughtLots,
    grossPnl: unit.realizedPnl,
    fees: unit.fees,
    netPnl: unit.realizedPnl.minus(unit.fees),
    initialRisk: initialRiskOf(unit),
    exitReason: unit.exit?.reason ?? 'PEEL_OFF',
    open: false,
  }
}

/** Returns the line of a unit that is still held, as if it were sold at `mark` (points) with the commission that costs. */
export function openTrade(unit: Unit, number: number, mark: number, commissionPct: number): BacktestTrade {
  const price = decimal(mark)
  const grossPnl = unit.realizedPnl.plus(profitOfSale(unit, unit.lots, price))
  const fees = unit.fees.plus(
    commission({ price, lots: unit.lots, pointValue: unit.pointValue }, commissionPct),
  )
  return {
    trade: number,
    instrument: unit.instrument,
    unit: unit.number,
    entryTime: unit.openedAt,
    entryPrice: average(unit.boughtValue, unit.boughtLots),
    exitTime: null,
    exitPrice: average(unit.soldValue.plus(price.times(unit.lots)), unit.boughtLots),
    lots: unit.boughtLots,
    grossPnl,
    fees,
    netPnl: grossPnl.minus(fees),
    initialRisk: initialRiskOf(unit),
    exitReason: 'OPEN',
    open: true,
  }
}

function initialRiskOf({ stopDistance, boughtLots, pointValue }: Unit): number {
  return stopDistance * boughtLots.toNumber() * pointValue
}

/** In decimals: the quotient of doubles would show digits that no price has. */
function average(value: Decimal, lots: Decimal): number {
  return value.dividedBy(lots, 10, 'halfEven').toNumber()
}

/** Returns all units that are held, by instrument and number. */
export function heldUnits(portfolio: Portfolio): Unit[] {
  return [...portfolio.books.values()].flatMap((book) => book.units)
}
