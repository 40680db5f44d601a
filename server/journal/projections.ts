import { invariant } from '../../core/invariant.js'
import { type EventPlace, marketViewRow, orderRow, positionRow } from './projected-rows.js'
import type {
  alarmColumns,
  decisionColumns,
  fillColumns,
  ledgerColumns,
  marketViewColumns,
  orderColumns,
  positionColumns,
  Row,
} from './projection-columns.js'
import type { Touched } from './touched.js'

/** The projected rows that a batch makes and changes. */
export interface Projections {
  readonly decisions: readonly Row<typeof decisionColumns>[]
  readonly madeOrders: readonly Row<typeof orderColumns>[]
  readonly changedOrders: readonly Row<typeof orderColumns>[]
  readonly madePositions: readonly Row<typeof positionColumns>[]
  readonly changedPositions: readonly Row<typeof positionColumns>[]
  readonly fills: readonly Row<typeof fillColumns>[]
  readonly ledger: readonly Row<typeof ledgerColumns>[]
  readonly alarms: readonly Row<typeof alarmColumns>[]
  readonly marketViews: readonly Row<typeof marketViewColumns>[]
}

/** The place of an order or unit that was made earlier: only its changing columns are written. */
const EARLIER: EventPlace = { seq: 0, idx: 0 }

/** Returns the rows of what was touched, as the state is now. */
export function projectionsOf(portfolio: string, touched: Touched): Projections {
  const { decisions, fills, ledger, alarms } = touched
  return {
    decisions,
    fills,
    ledger,
    alarms,
    ...projectOrders(portfolio, touched),
    ...projectPositions(touched),
    marketViews: [...touched.books.values()].map(marketViewRow),
  }
}

function projectOrders(portfolio: string, { orders, madeOrders }: Touched) {
  const made: Row<typeof orderColumns>[] = []
  const changed: Row<typeof orderColumns>[] = []
  for (const [id, order] of orders) {
    const place = madeOrders.get(id)
    if (place === undefined) changed.push(orderRow(portfolio, EARLIER, order))
    else made.push(orderRow(portfolio, place, order))
  }
  invariant(made.length === madeOrders.size, 'an order was made that the state does not know')
  return { madeOrders: made, changedOrders: changed }
}

function projectPositions({ units, madeUnits }: Touched) {
  const made: Row<typeof positionColumns>[] = []
  const changed: Row<typeof positionColumns>[] = []
  for (const [id, { unit, entry }] of units) {
    const place = madeUnits.get(id)
    if (place === undefined) changed.push(positionRow(EARLIER, unit, entry))
    else made.push(positionRow(place, unit, entry))
  }
  invariant(made.length === madeUnits.size, 'a unit was opened that the state does not know')
  return { madePositions: made, changedPositions: changed }
}
