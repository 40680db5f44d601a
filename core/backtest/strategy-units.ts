import type { Instant } from '../time.js'
import type { ExportedExit, ExportedTrade } from './exported-trade.js'

/**
 * A unit as the strategy held it: opened by one order, closed by one order. An export knows only trades, and pairs
 * entries with exits first in, first out: when a pyramid is closed before its base, the base's entry is split.
 */
export interface StrategyUnit {
  /** The trades that the export made of its entry, by number; the first one names it. */
  readonly trades: readonly ExportedTrade[]
  readonly label: string
  /** Null while the strategy holds it. */
  readonly exit: ExportedExit | null
}

interface OpenUnit {
  readonly trades: ExportedTrade[]
  readonly label: string
  quantity: number
}

/** Enumerating more open units than this would take too long; no strategy pyramids so often. */
const MOST_UNITS = 12
const TOLERANCE = 1e-9

/**
 * Returns the units that the trades of one instrument are the first-in-first-out picture of, in order of entry.
 *
 * Trades with one entry bar and label are one unit: one alert told of them. At each exit bar the lots that left are
 * those of whole units; which, follows from the sizes, the youngest where several fit, since its stop is the nearest.
 * Where no set of units fits, between one time flat and the next, exits belong to the entries of their trade numbers.
 */
export function strategyUnits(trades: readonly ExportedTrade[]): StrategyUnit[] {
  const units: StrategyUnit[] = []
  for (const cycle of cyclesOf(groupEntries(trades))) {
    units.push(...(exitsBySize(cycle) ?? exitsByNumber(cycle)))
  }
  return units
}

/** One unit for each entry bar and label, in order of entry. */
function groupEntries(trades: readonly ExportedTrade[]): OpenUnit[] {
  const ordered = [...trades].sort(
    (left, right) => left.entry.barOpen - right.entry.barOpen || left.number - right.number,
  )
  const units: OpenUnit[] = []
  for (const trade of ordered) {
    const unit = unitOfBar(units, trade)
    if (unit === undefined) {
      units.push({ trades: [trade], label: trade.signal.label, quantity: trade.quantity })
    } else {
      unit.trades.push(trade)
      unit.quantity += trade.quantity
    }
  }
  return units
}

/** Returns the unit that `trade` is a part of; those of its bar are the last ones. */
function unitOfBar(units: readonly OpenUnit[], trade: ExportedTrade): OpenUnit | undefined {
  for (let index = units.length - 1; index >= 0; index--) {
    const unit = units[index]!
    const first = unit.trades[0]!
    if (first.entry.barOpen !== trade.entry.barOpen) return undefined
    if (unit.label === trade.signal.label && first.signal.kind === trade.signal.kind) return unit
  }
  return undefined
}

/** Cuts units where the strategy was flat between them. An exit and an entry on one bar are a cut: exits come first. */
function cyclesOf(units: readonly OpenUnit[]): OpenUnit[][] {
  const cycles: OpenUnit[][] = []
  let heldUntil = Number.NEGATIVE_INFINITY
  for (const unit of units) {
    const opens = unit.trades[0]!.entry.barOpen
    if (heldUntil <= opens) cycles.push([])
    cycles.at(-1)!.push(unit)
    for (const trade of unit.trades) {
      heldUntil = Math.max(
        heldUntil,
        trade.exit === null || trade.exit.open ? Number.POSITIVE_INFINITY : trade.exit.barOpen,
      )
    }
  }
  return cycles
}

function exitsByNumber(cycle: readonly OpenUnit[]): StrategyUnit[] {
  // A unit in several parts is closed with the first of them: an alert can only close all of it.
  return cycle.map(({ trades, label }) => {
    let first: ExportedExit | null = null
    for (const { exit } of trades) {
      if (exit !== null && !exit.open && (first === null || exit.barOpen < first.barOpen)) first = exit
    }
    return { trades, label, exit: first }
  })
}

function exitsBySize(cycle: readonly OpenUnit[]): StrategyUnit[] | null {
  if (cycle.every((unit) => unit.trades.length === 1)) return exitsByNumber(cycle)
  if (cycle.length > MOST_UNITS) return null
  const closings = new Map<Instant, ExportedTrade[]>()
  for (const trade of cycle.flatMap((unit) => unit.trades)) {
    if (trade.exit === null || trade.exit.open) continue
    closings.set(trade.exit.barOpen, [...(closings.get(trade.exit.barOpen) ?? []), trade])
  }
  const exits = new Map<OpenUnit, ExportedExit>()
  for (const [bar, closing] of [...closings].sort(([left], [right]) => left - right)) {
    const open = cycle.filter(
      (unit) =>
        !exits.has(unit) &&
        (unit.trades[0]!.entry.barOpen < bar || unit.trades.some((trade) => closing.includes(trade))),
    )
    const chosen = unitsOfSize(open, closing)
    if (chosen === null) return null
    for (const unit of chosen) exits.set(unit, closing[0]!.exit!)
  }
  return cycle.map((unit) => ({ trades: unit.trades, label: unit.label, exit: exits.get(unit) ?? null }))
}

/** Returns the open units whose sizes sum to the lots that left: the named ones, else the youngest; null when none do. */
function unitsOfSize(open: readonly OpenUnit[], closing: readonly ExportedTrade[]): OpenUnit[] | null {
  const lots = sum(closing.map((trade) => trade.quantity))
  const labelled = new Set(closing.map((trade) => trade.exit!.label).filter((label) => label !== null))
  if (labelled.size > 0) {
    const named = open.filter((unit) => labelled.has(unit.label) || labelled.has('ALL'))
    return named.length > 0 ? named : null
  }
  let best: OpenUnit[] | null = null
  let youngest = -1
  for (let set = 1; set < 2 ** open.length; set++) {
    const members = open.filter((_, index) => (set >> index) & 1)
    const size = sum(members.map((unit) => unit.quantity))
    // The bits of younger units weigh more, so the largest set number is the youngest set.
    if (Math.abs(size - lots) <= TOLERANCE * lots && set > youngest) {
      best = members
      youngest = set
    }
  }
  return best
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
