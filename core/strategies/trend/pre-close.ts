import type { EntryAlert } from '../../alert/alert.js'
import type { PortfolioEvent } from '../../event.js'
import type { PreCloseDue } from '../../input.js'
import { unreachable } from '../../invariant.js'
import { alarm } from '../../portfolio/alarm.js'
import type { Book } from '../../portfolio/book.js'
import { bookOf, instrumentOf, type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { hasReached, type PreCloseRun } from '../../portfolio/pre-close-run.js'
import { planExits } from '../../portfolio/standing-exits.js'
import { askFirst, isAsking, requestApproval } from '../../risk/approvals.js'
import type { PreCloseSettings } from '../../settings.js'
import { SECOND } from '../../time.js'
import { decisionOn, type EntryProposal, proposeEntry } from './entry.js'
import { phaseBegins } from './pre-close-due.js'
import { endRun } from './pre-close-end.js'
import { exitsBeforeClose } from './pre-close-exits.js'
import { goToMarket, placeEntry, planOf } from './pre-close-orders.js'
import { believedScout, conditionGates, contradicts, unmetConditions } from './pre-close-scout.js'
import { proposePyramid } from './pyramid.js'

/** Takes events as having happened: what follows sees them. */
export type Recorder = (events: readonly PortfolioEvent[]) => void

/**
 * Does one part of the run before a close, for the instruments that close together. Exits come first, then pyramids,
 * then base entries, so that what is sold makes room, and what is held is built on before anything new. A part that was
 * done is not done again, however often it is due.
 */
export function decidePreClose(portfolio: Portfolio, input: PreCloseDue, record: Recorder): void {
  const settings = settingsOf(portfolio).preClose
  if (settings === null) return
  const books = booksDue(portfolio, input)
  switch (input.phase) {
    case 'monitor':
      for (const book of books)
        record([advance(portfolio, book, { ...runOf(book, input), phase: 'monitor' })])
      break
    case 'decide':
      decide(portfolio, input, settings, books, record)
      break
    case 'place':
      place(portfolio, input, books, record)
      break
    case 'market':
      for (const book of books) {
        record([advance(portfolio, book, { ...runOf(book, input), phase: 'market' })])
        record(goToMarket(portfolio, book))
        record(planExits(portfolio, book))
      }
      break
    case 'end':
      for (const book of books) record(endRun(portfolio, book, runOf(book, input)))
      break
    default:
      unreachable(input.phase)
  }
}

function booksDue(portfolio: Portfolio, { closesAt, phase, instruments }: PreCloseDue): Book[] {
  return instruments
    .filter((name) => instrumentOf(portfolio, name) !== undefined)
    .map((name) => bookOf(portfolio, name))
    .filter(({ preClose }) => {
      if (preClose === null || preClose.closesAt < closesAt) return true
      return preClose.closesAt === closesAt && !hasReached(preClose, phase)
    })
}

function runOf(book: Book, { closesAt }: PreCloseDue): PreCloseRun {
  if (book.preClose?.closesAt === closesAt) return book.preClose
  return {
    closesAt,
    phase: 'monitor',
    plan: null,
    entryDecisionId: null,
    entryUnit: 0,
    entryLots: 0,
    exits: [],
    isRefused: false,
    outcome: null,
    detail: null,
  }
}

function advance(portfolio: Portfolio, book: Book, run: PreCloseRun): PortfolioEvent {
  return { type: 'PreCloseAdvanced', instrument: book.instrument, run, at: portfolio.now }
}

/** Too late to decide: the end of the run will say so. */
function decide(
  portfolio: Portfolio,
  input: PreCloseDue,
  settings: PreCloseSettings,
  books: readonly Book[],
  record: Recorder,
): void {
  if (phaseBegins(settings, input.closesAt, 'end') <= portfolio.now) return
  let decisions = 0
  const nextOrdinal = (): number => ++decisions
  const still: Book[] = []
  for (const book of books) {
    warnWithoutScout(portfolio, book, settings, record)
    const { events, exits } = exitsBeforeClose(portfolio, input, book, nextOrdinal)
    record(events)
    const run: PreCloseRun = { ...runOf(book, input), phase: 'decide', exits }
    if (exits.length > 0) record([advance(portfolio, book, run)])
    else still.push(book)
  }
  for (const book of still) if (book.units.length > 0) open(book)
  for (const book of still) if (book.units.length === 0) open(book)

  function open(book: Book): void {
    record(planEntry(portfolio, input, book, settings, nextOrdinal))
  }
}

function warnWithoutScout(
  portfolio: Portfolio,
  book: Book,
  settings: PreCloseSettings,
  record: Recorder,
): void {
  const { scout, scoutAt } = book.market
  const age = (portfolio.now - scoutAt) / SECOND
  const { instrument } = book
  if (scout === null || age > settings.scoutMaxAgeSeconds) {
    const last = scout === null ? 'none ever came' : `the last is ${age} s old`
    const message = `no scout of ${instrument} for the close: ${last}; nothing is opened, exits go by the last price`
    const text = { severity: 'warning', instrument, subject: null, message } as const
    record([alarm(portfolio, { code: 'PRE_CLOSE_WITHOUT_SCOUT', ...text })])
  } else if (contradicts(scout)) {
    const message = `the scout of ${instrument} says longEntry ${scout.conditions.longEntry}, and that ${unmetText(scout)}`
    const text = { severity: 'warning', instrument, subject: null, message } as const
    record([alarm(portfolio, { code: 'SCOUT_CONTRADICTS_ITSELF', ...text })])
  }
}

function unmetText(scout: Parameters<typeof unmetConditions>[0]): string {
  const unmet = unmetConditions(scout)
  return unmet.length === 0 ? 'every condition holds' : `${unmet.join(', ')} does not hold`
}

/** Returns what the run plans to open: the decision with every gate, and the run with its plan. */
function planEntry(
  portfolio: Portfolio,
  input: PreCloseDue,
  book: Book,
  settings: PreCloseSettings,
  nextOrdinal: () => number,
): PortfolioEvent[] {
  const run: PreCloseRun = { ...runOf(book, input), phase: 'decide' }
  const instrument = instrumentOf(portfolio, book.instrument)!
  const scout = believedScout(portfolio, book)
  const isHeld = book.units.length > 0
  if (scout === null) return [advance(portfolio, book, { ...run, detail: 'no scout came before the close' })]
  const unmet = unmetConditions(scout)
  if (!isHeld && unmet.length > 0 && !scout.conditions.longEntry) {
    return [advance(portfolio, book, { ...run, detail: `nothing to enter: ${unmet.join(', ')} not met` })]
  }
  const cause = {
    id: input.id,
    ordinal: nextOrdinal(),
    quote: input.quotes[book.instrument] ?? null,
    maxAgeSeconds: settings.scoutMaxAgeSeconds,
  }
  const alert: EntryAlert = {
    type: isHeld ? 'PYRAMID' : 'BASE_ENTRY',
    instrument: book.instrument,
    price: scout.price,
    atr: scout.atr,
    stop: null,
    er: scout.er,
    label: null,
    timestamp: book.market.scoutAt,
    barTime: scout.barTime,
  }
  const proposed = isHeld
    ? proposePyramid(portfolio, cause, alert, instrument)
    : proposeEntry(portfolio, cause, alert, instrument)
  const left = (input.closesAt - portfolio.now) / SECOND
  const gates = [
    ...(isHeld ? [] : conditionGates(scout)),
    {
      gate: 'PRE_CLOSE_TIME',
      passed: left > settings.marketSeconds,
      measured: left,
      limit: settings.marketSeconds,
    } as const,
    ...proposed.gates,
  ]
  const proposal: EntryProposal = askFirst(portfolio, { ...proposed, gates })
  const decision = decisionOn(portfolio, cause, alert, proposal)
  const decided: PortfolioEvent = { type: 'DecisionMade', decision }
  const { sizing, unitNumber } = proposal
  if (decision.outcome !== 'approved' || sizing === null) {
    const detail = `${decision.kind} refused: ${decision.reasons.join(', ')}`
    const refused = [decided, advance(portfolio, book, { ...run, isRefused: true, detail })]
    if (!isAsking(decision) || sizing === null) return refused
    const close = { closesAt: input.closesAt, until: phaseBegins(settings, input.closesAt, 'market') }
    const asked = { alert, sizing, unitNumber }
    return [...refused, requestApproval(portfolio, decision, asked, close)]
  }
  const plan = planOf({ decisionId: decision.id, unitNumber, sizing })
  return [decided, advance(portfolio, book, { ...run, plan })]
}

function place(portfolio: Portfolio, input: PreCloseDue, books: readonly Book[], record: Recorder): void {
  for (const book of books) {
    record([advance(portfolio, book, { ...runOf(book, input), phase: 'place' })])
    record(planExits(portfolio, book))
  }
  const byPriority = [...books].sort((left, right) => priority(left) - priority(right))
  for (const book of byPriority) record(placeEntry(portfolio, input, book))
}

/** Pyramids before base entries. */
function priority({ preClose }: Book): number {
  return (preClose?.plan?.unitNumber ?? 0) > 1 ? 0 : 1
}
