import { type Decimal, ZERO } from '../../decimal.js'
import type { AllocationHalt } from './halt.js'

/** How a user or a venue may write the symbol of an asset. */
export interface SymbolRules {
  /** Other names of an asset, in capitals. */
  readonly aliases: ReadonlyMap<string, string>
  /** One trailing mark that says nothing about the asset; '' for none. */
  readonly mark: string
  /** Endings of balances in another custody: the same asset, but not for sale. */
  readonly custodySuffixes: readonly string[]
  /** The ending of a bonded balance, before which a two-digit number names the bonding period. */
  readonly bondedSuffix: string
}

/** A symbol as the core knows it, and whether a balance under the name that was read can be sold. */
export interface ReadSymbol {
  readonly symbol: string
  readonly isSellable: boolean
}

/** Names of Russian exchange-traded funds: a trailing @ is the exchange's mark, TRAY was renamed TPAY. */
export const FUND_SYMBOLS: SymbolRules = {
  aliases: new Map([['TRAY', 'TPAY']]),
  mark: '@',
  custodySuffixes: [],
  bondedSuffix: '',
}

/** Returns the symbol that a name stands for; a name without a rule stands for itself. */
export function readSymbol(name: string, rules: SymbolRules): ReadSymbol {
  const trimmed = name.trim().toUpperCase()
  const { mark, bondedSuffix } = rules
  const unmarked = mark !== '' && trimmed.endsWith(mark) ? trimmed.slice(0, -mark.length) : trimmed
  const suffix = rules.custodySuffixes.find((ending) => unmarked.endsWith(ending))
  const spot = suffix === undefined ? unmarked : unmarked.slice(0, -suffix.length)
  // DOT28.S is DOT bonded for 28 days; C98.F is the asset C98.
  const base = suffix !== undefined && suffix === bondedSuffix ? spot.replace(/(?<=[A-Z])\d\d$/, '') : spot
  return { symbol: rules.aliases.get(base) ?? base, isSellable: suffix === undefined }
}

/** What is held of an asset. */
export interface Holding {
  readonly symbol: string
  /** All of it, which counts for value. */
  readonly quantity: Decimal
  /** The part that can be sold. */
  readonly sellable: Decimal
}

/** A balance as a venue reports it. */
export interface ReportedBalance {
  readonly name: string
  readonly quantity: Decimal
}

/**
 * Returns what is held of each asset, custody variants added up, or which names stand for no known asset; a balance of 0
 * is nothing held.
 */
export function mergeHoldings(
  balances: readonly ReportedBalance[],
  rules: SymbolRules,
  known: ReadonlySet<string>,
): readonly Holding[] | AllocationHalt {
  const holdings = new Map<string, Holding>()
  const unknown: string[] = []
  for (const { name, quantity } of balances) {
    if (quantity.isZero()) continue
    const { symbol, isSellable } = readSymbol(name, rules)
    if (!known.has(symbol)) unknown.push(name)
    const held = holdings.get(symbol) ?? { symbol, quantity: ZERO, sellable: ZERO }
    holdings.set(symbol, {
      symbol,
      quantity: held.quantity.plus(quantity),
      sellable: isSellable ? held.sellable.plus(quantity) : held.sellable,
    })
  }
  return unknown.length > 0 ? { halt: 'unknownSymbol', symbols: unknown } : [...holdings.values()]
}

/** A market of a venue, as the venue lists it. */
export interface Pair {
  readonly id: string
  readonly base: string
  readonly quote: string
}

/** Returns the venue's market of `base` priced in `quote`. Its id is taken from the venue's list, never composed. */
export function findPair(pairs: readonly Pair[], base: string, quote: string): Pair | AllocationHalt {
  const pair = pairs.find((candidate) => candidate.base === base && candidate.quote === quote)
  return pair ?? { halt: 'unknownPair', base, quote }
}
