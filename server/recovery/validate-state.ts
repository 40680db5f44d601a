import { ZERO } from '../../core/decimal.js'
import { isAtWork, isEntry, remainingLots } from '../../core/order/order.js'
import type { Book } from '../../core/portfolio/book.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/** Returns, as sentences, every rule that always holds and that this state breaks. */
export function validateState(portfolio: Portfolio): string[] {
  const broken: string[] = []
  for (const book of portfolio.books.values()) {
    broken.push(...brokenUnits(book), ...brokenExits(portfolio, book), ...brokenEntries(portfolio, book))
  }
  const { balance, deposited, realizedPnl, fees, high } = portfolio.ledger
  const sum = deposited.plus(realizedPnl).plus(fees)
  if (!sum.equals(balance)) broken.push(`the ledger's balance is ${balance}, its postings sum up to ${sum}`)
  if (high.isLessThan(balance)) broken.push(`the high watermark ${high} is below the balance ${balance}`)
  return broken
}

function brokenUnits({ units }: Book): string[] {
  return units.flatMap((unit) => {
    const broken: string[] = []
    const held = unit.boughtLots.minus(unit.soldLots)
    if (!unit.lots.isPositive()) broken.push(`the open unit ${unit.id} holds ${unit.lots} lots`)
    if (!held.equals(unit.lots)) {
      broken.push(`the unit ${unit.id} holds ${unit.lots} lots, bought less sold are ${held}`)
    }
    if (unit.stop < unit.initialStop) {
      broken.push(`the stop of ${unit.id} is ${unit.stop}, below its first stop ${unit.initialStop}`)
    }
    return broken
  })
}

/** Only quantity bounds an exit: exits at work or unknown never exceed what is held. */
function brokenExits(portfolio: Portfolio, book: Book): string[] {
  return book.units.flatMap((unit) => {
    let atWork = ZERO
    for (const id of book.exitOrderIds) {
      const order = portfolio.orders.get(id)
      if (order?.positionId === unit.id) atWork = atWork.plus(remainingLots(order))
    }
    if (!unit.lots.isLessThan(atWork)) return []
    return [`exits at work for ${unit.id} may sell ${atWork} lots, it holds ${unit.lots}`]
  })
}

function brokenEntries(portfolio: Portfolio, book: Book): string[] {
  const entries = [...portfolio.orders.values()].filter(
    (order) => order.instrument === book.instrument && isEntry(order) && isAtWork(order.state),
  )
  if (entries.length > 1) return [`${book.instrument} has ${entries.length} entries at work`]
  const atWork = entries[0]?.id ?? null
  if (atWork === book.entryOrderId) return []
  return [
    `${book.instrument} names ${book.entryOrderId ?? 'none'} as its entry at work, it is ${atWork ?? 'none'}`,
  ]
}
