import type { Decision } from '../decision.js'
import type { PortfolioEvent } from '../event.js'
import type { SettleBreak } from '../input.js'
import { unreachable } from '../invariant.js'
import { decideReport } from '../order/reports.js'
import { type Book, plannedEntry } from '../portfolio/book.js'
import { bookOf, type Portfolio } from '../portfolio/portfolio.js'
import { commandDecision } from '../risk/commands.js'
import { planAdoption } from './adopt.js'
import { planFillOfUnknown, planMissingFills } from './book-fills.js'
import { type Break, describeBreak } from './break.js'
import { isAtRest } from './compare.js'
import { findBreak, type ListedBreak } from './list-breaks.js'
import { isRefusal, type Plan, type Refusal, refusal } from './plan.js'

/** What settling a break is done with. */
export interface Settling {
  readonly inputId: string
  readonly command: SettleBreak
  /** Takes events into the portfolio as they are decided. */
  readonly record: (events: readonly PortfolioEvent[]) => void
}

/**
 * Decides what an operator orders about a difference from the broker. What does not fit is refused with its reason in
 * the decision's notes, and changes nothing.
 */
export function settleBreak(portfolio: Portfolio, settling: Settling): void {
  const { inputId, command, record } = settling
  const listed = findBreak(portfolio, command.breakId)
  const plan = listed === undefined ? unknownBreak(command) : planSettlement(portfolio, listed, settling)
  if (isRefusal(plan) || listed === undefined) {
    record([{ type: 'DecisionMade', decision: decisionOn(portfolio, settling, { listed, plan }) }])
    return
  }
  record([{ type: 'DecisionMade', decision: decisionOn(portfolio, settling, { listed, plan }) }])
  if (plan.isAlreadySo) return
  for (const decide of plan.steps) record(decide())
  const { action, reason } = command
  const decisionId = `D${inputId.slice(1)}`
  const { found } = listed
  record([{ type: 'BreakSettled', decisionId, action, settled: found, reason, at: portfolio.now }])
  record(unlockAfter(portfolio, found, reason))
}

function unknownBreak({ breakId }: SettleBreak): Refusal {
  return refusal('BREAK_UNKNOWN', `there is no difference ${breakId} any more`)
}

function planSettlement(portfolio: Portfolio, listed: ListedBreak, settling: Settling): Plan | Refusal {
  const { command } = settling
  const { found, state } = listed
  if (state === 'suspected') {
    return refusal('NOT_CONFIRMED', `${describeBreak(found)}: this is not certain yet, wait for another look`)
  }
  if (command.action === 'ignore') {
    const notes = found.class === 'match' ? [] : [`accepted until it changes: ${describeBreak(found)}`]
    return { reason: 'IGNORED', steps: [], notes, isAlreadySo: state === 'ignored' }
  }
  switch (found.class) {
    case 'match':
      return refusal(
        'NOTHING_DIFFERS',
        `${describeBreak(found)}: there is nothing to ${command.action}; ignore unlocks it`,
      )
    case 'external':
      return refusal(
        'NOT_OURS',
        'only what an order of somebody else fills can be taken up, once it shows in the position: cancel it at the broker, or ignore it',
      )
    case 'surplus':
      return refusal(
        'NOT_A_WHOLE',
        `${describeBreak(found)}: a leg alone cannot be taken up: close it at the broker, which settles it, or ignore it`,
      )
    case 'unknownOrder':
      return command.action === 'adopt'
        ? planAbsence(portfolio, found, command)
        : planFillOfUnknown(portfolio, found, settling)
    case 'ghost':
    case 'orphan':
    case 'quantity':
    case 'side':
      if (!isSettled(bookOf(portfolio, found.instrument))) {
        return refusal(
          'ORDER_AT_WORK',
          `an order of ${found.instrument} is planned or at work: wait until it has ended`,
        )
      }
      return command.action === 'adopt'
        ? planAdoption(portfolio, found, settling)
        : planMissingFills(portfolio, found, settling)
    default:
      return unreachable(found.class)
  }
}

/** An entry that is planned is as good as one at work: it was sized for what the book held. */
function isSettled(book: Book): boolean {
  return isAtRest(book) && plannedEntry(book) === null
}

/** The broker does not show the order, and that is taken as the truth. Should it fill after all, it is an alarm. */
function planAbsence(portfolio: Portfolio, { orderId }: Break, { reason }: SettleBreak): Plan {
  const why = `the broker does not show it: ${reason}`
  const cancel = () => decideReport(portfolio, { kind: 'canceled', orderId: orderId ?? '', reason: why })
  return { reason: 'ADOPTED', steps: [cancel], notes: [`order ${orderId} ends with what it has filled`] }
}

/** The last difference that is settled unlocks; a lock with another cause stays, unless it is what was settled. */
function unlockAfter(portfolio: Portfolio, settled: Break, reason: string): PortfolioEvent[] {
  const { instrument } = settled
  const lock = portfolio.books.get(instrument)?.lock ?? null
  if (lock === null) return []
  const isLast = ![...portfolio.breaks.values()].some(
    (found) => found.instrument === instrument && found.isConfirmed,
  )
  const isMeant = settled.class === 'match' || lock.breakId !== null
  return isLast && isMeant ? [{ type: 'InstrumentUnlocked', instrument, reason }] : []
}

interface Settled {
  readonly listed: ListedBreak | undefined
  readonly plan: Plan | Refusal
}

function decisionOn(portfolio: Portfolio, settling: Settling, { listed, plan }: Settled): Decision {
  const { inputId, command } = settling
  const instrument = listed?.found.instrument ?? null
  const about = { instrument, price: command.price?.toNumber() ?? null, stop: command.stop }
  if (isRefusal(plan)) {
    const blocked = commandDecision(portfolio, inputId, 'settleBreak', 'blocked', [plan.refused])
    return { ...blocked, ...about, notes: [plan.words] }
  }
  const outcome = plan.isAlreadySo ? 'ignored' : 'approved'
  const reasons = [plan.isAlreadySo ? 'ALREADY_SO' : plan.reason, command.reason]
  const made = commandDecision(portfolio, inputId, 'settleBreak', outcome, reasons)
  return { ...made, ...about, ...plan.shown, notes: plan.notes }
}
