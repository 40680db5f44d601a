import type { PortfolioEvent } from '../../core/event.js'
import type { Input } from '../../core/input.js'
import type { Instant } from '../../core/time.js'
import { decodeEvent } from '../journal/codec/event-codec.js'
import { decodeInput } from '../journal/codec/input-codec.js'
import type { Queryable } from '../journal/read-log.js'

/** Something that happened to an asset or instrument, as the log of its portfolio has it. */
export interface TimelineMoment {
  readonly seq: number
  readonly at: Instant
  /** The input that led to it. */
  readonly inputId: string
  readonly inputType: Input['type']
  readonly event: PortfolioEvent
}

/** Which moments are asked for. */
export interface TimelineQuery {
  readonly portfolio: string
  readonly instrument: string
  /** Most of them; the latest count. */
  readonly limit: number
}

/**
 * Events name what they are about, or an order or a holding that does. The newest are looked for from the end of the log,
 * so that a long log is read no further than it has to be.
 */
const MOMENTS = `
  with own as (select id from orders where portfolio = $1 and instrument = $2)
  select e.seq, e.idx, e.type, e.schema_version as version, e.data,
    i.id as input_id, i.type as input_type, i.schema_version as input_version, i.data as input_data
  from events e join inputs i on i.portfolio = e.portfolio and i.seq = e.seq
  where e.portfolio = $1 and (
    e.data ->> 'instrument' = $2
    or (e.type = 'DecisionMade' and e.data -> 'decision' ->> 'instrument' = $2)
    or e.data ->> 'positionId' = $3
    or e.data ->> 'orderId' in (select id from own)
  )
  order by e.seq desc, e.idx desc limit $4`

interface MomentRow {
  readonly seq: number
  readonly type: string
  readonly version: number
  readonly data: unknown
  readonly input_id: string
  readonly input_type: string
  readonly input_version: number
  readonly input_data: unknown
}

/** Returns what happened to an instrument of a portfolio, the oldest of the asked ones first. */
export async function readTimeline(
  db: Queryable,
  { portfolio, instrument, limit }: TimelineQuery,
): Promise<readonly TimelineMoment[]> {
  const { rows } = await db.query<MomentRow>(MOMENTS, [portfolio, instrument, `H-${instrument}`, limit])
  return rows.reverse().map((row) => {
    const place = { portfolio, seq: row.seq }
    const { input_id: id, input_type: type, input_version: version, input_data: data } = row
    const input = decodeInput(place, { id, type, version, data })
    return {
      seq: row.seq,
      at: input.at,
      inputId: input.id,
      inputType: input.type,
      event: decodeEvent(place, row),
    }
  })
}
