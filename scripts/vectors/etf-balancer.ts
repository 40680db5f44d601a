import { decimal } from '../../core/decimal.js'
import { decimalToQuotation, type Quotation, quotationToDecimal } from '../../core/instrument/quotation.js'
import { parseAmount } from '../../core/strategies/allocation/amount-text.js'
import { type ClosedVenueMode, runExtent } from '../../core/strategies/allocation/closed-venue.js'
import { checkMetrics } from '../../core/strategies/allocation/fund-metrics.js'
import { isHalt } from '../../core/strategies/allocation/halt.js'
import {
  availableMargin,
  checkMarginLimit,
  isMarginDue,
  type MarginStrategy,
  marginRisk,
  marginTargets,
  shouldRemoveMargin,
  transferCost,
} from '../../core/strategies/allocation/margin.js'
import { describePositions } from '../../core/strategies/allocation/position-metrics.js'
import { FUND_SYMBOLS, readSymbol } from '../../core/strategies/allocation/symbols.js'
import { mergeWeights, normalizeWeights } from '../../core/strategies/allocation/target-weights.js'
import { targetWeights, WEIGHT_MODES, type WeightMode } from '../../core/strategies/allocation/weights.js'
import { MINUTE } from '../../core/time.js'
import { etfOrders, FUND_CASH } from './etf-orders.js'
import { entriesOf, exact, type Fields, haltFields } from './fields.js'
import type { VectorCase } from './trend.js'

/** Metrics of the reference's funds, market cap and AUM, for cases that bring none. */
const REFERENCE_METRICS: Readonly<Record<string, readonly [number, number]>> = {
  TRUR: [50e9, 15e9],
  TMOS: [30e9, 12e9],
  TGLD: [20e9, 8e9],
  TPAY: [25e9, 10e9],
}

/** Returns the answer to a case of the ETF balancer, computed by the core; null for a capability that we do not know. */
export function etfBalancerVector({ capability, input: given }: VectorCase): unknown {
  const input = given as Fields
  switch (capability) {
    case 'weights':
      return weights(input)
    case 'normalize_desire':
      return normalizedWeights(input)
    case 'normalize_ticker':
      return Object.fromEntries((given as string[]).map((name) => [name, fundSymbol(name)]))
    case 'quotation_to_number':
      return quotationToDecimal(input as Partial<Quotation>).toNumber()
    case 'number_to_quotation':
      return { ...decimalToQuotation(exact(given)) }
    case 'parse_money':
      return parseAmount(String(given))
    case 'order_diff':
      return etfOrders(input, null)
    case 'margin_order_diff':
      return etfOrders(input, {
        enabled: true,
        multiplier: Number(input.multiplier),
        maxMarginSize: exact(input.max_margin_size),
      })
    case 'exchange_closure':
      return closure(input)
    default:
      return marginVector(capability, input)
  }
}

function fundSymbol(name: string): string {
  return readSymbol(name, FUND_SYMBOLS).symbol
}

function weights(input: Fields): Fields {
  const mode = input.mode as WeightMode
  if (!WEIGHT_MODES.includes(mode)) return { error: 'ConfigError', reason: 'unknown_mode' }
  const spelled = entriesOf(input.baseDesired).map(([name, pct]) => ({ name, pct: Number(pct) }))
  const configured = mergeWeights(spelled.map(({ name, pct }) => ({ symbol: fundSymbol(name), pct })))
  const metrics = metricsOf(input.metrics ?? REFERENCE_METRICS)
  const result = targetWeights({ mode, configured, cash: FUND_CASH, metrics })
  if (isHalt(result)) return haltFields(result)
  const wallet = Object.fromEntries(
    result.map(({ symbol, pct }) => {
      const names = spelled.filter(({ name }) => fundSymbol(name) === symbol)
      // Two names of one fund are answered under the fund's own.
      return [names.length === 1 ? names[0]!.name : symbol, pct]
    }),
  )
  // The reference reports metrics only where the mode looked at them.
  const isManual = mode === 'manual' || mode === 'default'
  const members = configured.map(({ symbol }) => symbol).filter((symbol) => symbol !== FUND_CASH)
  return { wallet, metrics: isManual ? [] : reported(members, metrics), modeApplied: mode }
}

type Metrics = ReturnType<typeof checkMetrics>

function metricsOf(given: unknown): Metrics {
  const funds = entriesOf(given).map(([name, value]) => {
    const [marketCap, aum] = Array.isArray(value)
      ? (value as (number | null)[])
      : [(value as Fields | null)?.marketCap, (value as Fields | null)?.aum]
    const metric = { marketCap: (marketCap ?? null) as number | null, aum: (aum ?? null) as number | null }
    return { symbol: fundSymbol(name), ...metric, observedAt: 0 }
  })
  return checkMetrics(funds, { now: 0, maxAgeMs: 0, maxDisagreementPct: 0 })
}

function reported(symbols: readonly string[], metrics: Metrics): Fields[] {
  return describePositions(symbols, metrics).map(({ symbol, aum, marketCap, decorrelation }) => ({
    ticker: symbol,
    ...(marketCap === null ? {} : { marketCap }),
    ...(aum === null ? {} : { aum }),
    ...(decorrelation === null
      ? {}
      : { decorrelation: { value: decorrelation.value, interpretation: decorrelation.interpretation } }),
  }))
}

function normalizedWeights(input: Fields): Fields {
  const result = normalizeWeights(entriesOf(input).map(([symbol, pct]) => ({ symbol, pct: Number(pct) })))
  if (isHalt(result)) return haltFields(result)
  return Object.fromEntries(result.map(({ symbol, pct }) => [symbol, pct]))
}

function closure(input: Fields): Fields {
  const { plans, sendsOrders, updatesResult } = runExtent(
    input.exchangeOpen === true,
    input.mode as ClosedVenueMode,
    input.update_iteration_result === true,
  )
  return { run: plans, orders: sendsOrders, update_result: updatesResult }
}

function marginVector(capability: string, input: Fields): unknown {
  const amounts = (values: unknown) => ((values ?? []) as number[]).map(exact)
  switch (capability) {
    case 'available_margin': {
      const value = amounts(input.positions).reduce((sum, position) => sum.plus(position), decimal(0))
      return availableMargin(value, Number(input.multiplier)).toNumber()
    }
    case 'margin_limit': {
      const most = exact(input.maxMarginSize)
      const { isWithin, used, exceeded } = checkMarginLimit(amounts(input.marginValues), most)
      return {
        isValid: isWithin,
        totalMarginUsed: used.toNumber(),
        maxMarginAllowed: most.toNumber(),
        exceededAmount: exceeded.toNumber(),
      }
    }
    case 'margin_risk': {
      const { level, remaining } = marginRisk(exact(input.usedMargin), exact(input.availableMargin))
      return {
        riskLevel: level,
        isValid: !remaining.isNegative(),
        remainingMargin: remaining.toNumber(),
      }
    }
    case 'margin_transfer_cost': {
      const { total, free, paid } = transferCost(amounts(input.positions), exact(input.freeThreshold))
      return { totalCost: total.toNumber(), freeTransfers: free, paidTransfers: paid }
    }
    case 'margin_time_gate':
      return isMarginDue(
        (minuteOfDay(input.close ?? '18:45') - minuteOfDay(input.now)) * MINUTE,
        Number(input.balanceIntervalMs),
      )
    case 'margin_strategy':
      return {
        shouldRemoveMargin: shouldRemoveMargin(
          input.strategy as MarginStrategy,
          exact(input.sumPositionValue),
          exact(input.max),
        ),
      }
    case 'margin_size':
      return marginSizes(input)
    default:
      return null
  }
}

function minuteOfDay(clock: unknown): number {
  const match = /^(\d{1,2}):(\d{2})/.exec(String(clock))
  if (match === null) throw new Error(`${String(clock)} is no time of day`)
  return Number(match[1]) * 60 + Number(match[2])
}

function marginSizes(input: Fields): Fields {
  const most = input.maxMarginSize ?? input.max_margin_size
  const targets = marginTargets(
    exact(input.portfolio),
    entriesOf(input.desired).map(([symbol, pct]) => ({ symbol, pct: Number(pct) })),
    {
      enabled: input.enabled === true,
      multiplier: Number(input.multiplier ?? 1),
      maxMarginSize: most === undefined ? null : exact(most),
    },
  )
  return Object.fromEntries(
    targets.map(({ symbol, base, margin, total }) => [
      symbol,
      { baseSize: base.toNumber(), marginSize: margin.toNumber(), totalSize: total.toNumber() },
    ]),
  )
}
