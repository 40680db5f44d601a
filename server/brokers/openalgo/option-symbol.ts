import type { Option, OptionKind } from '../../../core/instrument/synthetic.js'
import { parseExpiry, spellExpiry } from './venue-time.js'

const SUFFIXES: Readonly<Record<OptionKind, string>> = { call: 'CE', put: 'PE' }

/** Returns the symbol of an option on what OpenAlgo calls `base`, such as BANKNIFTY29DEC2658000CE. */
export function optionSymbol(base: string, { expiry, strike, kind }: Omit<Option, 'underlying'>): string {
  return `${base}${spellExpiry(expiry)}${strike}${SUFFIXES[kind]}`
}

/** What a symbol of an option says. */
export interface OptionSymbol {
  readonly base: string
  /** As in the symbol; null when it is no date. */
  readonly expiry: string | null
  readonly strike: number
  readonly kind: OptionKind
}

/** Returns what the symbol of an option says, or null for another symbol. */
export function readOptionSymbol(symbol: string): OptionSymbol | null {
  const found = /^([A-Z]+)(\d{2}[A-Z]{3}\d{2})(\d+(?:\.\d+)?)(CE|PE)$/.exec(symbol)
  if (found === null) return null
  const [, base, expiry, strike, suffix] = found
  const kind = suffix === 'CE' ? 'call' : 'put'
  return { base: base!, expiry: parseExpiry(expiry!), strike: Number(strike), kind }
}
