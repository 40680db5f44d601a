import { ZERO } from '../../core/decimal.js'
import { surplusOf } from '../../core/order/legs.js'
import { isAtWork, isEntry, remainingLots } from '../../core/order/order.js'
import type { Book } from '../../core/portfolio/book.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Unit } from '../../core/portfolio/unit.js'

/** Returns, as sentences, every rule that always holds and that this state breaks. */
export function validateState(portfolio: Portfolio): string[] {
  const broken: string[] = []
  for (const book of portfolio.books.values()) {
    for (const unit of book.units) {
      findBrokenUnit(broken, unit)
      findBrokenExits(broken, portfolio, book, unit)
    }
  }
  findBrokenEntries(broken, portfolio)
  findBrokenLegs(broken, portfolio)
  const { balance, deposited, realizedPnl, fees, high } = portfolio.ledger
  const sum = deposited.plus(realizedPnl).plus(fees)
  if (!sum.equals(balance)) broken.push(`the ledger's balance is ${balance}, its postings sum up to ${sum}`)
  if (high.isLessThan(balance)) broken.push(`the high watermark ${high} is below the balance ${balance}`)
  return broken
}

function findBrokenUnit(broken: string[], unit: Unit): void {
  const held = unit.boughtLots.minus(unit.soldLots)
  if (!unit.lots.isPositive()) broken.push(`the open unit ${unit.id} holds ${unit.lots} lots`)
  if (!held.equals(unit.lots)) {
    broken.push(`the unit ${unit.id} holds ${unit.lots} lots, bought less sold are ${held}`)
  }
  if (unit.stop < unit.initialStop) {
    broken.push(`the stop of ${unit.id} is ${unit.stop}, below its first stop ${unit.initialStop}`)
  }
}

/** Only quantity bounds an exit: exits at work or unknown never exceed what is held. */
function findBrokenExits(broken: string[], portfolio: Portfolio, book: Book, unit: Unit): void {
  let atWork = ZERO
  for (const id of [...book.exitOrderIds, ...book.stopOrderIds]) {
    const order = portfolio.orders.get(id)
    if (order?.positionId === unit.id) atWork = atWork.plus(remainingLots(order))
  }
  if (unit.lots.isLessThan(atWork))
    broken.push(`exits at work for ${unit.id} may sell ${atWork} lots, it holds ${unit.lots}`)
}

function findBrokenEntries(broken: string[], portfolio: Portfolio): void {
  const entries = new Map<string, string[]>()
  for (const order of portfolio.orders.values()) {
    if (!isEntry(order) || !isAtWork(order.state)) continue
    const others = entries.get(order.instrument)
    if (others === undefined) entries.set(order.instrument, [order.id])
    else others.push(order.id)
  }
  for (const { instrument, entryOrderId } of portfolio.books.values()) {
    const atWork = entries.get(instrument) ?? []
    if (atWork.length > 1) broken.push(`${instrument} has ${atWork.length} entries at work`)
    else if ((atWork[0] ?? null) !== entryOrderId) {
      const [named, found] = [entryOrderId ?? 'none', atWork[0] ?? 'none']
      broken.push(`${instrument} names ${named} as its entry at work, it is ${found}`)
    }
  }
}

/** What both legs traded is a fill of their order; what one has more than the other is being mended. */
function findBrokenLegs(broken: string[], portfolio: Portfolio): void {
  const open = new Set<string>()
  const atWork = new Set<string>()
  for (const book of portfolio.books.values()) {
    for (const id of book.openLegs) open.add(id)
    for (const id of book.legOrderIds) atWork.add(id)
  }
  for (const legs of portfolio.legs.values()) {
    const surplus = surplusOf(legs)
    if (!surplus.isZero() && !open.has(legs.orderId))
      broken.push(`the legs of ${legs.orderId} are settled with a surplus of ${surplus} lots`)
    for (const id of legs.orderIds) {
      const state = portfolio.orders.get(id)?.state
      if (state === undefined || isAtWork(state) === atWork.has(id)) continue
      broken.push(`the leg order ${id} is ${state}, its book says otherwise`)
    }
  }
}
