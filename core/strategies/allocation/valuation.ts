import { type Decimal, decimal, ZERO } from '../../decimal.js'
import type { AllocationHalt } from './halt.js'
import { percentOf } from './percent.js'
import { isPrice } from './pricing.js'
import type { Holding } from './symbols.js'
import type { TargetWeight } from './target-weights.js'

/**
 * What cash is to the strategy: `target`, a member with a weight of its own; `included`, counted in the equity and spent on
 * the members; `excluded`, not the strategy's.
 */
export type CashPolicy = 'target' | 'included' | 'excluded'

/** What becomes of a holding that has no weight: sold to nothing, or left alone and not counted. */
export type RestPolicy = 'sell' | 'keep'

/** What an account holds, and what it is to hold. */
export interface AllocationBooks {
  /** The currency of the equity; cash has a weight under this name. */
  readonly currency: string
  /** Settled cash; below 0 for a margin debt. */
  readonly cash: Decimal
  readonly holdings: readonly Holding[]
  /** They sum to 100. */
  readonly weights: readonly TargetWeight[]
  /** Market prices in the currency. */
  readonly prices: ReadonlyMap<string, number>
  readonly cashPolicy: CashPolicy
  readonly restPolicy: RestPolicy
}

/** An asset of the strategy, with what it is worth and what it is to be worth. */
export interface Member {
  readonly symbol: string
  readonly quantity: Decimal
  readonly sellable: Decimal
  readonly price: Decimal
  readonly value: Decimal
  /** Shares of the equity, in percent. */
  readonly currentPct: number
  readonly targetPct: number
  readonly target: Decimal
  /** Target − value: above 0 to buy. */
  readonly difference: Decimal
}

/** The worth of what the strategy manages. */
export interface Valuation {
  readonly equity: Decimal
  /** Cash that the strategy may spend: 0 when cash is excluded. */
  readonly cash: Decimal
  /** What cash is to be; 0 unless cash is a target. */
  readonly cashTarget: Decimal
  /** Targets in order of the weights, then other holdings that are to be sold. */
  readonly members: readonly Member[]
}

/**
 * Returns the equity and every member's difference from its target, exactly, or which members have no price. An asset that
 * is not held is priced from the market like any other.
 */
export function valuePortfolio(books: AllocationBooks): Valuation | AllocationHalt {
  const { currency, cashPolicy, prices } = books
  const spendable = cashPolicy === 'excluded' ? ZERO : books.cash
  const drafts = draftMembers(books)
  const unpriced = drafts.filter(({ symbol }) => !isPrice(prices.get(symbol))).map(({ symbol }) => symbol)
  if (unpriced.length > 0) return { halt: 'price', problem: 'missing', symbols: unpriced }
  let equity = spendable
  // Objects are written out: spreading a thousand of them costs as much as the arithmetic.
  const priced = drafts.map(({ symbol, quantity, sellable, targetPct }) => {
    const price = decimal(prices.get(symbol)!)
    const value = quantity.times(price)
    equity = equity.plus(value)
    return { symbol, quantity, sellable, targetPct, price, value }
  })
  if (!equity.isPositive()) return { halt: 'emptyPortfolio' }
  const whole = equity.toNumber()
  const members = priced.map(({ symbol, quantity, sellable, targetPct, price, value }): Member => {
    const target = percentOf(equity, targetPct)
    const currentPct = (value.toNumber() / whole) * 100
    const difference = target.minus(value)
    return { symbol, quantity, sellable, price, value, currentPct, targetPct, target, difference }
  })
  const cashPct =
    cashPolicy === 'target' ? (books.weights.find(({ symbol }) => symbol === currency)?.pct ?? 0) : 0
  return { equity, cash: spendable, cashTarget: percentOf(equity, cashPct), members }
}

type Draft = Pick<Member, 'symbol' | 'quantity' | 'sellable' | 'targetPct'>

function draftMembers({ currency, weights, holdings, restPolicy }: AllocationBooks): readonly Draft[] {
  const held = new Map(holdings.map((holding) => [holding.symbol, holding]))
  const drafts: Draft[] = []
  for (const { symbol, pct } of weights) {
    if (symbol === currency) continue
    const { quantity, sellable } = held.get(symbol) ?? { quantity: ZERO, sellable: ZERO }
    drafts.push({ symbol, quantity, sellable, targetPct: pct })
    held.delete(symbol)
  }
  if (restPolicy === 'keep') return drafts
  for (const { symbol, quantity, sellable } of held.values()) {
    if (symbol !== currency && !quantity.isZero()) drafts.push({ symbol, quantity, sellable, targetPct: 0 })
  }
  return drafts
}
