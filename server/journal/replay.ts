import type { PortfolioEvent } from '../../core/event.js'
import type { InputType } from '../../core/input.js'
import { step } from '../../core/kernel.js'
import { emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import { DataCorruptError } from './data-corrupt-error.js'
import { type FactDifference, factDifference } from './fact-difference.js'
import { readHead } from './load.js'
import { type Queryable, readLog } from './read-log.js'
import type { LogEntry } from './touched.js'

/** The first event that the present core would have recorded otherwise. */
export interface ReplayDifference extends FactDifference {
  readonly seq: number
  readonly inputId: string
  readonly inputType: InputType
  /** Index of the event among those of its input. */
  readonly idx: number
  /** Null when one side has no event there. */
  readonly recordedEvent: PortfolioEvent | null
  readonly replayedEvent: PortfolioEvent | null
}

/** An input that was decided again. */
export interface ReplayedInput {
  readonly entry: LogEntry
  /** What the present core decides. */
  readonly events: readonly PortfolioEvent[]
  /** Null when the same was recorded. */
  readonly difference: ReplayDifference | null
}

/**
 * Decides recorded inputs anew, one after the other, and yields each with where it differs from what was recorded. It
 * ends after the first that differs: what follows rests on another state. An input that fails differs, too.
 */
export async function* replay(
  portfolio: string,
  entries: AsyncIterable<LogEntry> | Iterable<LogEntry>,
): AsyncGenerator<ReplayedInput> {
  const state = emptyPortfolio(portfolio)
  for await (const entry of entries) {
    const replayed = decideAgain(state, entry)
    yield replayed
    if (replayed.difference !== null) return
  }
}

function decideAgain(state: Portfolio, entry: LogEntry): ReplayedInput {
  try {
    const events = step(state, entry.input)
    return { entry, events, difference: differenceOf(entry, events) }
  } catch (error) {
    const [recorded = null] = entry.events
    const replayed = error instanceof Error ? error.message : String(error)
    const place = { seq: entry.seq, inputId: entry.input.id, inputType: entry.input.type, idx: 0 }
    const difference = {
      ...place,
      recordedEvent: recorded,
      replayedEvent: null,
      path: '',
      recorded,
      replayed,
    }
    return { entry, events: [], difference }
  }
}

function differenceOf({ seq, input, events: recorded }: LogEntry, replayed: readonly PortfolioEvent[]) {
  const count = Math.max(recorded.length, replayed.length)
  for (let idx = 0; idx < count; idx++) {
    const [recordedEvent, replayedEvent] = [recorded[idx] ?? null, replayed[idx] ?? null]
    const found = factDifference(recordedEvent, replayedEvent)
    if (found === null) continue
    return { seq, inputId: input.id, inputType: input.type, idx, recordedEvent, replayedEvent, ...found }
  }
  return null
}

/** Returns the recorded inputs of a portfolio with their events, as far as they are recorded by now. */
export async function* recordedEntries(db: Queryable, portfolio: string): AsyncGenerator<LogEntry> {
  const head = await readHead(db, portfolio)
  if (head === null) throw new DataCorruptError({ portfolio, seq: null }, 'the portfolio has no row')
  yield* readLog(db, { portfolio, from: 1, to: head.seq })
}

/** What a replay of a portfolio came to. */
export interface ReplayReport {
  readonly portfolio: string
  /** Inputs that were decided again, the differing one included. */
  readonly inputs: number
  readonly events: number
  readonly decisions: number
  /** Null when the present core decides everything as it was recorded. */
  readonly difference: ReplayDifference | null
}

/** Replays everything that a portfolio has recorded; memory does not grow with it. */
export async function replayPortfolio(db: Queryable, portfolio: string): Promise<ReplayReport> {
  let [inputs, events, decisions] = [0, 0, 0]
  let difference: ReplayDifference | null = null
  for await (const replayed of replay(portfolio, recordedEntries(db, portfolio))) {
    inputs += 1
    events += replayed.events.length
    decisions += replayed.events.filter(({ type }) => type === 'DecisionMade').length
    difference = replayed.difference
  }
  return { portfolio, inputs, events, decisions, difference }
}
