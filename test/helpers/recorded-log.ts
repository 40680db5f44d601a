import type { Decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { Input } from '../../core/input.js'
import type { Queryable } from '../../server/journal/read-log.js'

/** A fact as its JSON has it: decimals are texts. */
export type Recorded<T> = T extends Decimal
  ? string
  : T extends object
    ? { readonly [Key in keyof T]: Recorded<T[Key]> }
    : T

/** An event as it is recorded. */
export type RecordedEvent = Recorded<PortfolioEvent>

/** An input as it is recorded, with its events. */
export interface RecordedEntry {
  readonly seq: number
  readonly input: Recorded<Input>
  readonly events: readonly RecordedEvent[]
}

interface EntryRow {
  readonly seq: number
  readonly id: string
  readonly type: string
  readonly data: object
  readonly events: readonly RecordedEvent[]
}

/** Returns what a portfolio has recorded after `after`, as the tables have it and without the code that decodes it. */
export async function readRecorded(db: Queryable, portfolio: string, after = 0): Promise<RecordedEntry[]> {
  const { rows } = await db.query<EntryRow>(
    `select seq, id, type, data, coalesce((
       select json_agg((data::jsonb || jsonb_build_object('type', type))::json order by idx)
       from events as e where (e.portfolio, e.seq) = (i.portfolio, i.seq)), '[]') as events
     from inputs as i where portfolio = $1 and seq > $2 order by seq`,
    [portfolio, after],
  )
  return rows.map(({ seq, id, type, data, events }) => ({
    seq,
    input: { ...data, id, type } as Recorded<Input>,
    events,
  }))
}

/** Returns a fact as it would be recorded. */
export function asRecorded<T extends object>(fact: T): Recorded<T> {
  return JSON.parse(JSON.stringify(fact)) as Recorded<T>
}
