import type { Pool } from 'pg'
import { assetOfHolding } from '../../core/portfolio/holding.js'
import { inTransaction } from '../db/transaction.js'
import type { Queryable } from '../journal/read-log.js'
import type { Story, StoryAlert, StoryKind, StoryMoment, StoryOrder } from './story.js'
import {
  type Anchor,
  readAlert,
  readAnswers,
  readConflicts,
  readDecisions,
  readInput,
  readOrders,
  readPositions,
  readTimeline,
} from './story-queries.js'

const kinds: Readonly<Record<string, StoryKind>> = {
  A: 'alert',
  C: 'command',
  D: 'decision',
  O: 'order',
  P: 'position',
  // A question to a person is told by the decision that asked it
  Q: 'decision',
}

/** Returns what an id names, by its first letter, or null when it is no id of ours. */
export function storyKind(id: string): StoryKind | null {
  return /^[A-Z]-./.test(id) ? (kinds[id.charAt(0)] ?? null) : null
}

/**
 * Returns the story of an alert, command, decision, order, position or question, or null when nothing is recorded under the id.
 * The database is seen as it is at one instant, so a running service does not disturb. Throws DataCorruptError on an
 * unreadable log.
 */
export async function readStory(pool: Pool, id: string): Promise<Story | null> {
  const kind = storyKind(id)
  if (kind === null) return null
  return inTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read read only')
    return readStoryIn(client, kind, id.replace(/^Q/, 'D'))
  })
}

async function readStoryIn(db: Queryable, kind: StoryKind, id: string): Promise<Story | null> {
  const anchor = await findAnchor(db, kind, id)
  if (anchor === null) return null
  const { portfolio } = anchor
  const input = await readInput(db, anchor)
  const decisions = await readDecisions(db, portfolio, anchor.decisionIds)
  // A holding is a position without an end: its other orders are other stories.
  const isUnit = (id: string): boolean => assetOfHolding(id) === null
  const named = [...anchor.positionIds, ...decisions.flatMap(({ positionIds }) => positionIds)].filter(isUnit)
  const answers = await readAnswers(db, portfolio, anchor.decisionIds)
  const decisionIds = [...anchor.decisionIds, ...answers]
  const orders = await readOrders(db, { ...anchor, decisionIds, positionIds: named })
  const positionIds = [...new Set([...named, ...orders.map((order) => order.positionId)])].filter(isUnit)
  const changesPortfolio = decisions.some((decision) => ['tradingState', 'cash'].includes(decision.kind))
  const isWhole = kind === 'alert' || kind === 'command' || changesPortfolio
  const orderIds = orders.map((order) => order.id)
  const timeline = await readTimeline(db, { ...anchor, positionIds }, { orderIds, id, isWhole })
  const alertId = input?.input.type === 'AlertAdmitted' ? input.input.id : kind === 'alert' ? id : null
  return {
    id,
    kind,
    portfolio,
    currency: anchor.currency,
    alert: alertId === null ? null : await readStoryAlert(db, alertId),
    input,
    decisions,
    orders,
    positions: await readPositions(db, portfolio, positionIds),
    timeline,
    laterDecisions: await readDecisions(db, portfolio, [...answers, ...laterIds(anchor, orders, timeline)]),
  }
}

/** Returns where in the logs the story begins, and what it is about. */
async function findAnchor(db: Queryable, kind: StoryKind, id: string): Promise<Anchor | null> {
  const { rows } = await db.query<AnchorRow>({ text: anchorQueries[kind], values: [id] })
  const first = rows[0]
  if (first === undefined) return null
  const decisionIds = rows.flatMap(({ decision_id }) => (decision_id === null ? [] : [decision_id]))
  const positionIds = kind === 'position' ? [id] : []
  return { portfolio: first.portfolio, currency: first.currency, seq: first.seq, decisionIds, positionIds }
}

interface AnchorRow {
  readonly portfolio: string
  readonly currency: string
  readonly seq: number | null
  readonly decision_id: string | null
}

const columns = `d.portfolio, p.currency, d.seq, d.id as decision_id`
const anchorQueries: Readonly<Record<StoryKind, string>> = {
  // An alert that waits, was put aside or changed nothing has no decision, and its story all the same.
  alert: `select i.portfolio, coalesce(p.currency, '') as currency, coalesce(d.seq, i.seq) as seq, d.id as decision_id
    from inbox i left join portfolios p on p.id = i.portfolio
      left join decisions d on d.alert_id = i.alert_id and d.portfolio = i.portfolio
    where i.alert_id = $1 order by i.conflict, d.seq, d.idx`,
  command: `select i.portfolio, p.currency, i.seq, d.id as decision_id
    from inputs i join portfolios p on p.id = i.portfolio
      left join decisions d on d.portfolio = i.portfolio and d.seq = i.seq
    where i.id = $1 order by d.idx`,
  decision: `select ${columns} from decisions d join portfolios p on p.id = d.portfolio where d.id = $1`,
  order: `select ${columns} from orders o join portfolios p on p.id = o.portfolio
      join decisions d on d.portfolio = o.portfolio and d.id = o.decision_id where o.id = $1`,
  position: `select ${columns} from positions u join portfolios p on p.id = u.portfolio
      left join orders o on o.portfolio = u.portfolio and o.id = u.entry_order_id
      join decisions d on d.portfolio = u.portfolio and d.id = coalesce(o.decision_id, 'D' || substr(u.id, 2))
    where u.id = $1`,
}

async function readStoryAlert(db: Queryable, id: string): Promise<StoryAlert | null> {
  const found = await readAlert(db, id)
  return found === null ? null : { ...found, conflictingIds: await readConflicts(db, id) }
}

function laterIds(
  anchor: Anchor,
  orders: readonly StoryOrder[],
  timeline: readonly StoryMoment[],
): readonly string[] {
  const ids = new Set(orders.map((order) => order.decisionId))
  for (const { event } of timeline) {
    if (event.type === 'ExitRequested' || event.type === 'ExitLatched') ids.add(event.decisionId)
  }
  for (const own of anchor.decisionIds) ids.delete(own)
  return [...ids]
}
