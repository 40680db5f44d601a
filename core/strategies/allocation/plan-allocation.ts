import { type Decimal, decimal, ZERO } from '../../decimal.js'
import { settledCash } from '../../portfolio/holding.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { HOUR } from '../../time.js'
import type { RunOverrides } from './allocation-report.js'
import { measureOf, styleOf, tradeRules } from './allocation-rules.js'
import type { AllocationSettings } from './allocation-settings.js'
import { borrowOn } from './borrowing.js'
import { checkMetrics } from './fund-metrics.js'
import { type FundedOrders, fundBuys } from './funding.js'
import { closedReason, holdingsOf, pricesOf, promisedCash } from './gather-books.js'
import { type AllocationHalt, isHalt } from './halt.js'
import { marginNow } from './margin-close.js'
import type { TradeRules } from './order-size.js'
import { type HeldMember, type PlannedOrder, planOrders } from './plan.js'
import { describePositions, type PositionMetrics } from './position-metrics.js'
import { checkWeights, type TargetWeight } from './target-weights.js'
import { type Member, type Valuation, valuePortfolio } from './valuation.js'
import { targetWeights, type WeightMode } from './weights.js'

/** A plan that can be carried out as it is. */
export interface PlannedRun {
  readonly mode: WeightMode
  readonly weights: readonly TargetWeight[]
  readonly valuation: Valuation
  /** Sells first, buys made as small as the money asks for. */
  readonly orders: readonly PlannedOrder[]
  readonly holds: readonly HeldMember[]
  readonly funded: FundedOrders
  readonly metrics: readonly PositionMetrics[]
  readonly rules: ReadonlyMap<string, TradeRules>
  /** What buys may spend besides what the sells bring. */
  readonly spendable: Decimal
}

/** Returns the strategy's settings, or null for a portfolio that does not run it. */
export function allocationOf(portfolio: Portfolio): AllocationSettings | null {
  return portfolio.settings?.allocation ?? null
}

/**
 * Returns what a run would order now, or why it may order nothing. One function for the preview, the check and the run:
 * it reads the state alone.
 */
export function planAllocation(
  portfolio: Portfolio,
  settings: AllocationSettings,
  overrides: RunOverrides,
): PlannedRun | AllocationHalt {
  const { currency } = settingsOf(portfolio)
  const mode = overrides.targetWeights === null ? settings.weights.mode : 'manual'
  const weights = weightsOf(portfolio, settings, overrides)
  if (isHalt(weights)) return weights
  const holdings = holdingsOf(portfolio)
  const symbols = symbolsToPrice({ weights, holdings, currency, rest: settings.rest })
  const prices = pricesOf(portfolio, symbols, settings.prices)
  if (isHalt(prices)) return prices
  const { feePct, mode: fundingMode } = settings.funding
  const valued = valuePortfolio({
    ...{ currency, cash: settledCash(portfolio), holdings, weights, prices },
    ...{ cashPolicy: settings.cash, restPolicy: settings.rest },
  })
  if (isHalt(valued)) return valued
  const { valuation, borrowed } = borrowOn(valued, weights, marginNow(portfolio, settings, valued))
  const rules = tradeRules(settingsOf(portfolio), portfolio.now)
  const { open, closed } = tradeable(portfolio, valuation.members)
  const plan = planOrders(
    { ...valuation, members: open },
    {
      style: styleOf(settings.style),
      band: bandOf(settings, overrides),
      rules,
      maxOrders: overrides.maxOrders ?? settings.maxOrders,
    },
  )
  if (isHalt(plan)) return plan
  const promised = settings.cash === 'excluded' ? ZERO : promisedCash(portfolio, feePct)
  const spendable = valuation.cash.plus(borrowed).minus(promised)
  const funded = fundBuys(plan.orders, { cash: spendable, feePct, mode: fundingMode, rules })
  const metrics = describePositions(
    valuation.members.map(({ symbol }) => symbol),
    metricsOf(portfolio, settings),
  )
  const holds = [...plan.holds, ...closed]
  return { mode, weights, valuation, orders: funded.orders, holds, funded, metrics, rules, spendable }
}

function weightsOf(
  portfolio: Portfolio,
  settings: AllocationSettings,
  { targetWeights: given }: RunOverrides,
): readonly TargetWeight[] | AllocationHalt {
  const { currency, assets = [] } = settingsOf(portfolio)
  const configured = given ?? settings.weights.targets
  const names = assets.map(({ name }) => name)
  const isTarget = settings.cash === 'target'
  const universe = new Set(isTarget ? [...names, currency] : names)
  const mode = given === null ? settings.weights.mode : 'manual'
  // Weights of a mode that computes its own only name the members.
  const refused =
    mode === 'manual' || mode === 'default'
      ? checkWeights(configured, { leastPct: 0, universe, ...(isTarget ? { cash: currency } : {}) })
      : checkNames(configured, universe)
  if (refused !== null) return refused
  return targetWeights({ mode, configured, cash: currency, metrics: metricsOf(portfolio, settings) })
}

function checkNames(
  configured: readonly TargetWeight[],
  universe: ReadonlySet<string>,
): AllocationHalt | null {
  if (configured.length === 0) return { halt: 'weights', problem: 'empty', symbols: [] }
  const unknown = configured.filter(({ symbol }) => !universe.has(symbol)).map(({ symbol }) => symbol)
  if (unknown.length > 0) return { halt: 'weights', problem: 'unknownSymbol', symbols: unknown }
  const seen = new Set<string>()
  const twice = configured.filter(({ symbol }) => seen.size === seen.add(symbol).size)
  if (twice.length === 0) return null
  return { halt: 'weights', problem: 'duplicate', symbols: twice.map(({ symbol }) => symbol) }
}

function metricsOf({ allocation, now }: Portfolio, { weights }: AllocationSettings) {
  return checkMetrics(allocation.metrics, {
    now,
    maxAgeMs: weights.metricsMaxAgeHours * HOUR,
    maxDisagreementPct: weights.maxDisagreementPct,
  })
}

interface ToPrice {
  readonly weights: readonly TargetWeight[]
  readonly holdings: readonly { readonly symbol: string }[]
  readonly currency: string
  readonly rest: AllocationSettings['rest']
}

function symbolsToPrice({ weights, holdings, currency, rest }: ToPrice): string[] {
  const symbols = new Set(weights.map(({ symbol }) => symbol).filter((symbol) => symbol !== currency))
  if (rest === 'sell') for (const { symbol } of holdings) symbols.add(symbol)
  return [...symbols]
}

/** Members of which something may be ordered, and those of which nothing may be, whatever they are worth. */
function tradeable(portfolio: Portfolio, members: readonly Member[]) {
  const open: Member[] = []
  const closed: HeldMember[] = []
  for (const member of members) {
    const { symbol, difference } = member
    const reason = closedReason(portfolio, symbol, difference.isPositive() ? 'buy' : 'sell')
    if (reason === null) open.push(member)
    else closed.push({ symbol, difference, reason })
  }
  return { open, closed }
}

function bandOf({ band }: AllocationSettings, { threshold }: RunOverrides) {
  if (threshold !== null) return { kind: 'amount', amount: decimal(threshold) } as const
  return band === null ? null : measureOf(band)
}
