import { isHalt } from '../../core/strategies/allocation/halt.js'
import { findPair, type Pair } from '../../core/strategies/allocation/symbols.js'
import { type Fields, haltFields } from './fields.js'

const QUOTE = 'EUR'

/** Markets of the venue's older assets, whose ids follow no rule. */
const OLDER_PAIRS: readonly Pair[] = [
  ['XXBTZEUR', 'BTC'],
  ['XETHZEUR', 'ETH'],
  ['XETCZEUR', 'ETC'],
  ['XLTCZEUR', 'LTC'],
  ['XMLNZEUR', 'MLN'],
  ['XREPZEUR', 'REP'],
  ['XXLMZEUR', 'XLM'],
  ['XXMRZEUR', 'XMR'],
  ['XXRPZEUR', 'XRP'],
  ['XZECZEUR', 'ZEC'],
  ['XDGEUR', 'DOGE'],
].map(([id, base]) => ({ id: id!, base: base!, quote: QUOTE }))

/**
 * Returns the venue's id of an asset's euro market. A run takes the venue's own list; a case brings none, so the list here
 * has the older markets, and the newer ones, which are called base and quote.
 */
export function tradingPair(given: unknown): string | Fields {
  const { base, quote } =
    typeof given === 'string'
      ? { base: given, quote: QUOTE }
      : { base: String((given as Fields).symbol ?? (given as Fields).base), quote: quoteOf(given as Fields) }
  const isOlder = quote === QUOTE && OLDER_PAIRS.some((pair) => pair.base === base)
  const pair = findPair(isOlder ? OLDER_PAIRS : [{ id: `${base}${quote}`, base, quote }], base, quote)
  return isHalt(pair) ? haltFields(pair) : pair.id
}

function quoteOf(input: Fields): string {
  return String(input.quote ?? input.quoteCurrency ?? QUOTE)
}
