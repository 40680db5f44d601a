import type { Decimal } from '../../decimal.js'
import type { Book } from '../../portfolio/book.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { atMost, type Gate, must } from '../../risk/gate.js'
import { allowsEntries, allowsReductions } from '../../risk/trading-state.js'
import type { Side } from './cell.js'

/** Returns the controls of the portfolio that an order of a cell passes, besides the guardrails of its own. */
export function cellOrderGates(
  portfolio: Portfolio,
  book: Book,
  { side, notional }: { readonly side: Side; readonly notional: Decimal },
): Gate[] {
  const { tradingState } = portfolio
  const { maxOrderValue } = settingsOf(portfolio).controls
  const isAllowed = side === 'buy' ? allowsEntries(tradingState) : allowsReductions(tradingState)
  const gates = [
    must('TRADING_STATE', isAllowed, tradingState, side === 'buy' ? 'active' : 'active or reducing'),
    must('INSTRUMENT_LOCKED', book.lock === null, book.lock?.reason ?? null, null),
  ]
  if (maxOrderValue !== null) gates.push(atMost('ORDER_VALUE', notional.toNumber(), maxOrderValue))
  return gates
}
