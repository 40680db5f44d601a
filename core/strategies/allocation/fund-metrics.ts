import type { Instant } from '../../time.js'

/** What one source says about a fund; money in the portfolio's currency, null where the source has none. */
export interface FundMetrics {
  readonly symbol: string
  readonly marketCap: number | null
  readonly aum: number | null
  readonly observedAt: Instant
}

/** What metrics must satisfy to be used. */
export interface MetricRules {
  readonly now: Instant
  readonly maxAgeMs: number
  /** By how much two sources may differ, in percent of the larger value. */
  readonly maxDisagreementPct: number
}

/** The usable metrics of one fund, and what is wrong with the others. */
export interface CheckedMetrics {
  readonly marketCap: number | null
  readonly aum: number | null
  /** Only too old, or from the future. */
  readonly isStale: boolean
  /** Two fresh sources disagree. */
  readonly isInconsistent: boolean
}

/** Returns whether a metric is there: a finite number above 0. */
export function isUsable(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

/**
 * Returns what is known of each symbol from all sources (seed 000: complete, finite, positive, fresh, consistent): the
 * newest usable value of each metric among the fresh ones.
 */
export function checkMetrics(
  metrics: readonly FundMetrics[],
  { now, maxAgeMs, maxDisagreementPct }: MetricRules,
): Map<string, CheckedMetrics> {
  const checked = new Map<string, CheckedMetrics>()
  for (const [symbol, reported] of groupBySymbol(metrics)) {
    const fresh = reported.filter(({ observedAt }) => observedAt <= now && now - observedAt <= maxAgeMs)
    const caps = fresh.map(({ marketCap }) => marketCap).filter(isUsable)
    const aums = fresh.map(({ aum }) => aum).filter(isUsable)
    checked.set(symbol, {
      marketCap: caps[0] ?? null,
      aum: aums[0] ?? null,
      isStale: fresh.length === 0,
      isInconsistent: disagrees(caps, maxDisagreementPct) || disagrees(aums, maxDisagreementPct),
    })
  }
  return checked
}

/** Newest first within a symbol. */
function groupBySymbol(metrics: readonly FundMetrics[]): Map<string, FundMetrics[]> {
  const groups = new Map<string, FundMetrics[]>()
  for (const reported of metrics) {
    const group = groups.get(reported.symbol)
    if (group === undefined) groups.set(reported.symbol, [reported])
    else group.push(reported)
  }
  for (const group of groups.values()) group.sort((left, right) => right.observedAt - left.observedAt)
  return groups
}

function disagrees(values: readonly number[], maxDisagreementPct: number): boolean {
  if (values.length < 2) return false
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return ((most - least) / most) * 100 > maxDisagreementPct
}
