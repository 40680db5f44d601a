import { type Decimal, decimal } from '../../decimal.js'
import { invariant } from '../../invariant.js'
import { type Cell, QUOTIENT_SCALE } from './cell.js'

/** A dividend of a stock. */
export interface Dividend {
  readonly id: string
  /** Per share, above 0. */
  readonly perShare: Decimal
  /** Withheld at the source, a fraction 0..1. */
  readonly withholdingRate: Decimal
}

/** What a dividend means for one cell, from its ex-date on. */
export interface Receivable {
  readonly gross: Decimal
  readonly withheld: Decimal
  readonly net: Decimal
  readonly isPaid: boolean
}

/** A cell with the dividends that went ex while it held shares, by their ids: each counts once, however often told. */
export interface CellWithDividends {
  readonly cell: Cell
  readonly receivables: ReadonlyMap<string, Receivable>
}

const ONE = decimal(1)

/**
 * Returns what is due on `shares`, those held at the close before the ex-date: gross = shares × per share, and net of
 * what is withheld, exactly.
 */
export function receivableOf(shares: Decimal, { perShare, withholdingRate }: Dividend): Receivable {
  const gross = shares.times(perShare)
  const net = gross.times(ONE.minus(withholdingRate))
  return { gross, net, withheld: gross.minus(net), isPaid: false }
}

/** Returns the cell on a dividend's ex-date: the anchor falls by what a share pays, and the net amount is receivable. */
export function goEx(before: CellWithDividends, dividend: Dividend): CellWithDividends {
  const { cell, receivables } = before
  if (receivables.has(dividend.id)) return before
  const due = receivableOf(cell.shares, dividend)
  return {
    cell: {
      ...cell,
      receivable: cell.receivable.plus(due.net),
      anchor: cell.anchor?.minus(dividend.perShare) ?? null,
    },
    receivables: new Map(receivables).set(dividend.id, due),
  }
}

/** Returns the cell after a dividend is paid: what was receivable is cash. One that is unknown, or paid, changes nothing. */
export function payDividend(before: CellWithDividends, dividendId: string): CellWithDividends {
  const { cell, receivables } = before
  const due = receivables.get(dividendId)
  if (due === undefined || due.isPaid) return before
  return {
    cell: {
      ...cell,
      cash: cell.cash.plus(due.net),
      receivable: cell.receivable.minus(due.net),
    },
    receivables: new Map(receivables).set(dividendId, { ...due, isPaid: true }),
  }
}

/** Returns the cell after a split into `ratio` shares for one: its value does not change. Throws when that is not above 0. */
export function splitShares(cell: Cell, ratio: Decimal): Cell {
  invariant(ratio.isPositive(), () => `a split must make more than 0 shares of one, not ${ratio}`)
  return {
    ...cell,
    shares: cell.shares.times(ratio),
    anchor: cell.anchor?.dividedBy(ratio, QUOTIENT_SCALE, 'halfEven') ?? null,
  }
}
