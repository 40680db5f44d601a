import { decimal, ZERO } from '../../decimal.js'
import type { AllocationHalt, WeightProblem } from './halt.js'
import { proportional } from './proportional.js'

/** The share of the equity that an asset, or cash under its currency's name, is to have. */
export interface TargetWeight {
  readonly symbol: string
  /** Percent of the equity, 0..100. */
  readonly pct: number
}

/** What configured weights must satisfy. */
export interface WeightRules {
  /** The least weight of one asset, in percent. */
  readonly leastPct: number
  /** Symbols that may be named; any when left out. */
  readonly universe?: ReadonlySet<string>
  /** The currency that must have a weight of its own; none when left out. */
  readonly cash?: string
}

const WHOLE = decimal(100)
const TOLERANCE = decimal('0.01')

/**
 * Returns why `weights` cannot be targets, or null when they can: each a number from `leastPct` to 100, none named
 * twice, their sum 100 ± 0.01. The sum is exact: three times 33.33 is 99.99.
 */
export function checkWeights(weights: readonly TargetWeight[], rules: WeightRules): AllocationHalt | null {
  const { leastPct, universe, cash } = rules
  if (weights.length === 0) return refused('empty', [])
  const affected = (isWrong: (weight: TargetWeight) => boolean) =>
    weights.filter(isWrong).map(({ symbol }) => symbol)
  const seen = new Set<string>()
  const rulesInOrder: readonly [WeightProblem, readonly string[]][] = [
    ['notANumber', affected(({ pct }) => !Number.isFinite(pct))],
    ['outOfRange', affected(({ pct }) => pct < leastPct || pct > 100)],
    ['duplicate', affected(({ symbol }) => seen.size === seen.add(symbol).size)],
    ['unknownSymbol', affected(({ symbol }) => universe !== undefined && !universe.has(symbol))],
  ]
  for (const [problem, symbols] of rulesInOrder) if (symbols.length > 0) return refused(problem, symbols)
  if (cash !== undefined && !weights.some(({ symbol }) => symbol === cash))
    return refused('cashMissing', [cash])
  const sum = weights.reduce((total, { pct }) => total.plus(decimal(pct)), ZERO)
  return TOLERANCE.isLessThan(sum.minus(WHOLE).abs()) ? refused('sumNot100', []) : null
}

/** Returns the weights scaled so that they sum to 100, or why they cannot be: one below 0, or a sum that is not above 0. */
export function normalizeWeights(weights: readonly TargetWeight[]): readonly TargetWeight[] | AllocationHalt {
  const negative = weights.filter(({ pct }) => !(pct >= 0)).map(({ symbol }) => symbol)
  if (negative.length > 0) return refused('outOfRange', negative)
  const shares = proportional(
    weights.map(({ pct }) => pct),
    100,
  )
  if (shares === null) return refused('sumZero', [])
  return weights.map(({ symbol }, index) => ({ symbol, pct: shares[index]! }))
}

/** Returns weights with those of the same symbol added up, in order of first appearance. */
export function mergeWeights(weights: readonly TargetWeight[]): readonly TargetWeight[] {
  const merged = new Map<string, number>()
  for (const { symbol, pct } of weights) merged.set(symbol, (merged.get(symbol) ?? 0) + pct)
  return [...merged].map(([symbol, pct]) => ({ symbol, pct }))
}

function refused(problem: WeightProblem, symbols: readonly string[]): AllocationHalt {
  return { halt: 'weights', problem, symbols }
}
