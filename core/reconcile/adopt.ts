import { type Decimal, ZERO } from '../decimal.js'
import type { PortfolioEvent } from '../event.js'
import { positionId } from '../ids.js'
import type { SettleBreak } from '../input.js'
import { factsAt, type Instrument } from '../instrument/instrument.js'
import type { Book } from '../portfolio/book.js'
import { isNear } from '../portfolio/observe.js'
import { assetOf, bookOf, instrumentOf, type Portfolio } from '../portfolio/portfolio.js'
import { profitOfSale, type Unit } from '../portfolio/unit.js'
import { planHoldingAdoption } from './adopt-holding.js'
import { type Break, describeBreak, differenceOf } from './break.js'
import { heldLots } from './compare.js'
import { farPriceNotes, type Plan, type Refusal, refusal } from './plan.js'

interface Adopting {
  readonly inputId: string
  readonly command: SettleBreak
}

/** Returns how the book becomes what the broker holds: lots are taken up as a unit, or given up at a stated price. */
export function planAdoption(portfolio: Portfolio, found: Break, adopting: Adopting): Plan | Refusal {
  const difference = differenceOf(found)
  const book = bookOf(portfolio, found.instrument)
  const { instrument } = found
  if (heldLots(book).plus(difference).isLessThan(ZERO)) {
    const how = 'buy the difference back at the broker, which settles it; or ignore it'
    return refusal('BROKER_IS_SHORT', `${describeBreak(found)}: a short position cannot be taken up; ${how}`)
  }
  if (assetOf(portfolio, instrument) !== undefined) {
    const price = adopting.command.price ?? (difference.isPositive() ? priceFromVenue({ found, book }) : null)
    return planHoldingAdoption(portfolio, found, { ...adopting, price })
  }
  if (!difference.isPositive()) return planGivingUp(portfolio, found, adopting)
  const traded = instrumentOf(portfolio, instrument)
  if (traded === undefined) {
    const how = 'add it to the configuration, sell it at the broker, or ignore it'
    return refusal('NOT_TRADED', `the portfolio does not trade ${instrument}: ${how}`)
  }
  if (traded.synthetic !== undefined) {
    const how = 'close them at the broker, which settles it, or ignore it'
    return refusal('NOT_A_WHOLE', `nothing tells in which options the lots of ${instrument} are held: ${how}`)
  }
  return planUnit(portfolio, { found, traded, book }, adopting)
}

interface Extra {
  readonly found: Break
  readonly traded: Instrument
  readonly book: Book
}

function planUnit(portfolio: Portfolio, extra: Extra, { inputId, command }: Adopting): Plan | Refusal {
  const { found, traded, book } = extra
  const lots = differenceOf(found)
  const price = command.price ?? priceFromVenue(extra)
  if (price === null) {
    const why =
      found.averagePrice === null ? 'the broker does not tell' : "the broker's average does not tell alone"
    return refusal('PRICE_MISSING', `state the price at which ${lots} lots were bought: ${why} it`)
  }
  const stop = planStop(portfolio, { traded, book, price: price.toNumber() }, command)
  if (isStopRefused(stop)) return stop
  const decisionId = `D${inputId.slice(1)}`
  const id = positionId(`O${inputId.slice(1)}`)
  const adopted: PortfolioEvent = {
    type: 'UnitAdopted',
    positionId: id,
    decisionId,
    instrument: traded.name,
    number: book.baseUnitId === null ? 1 : book.pyramidsOpened + 2,
    lots,
    price,
    ...stop,
    pointValue: factsAt(traded, portfolio.now).pointValue,
    at: portfolio.now,
  }
  const from = command.price === null ? "the broker's average" : "the operator's"
  const taken = `${lots} lots are taken up at ${price}, ${from} price, with a stop of ${stop.stop}`
  const notes = [taken, ...farPriceNotes(book, price)]
  const shown = { lots: lots.toNumber(), price: price.toNumber(), stop: stop.stop, positionIds: [id] }
  return { reason: 'ADOPTED', steps: [() => [adopted]], notes, shown }
}

/**
 * Of a holding that we have no part of, the broker's average is the price; otherwise it is the price of the rest that
 * makes our cost and the broker's the same, where that is near its average.
 */
function priceFromVenue({ found, book }: Pick<Extra, 'found' | 'book'>): Decimal | null {
  const { averagePrice, theirs } = found
  if (averagePrice === null || !averagePrice.isPositive()) return null
  if (heldLots(book).isZero()) return averagePrice
  let cost = averagePrice.times(theirs).minus(book.holding?.cost ?? ZERO)
  for (const unit of book.units) cost = cost.minus(unit.cost)
  const price = cost.dividedBy(differenceOf(found), 8, 'halfEven')
  return isNear(price.toNumber(), averagePrice.toNumber(), book.market.atr) ? price : null
}

interface PlannedStop {
  readonly stop: number
  readonly stopDistance: number
  readonly atr: number
}

function isStopRefused(stop: PlannedStop | Refusal): stop is Refusal {
  return 'refused' in stop
}

interface Entered {
  readonly traded: Instrument
  readonly book: Book
  /** In points. */
  readonly price: number
}

/** The operator's stop, else the initial multiple of the last ATR below the price: a bar's, else the last unit's. */
function planStop(
  portfolio: Portfolio,
  { traded, book, price }: Entered,
  command: SettleBreak,
): PlannedStop | Refusal {
  const { initialAtrMultiple } = traded.trend
  const atr = book.market.atr ?? book.units.at(-1)?.entryAtr ?? null
  if (command.stop !== null) {
    if (command.stop > 0 && command.stop < price) {
      const stopDistance = price - command.stop
      return { stop: command.stop, stopDistance, atr: atr ?? stopDistance / initialAtrMultiple }
    }
    return refusal('STOP_NOT_BELOW_PRICE', `the stop ${command.stop} is not between 0 and the price ${price}`)
  }
  if (atr === null) {
    return refusal(
      'NO_ATR',
      `nothing has told an ATR of ${traded.name} in portfolio ${portfolio.id}: state the stop`,
    )
  }
  const stopDistance = initialAtrMultiple * atr
  return { stop: price - stopDistance, stopDistance, atr }
}

/** The last units go first, so that the base unit stays as long as it can. */
function planGivingUp(portfolio: Portfolio, found: Break, adopting: Adopting): Plan | Refusal {
  const { inputId, command } = adopting
  const { price } = command
  if (price === null) {
    const lots = differenceOf(found).negated()
    return refusal(
      'PRICE_MISSING',
      `state the price at which ${lots} lots left: the profit is computed from it`,
    )
  }
  const parts = partsOf(bookOf(portfolio, found.instrument), differenceOf(found).negated())
  const decisionId = `D${inputId.slice(1)}`
  const steps = parts.map(
    ([unit, lots]) =>
      () =>
        giveUp(portfolio, unit, { decisionId, lots, price, note: `${found.id}: ${command.reason}` }),
  )
  const given = parts.map(([unit, lots]) => `${lots} lots of ${unit.id} are given up at ${price}`)
  const notes = [...given, ...farPriceNotes(bookOf(portfolio, found.instrument), price)]
  const lots = differenceOf(found).negated().toNumber()
  const shown = { lots, price: price.toNumber(), positionIds: parts.map(([{ id }]) => id) }
  return { reason: 'ADOPTED', steps, notes, shown }
}

function partsOf(book: Book, lots: Decimal): [Unit, Decimal][] {
  const parts: [Unit, Decimal][] = []
  let left = lots
  for (const unit of [...book.units].reverse()) {
    if (!left.isPositive()) break
    const part = unit.lots.isLessThan(left) ? unit.lots : left
    parts.push([unit, part])
    left = left.minus(part)
  }
  return parts
}

interface GivenUp {
  readonly decisionId: string
  readonly lots: Decimal
  readonly price: Decimal
  readonly note: string
}

function giveUp(portfolio: Portfolio, unit: Unit, given: GivenUp): PortfolioEvent[] {
  const { decisionId, lots, price, note } = given
  const at = portfolio.now
  const profit = profitOfSale(unit, lots, price)
  const correction: PortfolioEvent[] = [
    { type: 'LotsGivenUp', positionId: unit.id, decisionId, lots, price, at },
    {
      type: 'LedgerPosted',
      kind: 'realizedPnl',
      amount: profit,
      at,
      orderId: null,
      positionId: unit.id,
      note: `correction, ${note}`,
    },
  ]
  if (!unit.lots.equals(lots)) return correction
  const realizedPnl = unit.realizedPnl.plus(profit)
  return [...correction, { type: 'UnitClosed', positionId: unit.id, realizedPnl, at }]
}
