import { type Decimal, ZERO } from '../decimal.js'
import { type OptionContract, optionName, readOptionName } from '../instrument/synthetic.js'
import type { Book } from '../portfolio/book.js'

/** An option of which a broker holds more, or is shorter, than belongs to a whole synthetic future. */
export interface SurplusOption {
  /** By its name among instruments. */
  readonly option: string
  /** Below 0 when short. */
  readonly lots: Decimal
}

/** What a broker holds of an instrument. */
export interface CountedPosition {
  /** Lots, those of synthetic futures included: a call held and a put sold, of a contract in which units are held. */
  readonly lots: Decimal
  /** Options besides. */
  readonly surplus: readonly SurplusOption[]
}

type Positions = Readonly<Record<string, Decimal>>

/** Returns what `positions` hold of an instrument: lots by names of instruments, and of options on it. */
export function countPosition(
  instrument: string,
  positions: Positions,
  book: Book | undefined,
): CountedPosition {
  let lots = positions[instrument] ?? ZERO
  const surplus: SurplusOption[] = []
  for (const contract of contractsIn(instrument, positions)) {
    const name = (kind: 'call' | 'put'): string => optionName({ underlying: instrument, kind, ...contract })
    const calls = positions[name('call')] ?? ZERO
    const puts = positions[name('put')] ?? ZERO
    const pairs = isHeld(book, contract) ? pairsOf(calls, puts) : ZERO
    lots = lots.plus(pairs)
    const loose = [
      { option: name('call'), lots: calls.minus(pairs) },
      { option: name('put'), lots: puts.plus(pairs) },
    ]
    surplus.push(...loose.filter((one) => !one.lots.isZero()))
  }
  return { lots, surplus }
}

function contractsIn(instrument: string, positions: Positions): OptionContract[] {
  const contracts: OptionContract[] = []
  for (const name in positions) {
    const option = readOptionName(name)
    if (option === null || option.underlying !== instrument) continue
    if (!contracts.some((contract) => isSame(contract, option))) contracts.push(option)
  }
  return contracts.map(({ strike, expiry }) => ({ strike, expiry }))
}

function pairsOf(calls: Decimal, puts: Decimal): Decimal {
  const sold = puts.negated()
  const pairs = calls.isLessThan(sold) ? calls : sold
  return pairs.isPositive() ? pairs : ZERO
}

function isHeld(book: Book | undefined, contract: OptionContract): boolean {
  return book?.units.some((unit) => unit.contract !== null && isSame(unit.contract, contract)) ?? false
}

function isSame(a: OptionContract, b: OptionContract): boolean {
  return a.strike === b.strike && a.expiry === b.expiry
}
