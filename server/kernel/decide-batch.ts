import { digest } from '../../core/ids.js'
import type { Input } from '../../core/input.js'
import { step } from '../../core/kernel.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Instant } from '../../core/time.js'
import type { Clock } from '../clock.js'
import {
  type AlertOutcome,
  alertOutcome,
  inboxDecision,
  quarantinedOutcome,
} from '../journal/alert-outcome.js'
import type { Fold } from '../journal/fold.js'
import type { InboxDecision } from '../journal/persist.js'
import { type LogEntry, nothingTouched, type Touched, touch } from '../journal/touched.js'
import type { NewInput, Work } from './work.js'

/** A piece of work with what it led to. */
export interface DecidedWork {
  readonly work: Work
  readonly entry: LogEntry
  /** What became of the alert, when it is one. */
  readonly alert: AlertOutcome | null
  /** Why it was put aside; null when it was decided. */
  readonly failure: string | null
}

/** Works that were decided in memory, one after the other. */
export interface DecidedWorks {
  readonly done: readonly DecidedWork[]
  readonly touched: Touched
  readonly inbox: readonly InboxDecision[]
}

/** What deciding depends on. */
export interface DecideContext {
  readonly clock: Clock
  /** Inputs that failed before, with the reason: what is decided in their place is that they failed. */
  readonly failures: ReadonlyMap<string, string>
}

/**
 * Decides works on `fold`, which holds the result. Throws whatever a step throws; the fold is then in between states
 * and must be dropped.
 */
export function decideBatch(fold: Fold, works: readonly Work[], context: DecideContext): DecidedWorks {
  const touched = nothingTouched()
  const done: DecidedWork[] = []
  const inbox: InboxDecision[] = []
  for (const work of works) {
    const decided = decideWork(fold, work, context)
    touch(touched, fold.portfolio, decided.entry)
    done.push(decided)
    if (work.inboxId !== null && decided.alert !== null) {
      inbox.push(inboxDecision(work.inboxId, decided.alert))
    }
  }
  return { done, touched, inbox }
}

function decideWork(fold: Fold, work: Work, { clock, failures }: DecideContext): DecidedWork {
  const failure = failures.get(work.input.id) ?? null
  const taken = failure === null ? work.input : failed(fold.portfolio, work.input, failure)
  const input = stamp(taken, Math.max(fold.portfolio.now, clock.now()))
  const events = step(fold.portfolio, input)
  fold.seq += 1
  fold.events += events.length
  const entry = { seq: fold.seq, input, events }
  return { work, entry, alert: outcomeOf(work, entry, failure), failure }
}

/** Returns `input` as taken up at `at`. */
export function stamp(input: NewInput, at: Instant): Input {
  return { ...input, at } as Input
}

function outcomeOf(work: Work, { seq, events }: LogEntry, failure: string | null): AlertOutcome | null {
  const { input } = work
  if (input.type !== 'AlertAdmitted') return null
  return failure === null ? alertOutcome(input.id, seq, events) : quarantinedOutcome(input.id, seq)
}

/** Returns the id of the input that stands in the log for one that could not be decided. */
export function failureId(inputId: string): string {
  return `F-${digest('failed', inputId)}`
}

/** Returns the input that stands in the log for one that could not be decided. */
function failed(portfolio: Portfolio, input: NewInput, error: string): NewInput {
  const instrument = instrumentOf(portfolio, input)
  return { type: 'InputFailed', id: failureId(input.id), failedInputId: input.id, instrument, error }
}

/** Returns the instrument that an input is about, where it is about one that the portfolio knows. */
function instrumentOf(portfolio: Portfolio, input: NewInput): string | null {
  const ofOrder = (id: string | undefined) => portfolio.orders.get(id ?? '')?.instrument
  const known = (name: string | undefined) => (name !== undefined && portfolio.books.has(name) ? name : null)
  switch (input.type) {
    case 'AlertAdmitted':
      return known(input.alert.instrument)
    case 'BarClosed':
      return known(input.instrument)
    case 'OrdersDue':
      return known(ofOrder(input.orderIds[0]))
    case 'BrokerReported':
      return known(ofOrder(input.reports[0]?.orderId))
    default:
      return null
  }
}
