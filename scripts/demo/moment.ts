import type { V1Reads } from '../../server/http/v1/port.js'
import type { AdminClient } from '../cli/admin-client.js'
import {
  type AlarmItem,
  type OrderItem,
  type PortfolioDetail,
  type PositionItem,
  readList,
} from '../cli/v1.js'
import type { DemoStep } from './day.js'
import type { DemoService, WebhookAnswer } from './demo-service.js'

/** A decision with its arithmetic and gates, as /v1 shows it. */
export type DecisionDetail = NonNullable<Awaited<ReturnType<V1Reads['decision']>>>
type FillItem = Awaited<ReturnType<V1Reads['fills']>>['items'][number]

/** A fill and the order that it belongs to. */
export interface DemoFill {
  readonly fill: FillItem
  readonly order: OrderItem
}

/** A stop that went up. */
export interface RaisedStop {
  readonly position: PositionItem
  readonly from: number
}

/** An alert of the day and everything that came of it. */
export interface DemoMoment {
  readonly step: DemoStep
  readonly answer: WebhookAnswer
  readonly decisions: readonly DecisionDetail[]
  readonly fills: readonly DemoFill[]
  readonly opened: readonly PositionItem[]
  readonly raised: readonly RaisedStop[]
  readonly closed: readonly PositionItem[]
  readonly alarms: readonly AlarmItem[]
  readonly portfolio: PortfolioDetail
}

/** What the records said before an alert. */
interface Seen {
  readonly decisions: ReadonlySet<string>
  readonly fills: ReadonlySet<string>
  readonly alarms: ReadonlySet<string>
  readonly positions: ReadonlyMap<string, PositionItem>
}

const most = 500
const base = '/v1/portfolios/paper'

/** Returns a function that sends the alert of a step at its time and tells what came of it, asking /v1. */
export function momentTeller({ admin, clock, send }: DemoService) {
  let seen: Seen = { decisions: new Set(), fills: new Set(), alarms: new Set(), positions: new Map() }
  return async (step: DemoStep, body: string, at: number): Promise<DemoMoment> => {
    clock.advanceTo(at)
    const answer = await send(body)
    const records = await readRecords(admin)
    const { decisions, orders, fills, positions, alarms, portfolio } = records
    const before = seen
    seen = {
      decisions: new Set(decisions.map(({ id }) => id)),
      fills: new Set(fills.map(({ id }) => id)),
      alarms: new Set(alarms.map(({ id }) => id)),
      positions: new Map(positions.map((position) => [position.id, position])),
    }
    const made = decisions.filter(({ id, alertId }) => alertId !== null && !before.decisions.has(id))
    return {
      step,
      answer,
      decisions: await Promise.all(
        made.map(({ id }) => admin.get<DecisionDetail>(`/v1/decisions/${encodeURIComponent(id)}`)),
      ),
      fills: fills
        .filter(({ id }) => !before.fills.has(id))
        .map((fill) => ({ fill, order: orders.find(({ id }) => id === fill.orderId)! })),
      ...changesOf(before.positions, positions),
      alarms: alarms.filter(({ id }) => !before.alarms.has(id)),
      portfolio,
    }
  }
}

/** Everything that is on record, oldest first. */
async function readRecords(admin: AdminClient) {
  const list = async <Item>(path: string, status?: string): Promise<Item[]> => {
    const page = await readList<Item>(admin, path, {
      limit: most,
      ...(status === undefined ? {} : { status }),
    })
    return [...page.items].reverse()
  }
  const [decisions, orders, fills, positions, alarms, portfolio] = await Promise.all([
    list<{ readonly id: string; readonly alertId: string | null }>(`${base}/decisions`),
    list<OrderItem>(`${base}/orders`, 'all'),
    list<FillItem>(`${base}/fills`),
    list<PositionItem>(`${base}/positions`, 'all'),
    list<AlarmItem>('/v1/alarms'),
    admin.get<PortfolioDetail>(base),
  ])
  return { decisions, orders, fills, positions, alarms, portfolio }
}

function changesOf(before: ReadonlyMap<string, PositionItem>, now: readonly PositionItem[]) {
  const opened: PositionItem[] = []
  const raised: RaisedStop[] = []
  const closed: PositionItem[] = []
  for (const position of now) {
    const earlier = before.get(position.id)
    if (earlier === undefined) opened.push(position)
    else if (position.stop > earlier.stop) raised.push({ position, from: earlier.stop })
    if (position.state === 'closed' && earlier?.state !== 'closed') closed.push(position)
  }
  return { opened, raised, closed }
}
