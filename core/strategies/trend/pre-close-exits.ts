import type { Decision } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import type { PreCloseDue } from '../../input.js'
import { type Book, isBarFresh } from '../../portfolio/book.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { instrumentOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import type { PreCloseExit } from '../../portfolio/pre-close-run.js'
import type { Unit } from '../../portfolio/unit.js'
import { SECOND } from '../../time.js'
import { entryOf, latchEntry } from './exit.js'
import { believedScout } from './pre-close-scout.js'
import { trailStop } from './stop.js'

/** The exits that a run before the close asks for. */
export interface ExitsBeforeClose {
  readonly events: readonly PortfolioEvent[]
  readonly exits: readonly PreCloseExit[]
}

/** The price that the bar would close at, if it closed now, and the ATR that goes with it. */
interface WouldBeClose {
  readonly price: number
  readonly atr: number | null
  readonly ageSeconds: number
}

/**
 * Returns the exits before a close. By the mode `atr` a unit is sold when the stop that the would-be close updates is
 * above that close; by `supertrend` all are when the scout says that the SuperTrend is lost. The stops themselves move
 * with confirmed closes only. An old price is told, and blocks nothing.
 */
export function exitsBeforeClose(
  portfolio: Portfolio,
  input: PreCloseDue,
  book: Book,
  nextOrdinal: () => number,
): ExitsBeforeClose {
  const close = wouldBeClose(portfolio, input, book)
  if (close === null || book.units.length === 0) return { events: [], exits: [] }
  const events: PortfolioEvent[] = []
  const exits: PreCloseExit[] = []
  for (const unit of book.units) {
    if (unit.exit !== null) continue
    const found = whyExit(portfolio, book, unit, close)
    if (found === null) continue
    const decision = exitDecision(portfolio, input, unit, close, { ordinal: nextOrdinal(), ...found })
    const exit = { decisionId: decision.id, reason: found.reason }
    events.push({ type: 'DecisionMade', decision }, { type: 'ExitRequested', positionId: unit.id, ...exit })
    exits.push({ positionId: unit.id, label: unit.label })
    const entry = entryOf(portfolio, book, [unit])
    if (entry?.latch === null) events.push(...latchEntry(portfolio, book, entry, exit))
  }
  return { events, exits }
}

/** The broker's price, else the last one that was believed: a scout far from the last bar moves nothing. */
function wouldBeClose(portfolio: Portfolio, input: PreCloseDue, book: Book): WouldBeClose | null {
  const { market } = book
  const quote = input.quotes[book.instrument] ?? null
  const price = quote?.price ?? market.price
  if (price === null) return null
  const barMinutes = instrumentOf(portfolio, book.instrument)?.barMinutes ?? 0
  const isFresh = isBarFresh(market, barMinutes, portfolio.now)
  const atr = isFresh ? (market.atr ?? market.scout?.atr ?? null) : (market.scout?.atr ?? market.atr)
  return { price, atr, ageSeconds: (portfolio.now - (quote?.observedAt ?? market.priceAt)) / SECOND }
}

function whyExit(
  portfolio: Portfolio,
  book: Book,
  unit: Unit,
  { price, atr }: WouldBeClose,
): { reason: string; stop: number } | null {
  const settings = settingsOf(portfolio)
  if (settings.preClose?.exitMode === 'supertrend') {
    const isLost = believedScout(portfolio, book)?.conditions.longExit === true
    return isLost ? { reason: 'PRE_CLOSE_SUPERTREND', stop: unit.stop } : null
  }
  const multiple =
    instrumentOf(portfolio, book.instrument)?.trend.trailingAtrMultiple ?? Number.POSITIVE_INFINITY
  const { hit, stop } = trailStop(unit, price, atr ?? unit.entryAtr, multiple)
  return hit ? { reason: 'PRE_CLOSE_STOP', stop } : null
}

function exitDecision(
  portfolio: Portfolio,
  input: PreCloseDue,
  unit: Unit,
  close: WouldBeClose,
  { ordinal, reason, stop }: { ordinal: number; reason: string; stop: number },
): Decision {
  const limit = settingsOf(portfolio).preClose?.scoutMaxAgeSeconds ?? 0
  const isOld = close.ageSeconds > limit
  return newDecision(portfolio, {
    inputId: input.id,
    ordinal,
    kind: 'exit',
    instrument: unit.instrument,
    outcome: 'approved',
    reasons: [reason],
    lots: unit.heldLots,
    price: close.price,
    stop,
    positionIds: [unit.id],
    notes: isOld ? [`the price is ${close.ageSeconds} s old: an exit goes by the last that is known`] : [],
  })
}
