import { type Kysely, sql } from 'kysely'
import type { PortfolioEvent } from '../../../core/event.js'
import type { ApprovalOutcome, ApprovalRequest } from '../../../core/portfolio/approval.js'
import { isoInstant } from '../../../core/time.js'
import type { Tables } from '../../db/tables.js'
import { decodeEvent } from '../codec/event-codec.js'
import { afterPlace, type FilteredPageQuery, type Page, pageOfRows, placeOf } from './page.js'

/** An entry that waits, or has waited, for a person. Market prices are numbers, instants ISO 8601. */
export interface ShownApproval {
  readonly id: string
  /** The decision that asks. */
  readonly decisionId: string
  readonly instrument: string
  readonly kind: 'entry' | 'pyramid'
  /** 1 for a base entry. */
  readonly unit: number
  readonly label: string | null
  readonly lots: string
  readonly price: number
  readonly stop: number
  readonly priceBandPct: number
  readonly askedAt: string
  readonly expiresAt: string
  /** The close whose run asks; null when an alert does. */
  readonly closesAt: string | null
  readonly state: 'open' | ApprovalOutcome
  readonly reason: string | null
  /** The decision that answers. */
  readonly answerId: string | null
  readonly closedAt: string | null
}

interface ApprovalRow {
  readonly seq: number
  readonly idx: number
  readonly version: number
  readonly data: unknown
  readonly closed_seq: number | null
  readonly closed_version: number | null
  readonly closed_data: unknown
}

/** Returns a page of a portfolio's questions to people, newest first; open ones are those that nobody has answered. */
export async function readApprovals(
  db: Kysely<Tables>,
  portfolio: string,
  page: FilteredPageQuery,
): Promise<Page<ShownApproval>> {
  const status = {
    open: sql`closed.seq is null`,
    closed: sql`closed.seq is not null`,
    all: sql`true`,
  }[page.status]
  const { rows } = await selectApprovals(
    portfolio,
    sql`${afterPlace('asked', page.cursor)} and ${status}
      order by asked.seq desc, asked.idx desc limit ${page.limit + 1}`,
  ).execute(db)
  return pageOfRows(rows, page.limit, { item: (row) => showApproval(portfolio, row), cursor: placeOf })
}

/** Returns one question to a person, or null. */
export async function readApproval(
  db: Kysely<Tables>,
  portfolio: string,
  id: string,
): Promise<ShownApproval | null> {
  const only = sql`asked.data -> 'request' ->> 'id' = ${id} limit 1`
  const { rows } = await selectApprovals(portfolio, only).execute(db)
  return rows[0] === undefined ? null : showApproval(portfolio, rows[0])
}

/** The types stand in the text, so that the partial indices over them are used. */
function selectApprovals(portfolio: string, where: ReturnType<typeof sql>) {
  return sql<ApprovalRow>`
    select asked.seq, asked.idx, asked.schema_version as version, asked.data,
      closed.seq as closed_seq, closed.schema_version as closed_version, closed.data as closed_data
    from events asked
      left join events closed on closed.portfolio = asked.portfolio and closed.type = 'ApprovalClosed'
        and closed.data ->> 'approvalId' = asked.data -> 'request' ->> 'id'
    where asked.portfolio = ${portfolio} and asked.type = 'ApprovalRequested' and ${where}`
}

function showApproval(portfolio: string, row: ApprovalRow): ShownApproval {
  const { seq, version, data } = row
  const asked = decodeEvent({ portfolio, seq }, { type: 'ApprovalRequested', version, data })
  const { request } = asked as Extract<PortfolioEvent, { type: 'ApprovalRequested' }>
  return { ...showRequest(request), ...showEnd(portfolio, row) }
}

function showRequest(request: ApprovalRequest) {
  const { id, decisionId, instrument, unitNumber, lots, price, stop, priceBandPct, closesAt } = request
  return {
    ...{ id, decisionId, instrument, unit: unitNumber, label: request.alert.label },
    kind: unitNumber === 1 ? ('entry' as const) : ('pyramid' as const),
    ...{ lots: String(lots), price, stop, priceBandPct },
    askedAt: isoInstant(request.askedAt),
    expiresAt: isoInstant(request.expiresAt),
    closesAt: closesAt === null ? null : isoInstant(closesAt),
  }
}

function showEnd(portfolio: string, row: ApprovalRow) {
  if (row.closed_seq === null) return { state: 'open' as const, reason: null, answerId: null, closedAt: null }
  const recorded = { type: 'ApprovalClosed', version: row.closed_version ?? 0, data: row.closed_data }
  const event = decodeEvent({ portfolio, seq: row.closed_seq }, recorded)
  const { outcome, reason, answerId, at } = event as Extract<PortfolioEvent, { type: 'ApprovalClosed' }>
  return { state: outcome, reason, answerId, closedAt: isoInstant(at) }
}
