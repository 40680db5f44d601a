import type { Quote } from '../input.js'
import { factsAt } from '../instrument/instrument.js'
import { remainingLots } from '../order/order.js'
import { plannedEntry } from './book.js'
import { legRisk } from './leg-risk.js'
import { instrumentOf, type Portfolio, type UnitPlan } from './portfolio.js'
import { unitRisk, unitVolatility } from './unit.js'

/** What a portfolio has at stake, in quote currency; entries that are planned, at work or unknown count in full. */
export interface Exposure {
  /** Portfolio heat: what is lost if every stop is hit. */
  readonly risk: number
  /** One ATR against every unit. */
  readonly volatility: number
  readonly marginUsed: number
  readonly marginReserved: number
}

/** Returns the exposure of all units, planned entries and entry orders, with the margins in force now and the ATRs last seen. */
export function exposureOf(portfolio: Portfolio): Exposure {
  let risk = 0
  let volatility = 0
  let marginUsed = 0
  let marginReserved = 0
  for (const book of portfolio.books.values()) {
    if (book.units.length > 0) {
      const instrument = instrumentOf(portfolio, book.instrument)
      const marginPerLot = instrument === undefined ? 0 : factsAt(instrument, portfolio.now).marginPerLot
      for (const unit of book.units) {
        risk += unitRisk(unit)
        volatility += unitVolatility(unit, book.market.atr ?? unit.entryAtr)
        marginUsed += unit.heldLots * marginPerLot
      }
    }
    risk += legRisk(portfolio, book)
    const planned = plannedEntry(book)
    if (planned !== null) {
      risk += planned.lots * planned.stopDistance * planned.pointValue
      volatility += planned.lots * planned.atr * planned.pointValue
      marginReserved += planned.lots * planned.marginPerLot
    }
    if (book.entryOrderId === null) continue
    const plan = portfolio.unitPlans.get(book.entryOrderId)!
    const lots = remainingLots(portfolio.orders.get(book.entryOrderId)!).toNumber()
    risk += lots * riskOfPlan(plan) * plan.pointValue
    volatility += lots * plan.atr * plan.pointValue
    marginReserved += lots * plan.marginPerLot
  }
  return { risk, volatility, marginUsed, marginReserved }
}

/** What follows a unit in another contract risks what that one did: from the strategy's entry to the stop. */
function riskOfPlan({ stopDistance, roll }: UnitPlan): number {
  return roll === undefined ? stopDistance : Math.max(0, stopDistance - roll.rolledBy)
}

/**
 * Returns the margin that new orders may use: the capped share of margin equity (closed plus all unrealized profit),
 * less what is used and reserved; never below 0.
 */
export function availableMargin(openEquity: number, maxMarginPct: number, exposure: Exposure): number {
  return Math.max(0, (openEquity * maxMarginPct) / 100 - exposure.marginUsed - exposure.marginReserved)
}

/** How the margin of an account bounds what a portfolio may use; freeMargin is left out where the broker does not tell. */
export interface BoundMargin {
  readonly availableMargin: number
  readonly freeMargin?: number
}

/** Returns the margin that new orders may use: `available`, and at most what the broker says is free. */
export function boundByAccount(available: number, quote: Quote | null): BoundMargin {
  const freeMargin = quote?.freeMargin
  if (freeMargin === undefined) return { availableMargin: available }
  return { availableMargin: Math.min(available, freeMargin), freeMargin }
}
