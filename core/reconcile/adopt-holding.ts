import type { Decimal } from '../decimal.js'
import type { PortfolioEvent } from '../event.js'
import type { SettleBreak } from '../input.js'
import { costOfHolding, emptyHolding, holdingId } from '../portfolio/holding.js'
import { bookOf, type Portfolio } from '../portfolio/portfolio.js'
import { type Break, differenceOf } from './break.js'
import { farPriceNotes, type Plan, type Refusal, refusal } from './plan.js'

/** A difference of an asset that the broker is right about. */
export interface AdoptingHolding {
  readonly inputId: string
  readonly command: SettleBreak
  /** The operator's price, else what the broker's average tells; null where neither does. */
  readonly price: Decimal | null
}

interface Correction {
  readonly instrument: string
  readonly decisionId: string
  /** Above 0. */
  readonly quantity: Decimal
  readonly price: Decimal
  readonly note: string
}

/**
 * Returns how a holding becomes what the broker holds. What is taken up is a deposit in kind: the ledger gets its value,
 * and the holding its cost, so that no cash moves. What is given up was sold at the stated price: the cash, of a cell its
 * own, gets the value, and the profit is posted.
 */
export function planHoldingAdoption(
  portfolio: Portfolio,
  found: Break,
  { inputId, command, price }: AdoptingHolding,
): Plan | Refusal {
  const { instrument } = found
  const difference = differenceOf(found)
  const isTakenUp = difference.isPositive()
  const quantity = difference.abs()
  if (price === null || !price.isPositive()) {
    const what = isTakenUp ? 'were bought' : 'left'
    return refusal('PRICE_MISSING', `state the price at which ${quantity} of ${instrument} ${what}`)
  }
  const decisionId = `D${inputId.slice(1)}`
  const note = `${found.id}: ${command.reason}`
  const correction: Correction = { instrument, decisionId, quantity, price, note }
  const step = () => (isTakenUp ? takeUp(portfolio, correction) : giveUp(portfolio, correction))
  const from = command.price === null ? "the broker's average" : "the operator's"
  const told = isTakenUp
    ? `${quantity} of ${instrument} are taken up at ${price}, ${from} price, as a deposit in kind`
    : `${quantity} of ${instrument} are given up at ${price}`
  const notes = [told, ...farPriceNotes(bookOf(portfolio, instrument), price)]
  if (command.stop !== null) notes.push('what is held of an asset has no stop: the stated one is not kept')
  const shown = {
    ...{ lots: quantity.toNumber(), price: price.toNumber(), stop: null },
    positionIds: [holdingId(instrument)],
  }
  return { reason: 'ADOPTED', steps: [step], notes, shown }
}

function takeUp(portfolio: Portfolio, { note, ...taken }: Correction): PortfolioEvent[] {
  const at = portfolio.now
  const amount = taken.price.times(taken.quantity)
  // Without a position: with one it would be cash of that holding's cell.
  const nobody = { orderId: null, positionId: null }
  return [
    { type: 'HoldingAdopted', ...taken, at },
    { type: 'LedgerPosted', kind: 'deposit', amount, at, ...nobody, note: `in kind, ${note}` },
  ]
}

function giveUp(portfolio: Portfolio, { note, ...given }: Correction): PortfolioEvent[] {
  const { instrument, price, quantity } = given
  const at = portfolio.now
  const holding = bookOf(portfolio, instrument).holding ?? emptyHolding()
  const profit = price.times(quantity).minus(costOfHolding(holding, quantity))
  const about = { orderId: null, positionId: holdingId(instrument) }
  return [
    { type: 'HoldingGivenUp', ...given, at },
    { type: 'LedgerPosted', kind: 'realizedPnl', amount: profit, at, ...about, note: `correction, ${note}` },
  ]
}
