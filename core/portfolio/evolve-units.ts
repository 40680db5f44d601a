import type { Decimal } from '../decimal.js'
import type { UnitAdopted, UnitOpened } from '../event.js'
import { invariant } from '../invariant.js'
import type { Instant } from '../time.js'
import type { Book } from './book.js'
import { bookOf, orderOf, type Portfolio } from './portfolio.js'
import type { RollTerms } from './roll-run.js'
import { bookPurchase, entryPriceOf, newUnit, type Unit } from './unit.js'

/** Takes up the unit that an order opened with its first fill. Throws when nothing planned it. */
export function openUnit(portfolio: Portfolio, event: UnitOpened): void {
  const order = orderOf(portfolio, event.orderId)
  const plan = portfolio.unitPlans.get(order.id)
  invariant(plan !== undefined, () => `order ${order.id} has no plan for its unit`)
  const book = bookOf(portfolio, event.instrument)
  const unit = newUnit({
    positionId: event.positionId,
    instrument: event.instrument,
    number: event.number,
    label: event.label,
    contract: portfolio.legs.get(order.id)?.contract ?? null,
    entryOrderId: order.id,
    stop: event.stop,
    stopDistance: plan.stopDistance,
    atr: plan.atr,
    pointValue: plan.pointValue,
    exit: order.latch,
    contractMonth: order.contractMonth,
    roll: plan.roll ?? null,
    at: event.at,
  })
  bookPurchase(unit, order.filledLots, order.filledValue)
  if (unit.roll === null) takeUpUnit(book, unit)
  else takeUpSuccessor(book, unit, unit.roll)
}

/** A unit in another contract stands where the one stood that it follows, with the prices of its own contract. */
function takeUpSuccessor(book: Book, unit: Unit, roll: RollTerms): void {
  unit.highestClose = unit.averagePrice + roll.highestCloseAbove
  unit.initialStop = unit.averagePrice - roll.initialStopBelow
  insertUnit(book, unit)
  book.pyramidsOpened = Math.max(book.pyramidsOpened, unit.number - 1)
  if (unit.number === 1) book.baseUnitId = unit.id
  if (unit.number === book.pyramidsOpened + 1) book.lastUnitFillPrice = entryPriceOf(unit)
}

function insertUnit(book: Book, unit: Unit): void {
  const next = book.units.findIndex((held) => held.number > unit.number)
  book.units.splice(next === -1 ? book.units.length : next, 0, unit)
}

/** Takes up a unit that the broker holds. */
export function adoptUnit(portfolio: Portfolio, event: UnitAdopted): void {
  const book = bookOf(portfolio, event.instrument)
  const unit = newUnit({
    ...event,
    label: null,
    exit: null,
    contract: null,
    contractMonth: null,
    roll: null,
    entryOrderId: `O${event.positionId.slice(1)}`,
  })
  bookPurchase(unit, event.lots, event.price.times(event.lots))
  takeUpUnit(book, unit)
}

/** Adds a purchase to a unit that is held already: the initial stop follows the average up. */
export function bookLaterPurchase(unit: Unit, lots: Decimal, value: Decimal): void {
  bookPurchase(unit, lots, value)
  if (unit.roll !== null) unit.initialStop = unit.averagePrice - unit.roll.initialStopBelow
  else unit.initialStop = Math.max(unit.initialStop, unit.averagePrice - unit.stopDistance)
}

function takeUpUnit(book: Book, unit: Unit): void {
  unit.highestClose = unit.averagePrice
  book.units.push(unit)
  book.lastUnitFillPrice = unit.averagePrice
  if (unit.number === 1) book.baseUnitId = unit.id
  else book.pyramidsOpened += 1
}

/** Returns the closed unit with this id, held again because its entry filled on; undefined when there is none. */
export function reopenUnit(portfolio: Portfolio, book: Book, id: string): Unit | undefined {
  const unit = portfolio.closedUnits.get(id)
  if (unit === undefined) return undefined
  portfolio.closedUnits.delete(id)
  portfolio.ended.splice(
    portfolio.ended.findIndex((ended) => ended.id === id),
    1,
  )
  unit.closedAt = null
  insertUnit(book, unit)
  if (unit.number === 1) book.baseUnitId ??= id
  book.pyramidsOpened = Math.max(book.pyramidsOpened, unit.number - 1)
  return unit
}

/** Closes a unit that holds nothing. Throws when it holds something. */
export function closeUnit(portfolio: Portfolio, unit: Unit, at: Instant): void {
  const { id } = unit
  invariant(unit.lots.isZero(), () => `${id} still holds ${unit.lots} lots`)
  unit.closedAt = at
  portfolio.closedUnits.set(id, unit)
  portfolio.ended.push({ id, at: portfolio.now })
  const book = bookOf(portfolio, unit.instrument)
  book.units.splice(book.units.indexOf(unit), 1)
  if (book.units.length > 0) return
  book.pyramidsOpened = 0
  book.baseUnitId = null
  book.lastUnitFillPrice = null
}

/** Raises a stop and a highest close. Throws when either would fall. */
export function raiseStop(unit: Unit, stop: number, highestClose: number): void {
  invariant(stop >= unit.stop, () => `the stop of ${unit.id} would fall from ${unit.stop} to ${stop}`)
  invariant(highestClose >= unit.highestClose, () => `the highest close of ${unit.id} would fall`)
  unit.stop = stop
  unit.highestClose = highestClose
}
