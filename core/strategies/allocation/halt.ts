import { unreachable } from '../../invariant.js'
import type { WeightMode } from './weights.js'

/** What a mode lacks, in words that a message can hold. */
export type MissingData =
  | 'market cap'
  | 'AUM'
  | 'market cap or AUM'
  | 'both market cap and AUM'
  | 'fresh market cap or AUM'
  | 'consistent market cap or AUM'
  | 'valid positive metrics'

/** Why configured weights cannot be used. */
export type WeightProblem =
  | 'empty'
  | 'notANumber'
  | 'outOfRange'
  | 'sumZero'
  | 'sumNot100'
  | 'duplicate'
  | 'unknownSymbol'
  | 'cashMissing'

/** Why a price cannot be used. */
export type PriceProblem = 'missing' | 'stale' | 'outlier'

/** Why a run stops before it plans anything; the next run tries again. */
export type AllocationHalt =
  | {
      readonly halt: 'weightData'
      readonly mode: WeightMode
      readonly missing: MissingData
      readonly symbols: readonly string[]
    }
  | { readonly halt: 'weights'; readonly problem: WeightProblem; readonly symbols: readonly string[] }
  | { readonly halt: 'unknownSymbol'; readonly symbols: readonly string[] }
  | { readonly halt: 'unknownPair'; readonly base: string; readonly quote: string }
  | { readonly halt: 'price'; readonly problem: PriceProblem; readonly symbols: readonly string[] }
  | { readonly halt: 'rate'; readonly from: string; readonly to: string }
  | { readonly halt: 'emptyPortfolio' }

/** Returns whether a stage stopped the run instead of giving its result. */
export function isHalt<T extends object>(result: T | AllocationHalt): result is AllocationHalt {
  return 'halt' in result
}

const weightProblems: Readonly<Record<WeightProblem, string>> = {
  empty: 'there are none',
  notANumber: 'they must be numbers',
  outOfRange: 'each must be within its limits, at most 100',
  sumZero: 'their sum must be above 0',
  sumNot100: 'their sum must be 100, give or take 0.01',
  duplicate: 'each asset is named once',
  unknownSymbol: 'each asset must be a known instrument',
  cashMissing: 'the quote currency must have a weight',
}

const priceProblems: Readonly<Record<PriceProblem, string>> = {
  missing: 'is missing',
  stale: 'is too old',
  outlier: 'is too far from the last one',
}

/** Returns a halt as one sentence for the user, without a final dot. */
export function describeHalt(halt: AllocationHalt): string {
  switch (halt.halt) {
    case 'weightData':
      return `Balancing halted: ${halt.mode} mode requires ${halt.missing} data for tickers: ${halt.symbols.join(', ')}`
    case 'weights': {
      const of = halt.symbols.length === 0 ? '' : ` of ${halt.symbols.join(', ')}`
      return `Balancing halted: the weights${of} cannot be used: ${weightProblems[halt.problem]}`
    }
    case 'unknownSymbol':
      return `Balancing halted: no instrument is known as ${halt.symbols.join(', ')}`
    case 'unknownPair':
      return `Balancing halted: the venue trades no pair of ${halt.base} and ${halt.quote}`
    case 'price':
      return `Balancing halted: the price of ${halt.symbols.join(', ')} ${priceProblems[halt.problem]}`
    case 'rate':
      return `Balancing halted: no rate from ${halt.from} to ${halt.to} is known`
    case 'emptyPortfolio':
      return 'Balancing halted: the portfolio is worth nothing'
    default:
      return unreachable(halt)
  }
}
