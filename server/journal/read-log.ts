import type { Pool, PoolClient } from 'pg'
import type { PortfolioEvent } from '../../core/event.js'
import { decodeEvent } from './codec/event-codec.js'
import { decodeInput } from './codec/input-codec.js'
import { DataCorruptError } from './data-corrupt-error.js'
import type { LogEntry } from './touched.js'

/** Something that answers queries: a pool, or one connection inside a transaction. */
export type Queryable = Pick<Pool | PoolClient, 'query'>

/** Part of a portfolio's logs. */
export interface LogRange {
  readonly portfolio: string
  /** First input, at least 1. */
  readonly from: number
  /** Last input. */
  readonly to: number
}

/** Inputs that are read at once: enough to keep the round trips cheap, few enough to keep memory flat. */
const CHUNK = 1000

type InputRow = [seq: number, id: string, type: string, version: number, data: unknown]
type EventRow = [seq: number, idx: number, type: string, version: number, data: unknown]

/**
 * Yields what was recorded, in order, in chunks of up to 1,000 inputs. Throws DataCorruptError when an input or event
 * is missing, or cannot be read.
 */
export async function* readLogChunks(db: Queryable, range: LogRange): AsyncGenerator<LogEntry[]> {
  for (const chunk of chunksOf(range)) yield await readChunk(db, chunk)
}

/** Yields the ranges of up to 1,000 inputs that make up `range`, in order. */
export function* chunksOf({ portfolio, from, to }: LogRange): Generator<LogRange> {
  for (let first = from; first <= to; first += CHUNK) {
    yield { portfolio, from: first, to: Math.min(to, first + CHUNK - 1) }
  }
}

/** Yields what was recorded, in order, one input with its events at a time. Throws like readLogChunks. */
export async function* readLog(db: Queryable, range: LogRange): AsyncGenerator<LogEntry> {
  for await (const chunk of readLogChunks(db, range)) yield* chunk
}

/** Returns what was recorded in one chunk, in order; both logs are asked for at once. Rejects like readLogChunks. */
export async function readChunk(db: Queryable, range: LogRange): Promise<LogEntry[]> {
  const values = [range.portfolio, range.from, range.to]
  const readInputs = db.query<InputRow>({
    name: 'read-inputs',
    text: `select seq, id, type, schema_version, data from inputs
      where portfolio = $1 and seq between $2 and $3 order by seq`,
    values,
    rowMode: 'array',
  } as never)
  const readEvents = db.query<EventRow>({
    name: 'read-events',
    text: `select seq, idx, type, schema_version, data from events
      where portfolio = $1 and seq between $2 and $3 order by seq, idx`,
    values,
    rowMode: 'array',
  } as never)
  const [inputs, events] = await Promise.all([readInputs, readEvents])
  return joinLogs(range, inputs.rows, events.rows)
}

function joinLogs(range: LogRange, inputs: readonly InputRow[], events: readonly EventRow[]): LogEntry[] {
  const entries: LogEntry[] = []
  let next = 0
  for (const [seq, id, type, version, data] of inputs) {
    const place = { portfolio: range.portfolio, seq }
    const expected = range.from + entries.length
    if (seq !== expected) {
      throw new DataCorruptError({ ...place, seq: expected }, 'the input is missing from the log')
    }
    const caused: PortfolioEvent[] = []
    for (; next < events.length && events[next]![0] === seq; next++) {
      const [, idx, eventType, eventVersion, eventData] = events[next]!
      if (idx !== caused.length) throw new DataCorruptError(place, `event ${caused.length} is missing`)
      caused.push(decodeEvent(place, { type: eventType, version: eventVersion, data: eventData }))
    }
    entries.push({ seq, input: decodeInput(place, { id, type, version, data }), events: caused })
  }
  const missing = range.to - range.from + 1 - entries.length
  if (missing > 0) {
    const place = { portfolio: range.portfolio, seq: range.from + entries.length }
    throw new DataCorruptError(place, 'the input is missing from the log')
  }
  if (next < events.length) {
    const place = { portfolio: range.portfolio, seq: events[next]![0] }
    throw new DataCorruptError(place, 'the log holds an event without its input')
  }
  return entries
}
