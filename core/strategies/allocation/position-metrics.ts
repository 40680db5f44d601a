import { decorrelationPct, type Interpretation, interpretDecorrelation } from './decorrelation.js'
import type { CheckedMetrics } from './fund-metrics.js'
import { proportional } from './proportional.js'

/** A metric of one position and its share among all positions that have it, in percent. */
export interface MetricShare {
  readonly value: number
  readonly percentage: number
}

/** What a run reports of a position's fund; null where the metric is not known. */
export interface PositionMetrics {
  readonly symbol: string
  readonly aum: MetricShare | null
  readonly marketCap: MetricShare | null
  readonly decorrelation: {
    /** The premium of market cap over AUM, in percent. */
    readonly value: number
    /** The weight that `decorrelation` mode would give, in percent; null when all premiums are equal. */
    readonly percentage: number | null
    readonly interpretation: Interpretation
  } | null
}

/** Returns AUM, market cap and decorrelation of each symbol with percentages and interpretation, whatever the mode (seed 000). */
export function describePositions(
  symbols: readonly string[],
  metrics: ReadonlyMap<string, CheckedMetrics>,
): readonly PositionMetrics[] {
  const known = symbols.map((symbol) => metrics.get(symbol))
  const aums = shares(known.map((metric) => metric?.aum ?? null))
  const caps = shares(known.map((metric) => metric?.marketCap ?? null))
  const premiums = known.map((metric) =>
    metric === undefined || metric.aum === null || metric.marketCap === null
      ? null
      : decorrelationPct(metric.marketCap, metric.aum),
  )
  const present = premiums.filter((premium) => premium !== null)
  const most = Math.max(...present)
  const discounts = shares(premiums.map((premium) => (premium === null ? null : most - premium)))
  return symbols.map((symbol, index) => {
    const premium = premiums[index] ?? null
    return {
      symbol,
      aum: aums[index] ?? null,
      marketCap: caps[index] ?? null,
      decorrelation:
        premium === null
          ? null
          : {
              value: premium,
              percentage: discounts[index]?.percentage ?? null,
              interpretation: interpretDecorrelation(premium),
            },
    }
  })
}

function shares(values: readonly (number | null)[]): (MetricShare | null)[] {
  const percentages = proportional(
    values.map((value) => value ?? 0),
    100,
  )
  return values.map((value, index) =>
    value === null || percentages === null ? null : { value, percentage: percentages[index]! },
  )
}
