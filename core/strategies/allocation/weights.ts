import { unreachable } from '../../invariant.js'
import { decorrelationPct } from './decorrelation.js'
import type { CheckedMetrics } from './fund-metrics.js'
import type { AllocationHalt, MissingData } from './halt.js'
import { proportional } from './proportional.js'
import { checkWeights, normalizeWeights, type TargetWeight } from './target-weights.js'

/** Where target weights come from; `default` is another name of `manual`. */
export type WeightMode = (typeof WEIGHT_MODES)[number]

/** Every mode, for schemas. */
export const WEIGHT_MODES = [
  'manual',
  'default',
  'marketcap',
  'aum',
  'marketcap_aum',
  'decorrelation',
] as const

/** What target weights are computed from. */
export interface WeightSource {
  readonly mode: WeightMode
  /** The configured weights: the targets of `manual`, the members of every other mode; symbols as the core knows them. */
  readonly configured: readonly TargetWeight[]
  /** The name of cash among the configured weights: it has no metrics and keeps its configured weight. */
  readonly cash: string
  readonly metrics: ReadonlyMap<string, CheckedMetrics>
}

/** Returns the target weights, which sum to 100, or why there are none (seed 000). Never falls back to another mode. */
export function targetWeights({
  mode,
  configured,
  cash,
  metrics,
}: WeightSource): readonly TargetWeight[] | AllocationHalt {
  const isAllCash = configured.every(({ symbol }) => symbol === cash)
  if (mode === 'manual' || mode === 'default' || isAllCash) {
    return checkWeights(configured, { leastPct: 0 }) ?? normalizeWeights(configured)
  }
  const cashWeight = configured.find(({ symbol }) => symbol === cash)
  const cashPct = cashWeight?.pct ?? 0
  if (!(cashPct >= 0 && cashPct <= 100)) return { halt: 'weights', problem: 'outOfRange', symbols: [cash] }
  const symbols = configured.filter(({ symbol }) => symbol !== cash).map(({ symbol }) => symbol)
  const values = metricValues(mode, symbols, metrics)
  if ('halt' in values) return values
  const shares = proportional(values, 100 - cashPct)
  if (shares === null) return halted(mode, 'valid positive metrics', symbols)
  const bySymbol = new Map(symbols.map((symbol, index) => [symbol, shares[index]!]))
  return configured.map(({ symbol }) => ({ symbol, pct: bySymbol.get(symbol) ?? cashPct }))
}

type MetricMode = Exclude<WeightMode, 'manual' | 'default'>

/** Returns the number that each symbol's weight is proportional to. */
function metricValues(
  mode: MetricMode,
  symbols: readonly string[],
  metrics: ReadonlyMap<string, CheckedMetrics>,
): readonly number[] | AllocationHalt {
  const known = symbols.map((symbol) => metrics.get(symbol))
  const named = (isAffected: (metric: CheckedMetrics | undefined) => boolean) =>
    symbols.filter((_, index) => isAffected(known[index]))
  const stale = named((metric) => metric?.isStale === true)
  if (stale.length > 0) return halted(mode, 'fresh market cap or AUM', stale)
  const inconsistent = named((metric) => metric?.isInconsistent === true)
  if (inconsistent.length > 0) return halted(mode, 'consistent market cap or AUM', inconsistent)
  const { value, missing } = metricOf(mode)
  const lacking = named((metric) => metric === undefined || value(metric) === null)
  if (lacking.length > 0) return halted(mode, missing, lacking)
  const values = known.map((metric) => value(metric!)!)
  if (mode !== 'decorrelation') return values
  const most = values.reduce((largest, premium) => Math.max(largest, premium), Number.NEGATIVE_INFINITY)
  // The most overvalued fund gets nothing, and the cheaper one is against it, the more it gets.
  return values.map((premium) => most - premium)
}

interface ModeMetric {
  readonly value: (metric: CheckedMetrics) => number | null
  readonly missing: MissingData
}

function metricOf(mode: MetricMode): ModeMetric {
  switch (mode) {
    case 'marketcap':
      return { value: ({ marketCap }) => marketCap, missing: 'market cap' }
    case 'aum':
      return { value: ({ aum }) => aum, missing: 'AUM' }
    case 'marketcap_aum':
      return { value: ({ marketCap, aum }) => marketCap ?? aum, missing: 'market cap or AUM' }
    case 'decorrelation':
      return { value: premiumOf, missing: 'both market cap and AUM' }
    default:
      return unreachable(mode)
  }
}

function premiumOf({ marketCap, aum }: CheckedMetrics): number | null {
  return marketCap === null || aum === null ? null : decorrelationPct(marketCap, aum)
}

function halted(mode: WeightMode, missing: MissingData, symbols: readonly string[]): AllocationHalt {
  return { halt: 'weightData', mode, missing, symbols }
}
