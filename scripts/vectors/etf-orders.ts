import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { isHalt } from '../../core/strategies/allocation/halt.js'
import {
  checkMarginLimit,
  type MarginTarget,
  marginPart,
  marginTargets,
} from '../../core/strategies/allocation/margin.js'
import { lotTarget, type TradeRules } from '../../core/strategies/allocation/order-size.js'
import { expectedShares } from '../../core/strategies/allocation/outcome.js'
import { lotsWanted, type PlannedOrder, planOrders } from '../../core/strategies/allocation/plan.js'
import { FUND_SYMBOLS, readSymbol } from '../../core/strategies/allocation/symbols.js'
import { mergeWeights, normalizeWeights } from '../../core/strategies/allocation/target-weights.js'
import { type Member, type Valuation, valuePortfolio } from '../../core/strategies/allocation/valuation.js'
import { entriesOf, exact, type Fields, haltFields } from './fields.js'

/** The currency of the reference's accounts. */
export const FUND_CASH = 'RUB'

interface WalletRow {
  readonly base: string
  readonly amount: number
  readonly lot: number
  readonly price: number
}

interface ReferenceInstrument {
  readonly lot: number
  readonly price: number
}

type MarginCase = Parameters<typeof marginTargets>[2] & { readonly maxMarginSize: Decimal }

const STYLE = { kind: 'market', minimumOneLot: true } as const
const ONE = decimal(1)

/** Returns the orders that bring a wallet of funds to its targets, as the reference reports them row by row. */
export function etfOrders(input: Fields, margin: MarginCase | null): Fields {
  const wallet = input.wallet as WalletRow[]
  const markets = marketsOf(wallet, input.instruments)
  const weights = normalizeWeights(
    mergeWeights(
      entriesOf(input.desired).map(([name, pct]) => ({ symbol: symbolOf(name), pct: Number(pct) })),
    ),
  )
  if (isHalt(weights)) return haltFields(weights)
  const unknown = weights.map(({ symbol }) => symbol).filter((symbol) => !markets.has(symbol))
  if (unknown.length > 0) return haltFields({ halt: 'unknownSymbol', symbols: unknown })
  const cashWeight = weights.find(({ symbol }) => symbol === FUND_CASH)
  const valued = valuePortfolio({
    currency: FUND_CASH,
    cash: sumOf(wallet.filter(isCash), ({ amount, price }) => exact(amount).times(exact(price))),
    holdings: holdingsOf(wallet),
    weights,
    prices: new Map([...markets].map(([symbol, { price }]) => [symbol, price])),
    cashPolicy: cashWeight === undefined ? 'included' : 'target',
    restPolicy: 'sell',
  })
  if (isHalt(valued)) return haltFields(valued)
  const targets = margin === null ? null : marginTargets(valued.equity, weights, margin)
  const valuation = targets === null ? valued : withTargets(valued, targets)
  const rules = new Map([...markets].map(([symbol, { lot }]) => [symbol, rulesOf(lot)]))
  const plan = planOrders(valuation, { style: STYLE, band: null, rules, maxOrders: null })
  if (isHalt(plan)) return haltFields(plan)
  const rows = rowsOf(wallet, valuation, markets)
  return {
    finalPercents: finalPercents(valuation, plan.orders, cashWeight?.pct ?? 0),
    totalPortfolioValue: valuation.equity.toNumber(),
    orders: rows,
    ...(margin === null ? {} : marginFields(valued, targets!, margin, rows)),
  }
}

function symbolOf(name: string): string {
  return readSymbol(name, FUND_SYMBOLS).symbol
}

function isCash({ base }: WalletRow): boolean {
  return base === FUND_CASH
}

function sumOf<T>(items: readonly T[], worthOf: (item: T) => Decimal): Decimal {
  return items.reduce((sum, item) => sum.plus(worthOf(item)), ZERO)
}

function marketsOf(wallet: readonly WalletRow[], instruments: unknown): Map<string, ReferenceInstrument> {
  const listed = entriesOf(instruments).map(([name, value]) => [name, value as ReferenceInstrument] as const)
  const held = wallet.map((row) => [row.base, row] as const)
  const cash = [FUND_CASH, { lot: 1, price: 1 }] as const
  return new Map([...listed, ...held, cash].map(([name, market]) => [symbolOf(name), market]))
}

function holdingsOf(wallet: readonly WalletRow[]) {
  const rows = wallet.filter((row) => !isCash(row))
  return rows.map(({ base, amount }) => {
    const quantity = exact(amount)
    return { symbol: symbolOf(base), quantity, sellable: quantity }
  })
}

function rulesOf(lot: number): TradeRules {
  return { tick: ONE, lot: exact(lot), minimumQuantity: ZERO, minimumNotional: ZERO }
}

function withTargets(valuation: Valuation, targets: readonly MarginTarget[]): Valuation {
  const totals = new Map(targets.map(({ symbol, total }) => [symbol, total]))
  const members = valuation.members.map((member) => {
    const target = totals.get(member.symbol) ?? ZERO
    return { ...member, target, difference: target.minus(member.value) }
  })
  return { ...valuation, members }
}

function rowsOf(
  wallet: readonly WalletRow[],
  valuation: Valuation,
  markets: ReadonlyMap<string, ReferenceInstrument>,
): Fields[] {
  const members = new Map(valuation.members.map((member) => [member.symbol, member]))
  const held = new Set(wallet.map(({ base }) => symbolOf(base)))
  const rows = wallet.map((row) => {
    if (isCash(row)) return { base: row.base, ...cashRow(exact(row.amount), valuation.cashTarget) }
    const member = members.get(symbolOf(row.base))
    const untouched = { desiredAmountNumber: 0, toBuyLots: 0, toBuyNumber: 0 }
    return { base: row.base, ...(member === undefined ? untouched : memberRow(member, row.lot, valuation)) }
  })
  const added = valuation.members.filter(({ symbol }) => !held.has(symbol))
  return [
    ...rows,
    ...added.map((member) => ({
      base: member.symbol,
      ...memberRow(member, markets.get(member.symbol)!.lot, valuation),
    })),
  ]
}

function cashRow(amount: Decimal, target: Decimal): Fields {
  const { lots, value } = lotTarget(target, ONE, ONE)
  const missing = lots.minus(amount).toNumber()
  return rowFields(amount, { target, lots, before: value, toBuyLots: missing, toBuyNumber: missing })
}

function memberRow(member: Member, lot: number, { equity }: Valuation): Fields {
  const size = exact(lot)
  const { target, price, value, quantity } = member
  const { lots, value: before } = lotTarget(target, price, size)
  const wanted = lotsWanted(member, size, STYLE, equity)
  const missing = wanted.quantity.minus(quantity).toNumber()
  const toBuyNumber = wanted.value.minus(value).toNumber()
  return rowFields(value, { target, lots, before, toBuyLots: missing / lot, toBuyNumber })
}

interface RowNumbers {
  readonly target: Decimal
  readonly lots: Decimal
  readonly before: Decimal
  readonly toBuyLots: number
  readonly toBuyNumber: number
}

function rowFields(value: Decimal, { target, lots, before, toBuyLots, toBuyNumber }: RowNumbers): Fields {
  return {
    ...(value.isZero() ? {} : { totalPriceNumber: value.toNumber() }),
    desiredAmountNumber: target.toNumber(),
    canBuyBeforeTargetLots: lots.toNumber(),
    beforeDiffNumber: target.minus(before).abs().toNumber(),
    toBuyLots,
    toBuyNumber,
  }
}

function finalPercents(valuation: Valuation, orders: readonly PlannedOrder[], cashPct: number): Fields {
  const spent = sumOf(orders, ({ side, value }) => (side === 'buy' ? value : value.negated()))
  const cash = cashPct > 0 ? { symbol: FUND_CASH, value: valuation.cash.minus(spent) } : null
  return Object.fromEntries(
    expectedShares(valuation.members, orders, cash).map(({ symbol, pct }) => [symbol, pct]),
  )
}

/** The reference's report of margin in use, and what the targets come to under the enforced maximum. */
function marginFields(
  valuation: Valuation,
  targets: readonly MarginTarget[],
  { multiplier, maxMarginSize }: MarginCase,
  rows: readonly Fields[],
): Fields {
  const parts = valuation.members.map(({ value }) => marginPart(value, multiplier))
  const { used, isWithin } = checkMarginLimit(parts, maxMarginSize)
  const lotsOf = new Map(rows.map(({ base, toBuyLots }) => [symbolOf(String(base)), toBuyLots]))
  const members = targets.filter(({ symbol }) => symbol !== FUND_CASH)
  return {
    margin: { totalMarginUsed: used.toNumber(), withinLimits: isWithin },
    totalMargin: sumOf(members, ({ margin }) => margin).toNumber(),
    ...Object.fromEntries(
      members.map(({ symbol, total }) => [
        symbol,
        { targetValue: total.toNumber(), lots_delta: lotsOf.get(symbol) },
      ]),
    ),
  }
}
