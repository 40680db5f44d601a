import type { Sizing } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import type { Approval } from '../../portfolio/approval.js'
import type { Book } from '../../portfolio/book.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { hasReached } from '../../portfolio/pre-close-run.js'
import { above, type Gate, must } from '../../risk/gate.js'
import { SECOND } from '../../time.js'
import { orderPlan, planOf } from './pre-close-orders.js'
import { believedScout, conditionGates } from './pre-close-scout.js'

/** Returns what must still be so when a person approves an entry of a run before the close. */
export function closeGates(portfolio: Portfolio, book: Book, { closesAt, unitNumber }: Approval): Gate[] {
  const { preClose, instrument } = book
  const left = ((closesAt ?? 0) - portfolio.now) / SECOND
  const isRunning = preClose !== null && preClose.closesAt === closesAt && preClose.outcome === null
  const limit = settingsOf(portfolio).preClose?.marketSeconds ?? 0
  const gates = [above('PRE_CLOSE_TIME', isRunning ? left : 0, limit)]
  if (unitNumber > 1) return gates
  const scout = believedScout(portfolio, book)
  if (scout === null) return [...gates, must('CONDITIONS', false, `no scout of ${instrument}`, 'none unmet')]
  return [...gates, ...conditionGates(scout)]
}

/** Returns the plan of the run, or at once its order when the run is placing already. */
export function openInRun(
  portfolio: Portfolio,
  book: Book,
  entry: { readonly decisionId: string; readonly unitNumber: number; readonly sizing: Sizing },
): PortfolioEvent[] {
  const run = book.preClose!
  const plan = planOf(entry)
  if (hasReached(run, 'place'))
    return orderPlan(portfolio, book, run, { plan, lots: plan.lots, price: plan.price })
  const planned = { ...run, plan, isRefused: false, detail: null }
  return [{ type: 'PreCloseAdvanced', instrument: book.instrument, run: planned, at: portfolio.now }]
}
