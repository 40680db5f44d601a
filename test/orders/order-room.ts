import type { EntryAlert, ExitAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { OperatorCommand } from '../../core/input.js'
import type { Order } from '../../core/order/order.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { BrokerCapabilities, OrderReference } from '../../server/brokers/broker.js'
import { PaperBroker } from '../../server/brokers/paper/paper-broker.js'
import { NO_FAULTS, type PaperFaults } from '../../server/brokers/paper/paper-settings.js'
import { SimulatedClock } from '../../server/clock.js'
import { PostgresPaperStore } from '../../server/db/paper-store.js'
import { createPortfolio, loadPortfolio } from '../../server/journal/load.js'
import { Sequencer } from '../../server/kernel/sequencer.js'
import type { ShellAlarm } from '../../server/observe/alarms.js'
import { silentLog } from '../../server/observe/log.js'
import { createMetrics } from '../../server/observe/metrics.js'
import type { OrderDeskOptions, OrderTimings } from '../../server/orders/desk-options.js'
import { OrderDesk } from '../../server/orders/order-desk.js'
import { referenceTo } from '../../server/orders/order-request.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import { settings } from '../helpers/settings.js'
import type { Teardown } from '../helpers/temporary-directory.js'

/** When every story begins. */
export const START = Date.UTC(2026, 0, 5, 6)

/** What a story may want differently. */
export interface RoomOptions {
  readonly faults?: Partial<PaperFaults>
  readonly capabilities?: BrokerCapabilities
  readonly timings?: Partial<OrderTimings>
  readonly maySend?: (order: Order) => boolean
  readonly settings?: Partial<PortfolioSettings>
  readonly quotesOf?: OrderDeskOptions['quotesOf']
}

/** A portfolio with its sequencer, its order desk and its paper venue, on a database of its own. */
export interface Room extends Life {
  readonly database: TestDatabase
  readonly clock: SimulatedClock
  /** The monotonic clock of the desk: it stands still unless it is moved. */
  readonly monotonic: { now: number }
  readonly alarms: ShellAlarm[]
  /**
   * Has another process take the portfolio over, and returns its part. The former is not told: what it was at it goes
   * on with, until it finds out that the lease is gone.
   */
  readonly takeOver: (options?: RoomOptions) => Promise<Life>
}

/** One process's part. */
export interface Life {
  readonly sequencer: Sequencer
  readonly broker: PaperBroker
  readonly desk: OrderDesk
}

let alerts = 0

/** Returns a room in which a portfolio of 100 million trades the four instruments; its desk is not open yet. */
export async function openRoom(t: Teardown, options: RoomOptions = {}): Promise<Room> {
  const database = await testDatabase(t)
  const clock = new SimulatedClock({ start: START })
  const monotonic = { now: 0 }
  const alarms: ShellAlarm[] = []
  const context = { t, database, clock, monotonic, alarms }
  await createPortfolio(database.pool, 'test', 'INR')
  const life = await live(context, options)
  await life.sequencer.submit({
    type: 'ConfigurationActivated',
    id: 'C-1',
    hash: 'h1',
    settings: settings({
      controls: { maxOrderValue: null, maxOrdersPerDay: 100_000, priceCollarPct: 2 },
      ...options.settings,
    }),
  })
  await command(life, { kind: 'cash', movement: 'deposit', amount: decimal(100_000_000), note: null })
  const takeOver = async (next: RoomOptions = options) => {
    await database.pool.query('update portfolios set epoch = epoch + 1')
    return live(context, next)
  }
  return { ...life, database, clock, monotonic, alarms, takeOver }
}

type Context = Pick<Room, 'database' | 'clock' | 'monotonic' | 'alarms'> & { readonly t: Teardown }

async function live(context: Context, options: RoomOptions): Promise<Life> {
  const { t, database, clock, monotonic, alarms } = context
  const { pool } = database
  const loaded = await loadPortfolio(pool, 'test', silentLog)
  const desk = { pool, log: silentLog, metrics: createMetrics() }
  const sequencer = new Sequencer({ portfolio: 'test', epoch: loaded.epoch, desk, clock })
  sequencer.start(loaded)
  const store = new PostgresPaperStore({ pool, account: 'test' })
  const faults = { ...NO_FAULTS, seed: 'seed', ...options.faults }
  const broker = new PaperBroker({
    store,
    settings: { slippageTicks: 1, commissionPct: 0.01, faults },
    clock,
    ...(options.capabilities ? { capabilities: options.capabilities } : {}),
  })
  const orderDesk = new OrderDesk({
    ...{ portfolio: 'test', sequencer, broker, clock, log: silentLog },
    raise: async (alarm) => void alarms.push(alarm),
    // Sweeps come when the story wants them
    timings: { sweepEvery: 1e9, backoff: 0, ...options.timings },
    monotonic: () => monotonic.now,
    ...(options.maySend ? { maySend: options.maySend } : {}),
    ...(options.quotesOf ? { quotesOf: options.quotesOf } : {}),
  })
  t.teardown(async () => {
    await orderDesk.close()
    await broker.close()
    await sequencer.stop()
  })
  return { sequencer, broker, desk: orderDesk }
}

/** Has an operator's command decided. */
export async function command(
  { sequencer }: Life,
  what: OperatorCommand,
): Promise<readonly PortfolioEvent[]> {
  const { events } = await sequencer.submit({
    type: 'OperatorCommanded',
    id: `C-${++alerts}-x`,
    command: what,
  })
  return events
}

/** Has an entry alert decided, and returns the order that it made, if any. */
export async function enter(
  room: Life & { readonly clock: SimulatedClock },
  instrument: string,
  price: number,
  changes: Partial<EntryAlert> = {},
): Promise<string | null> {
  const alert: EntryAlert = {
    ...{ type: 'BASE_ENTRY', instrument, price, atr: price / 200, stop: null, er: 1 },
    ...{ label: 'Long_1', timestamp: room.clock.now(), barTime: null },
    ...changes,
  }
  const id = `A-entry-${++alerts}`
  const { events } = await room.sequencer.submit({
    type: 'AlertAdmitted',
    id,
    alert,
    conflict: false,
    quote: null,
  })
  return orderIn(events)
}

/** Has an exit alert for everything decided, and returns the order that it made, if any. */
export async function exit(
  room: Life & { readonly clock: SimulatedClock },
  instrument: string,
): Promise<string | null> {
  const alert: ExitAlert = {
    ...{ type: 'EXIT', instrument, label: 'ALL', price: null, reason: null },
    ...{ timestamp: room.clock.now(), barTime: null, flags: [] },
  }
  const id = `A-exit-${++alerts}`
  const { events } = await room.sequencer.submit({
    type: 'AlertAdmitted',
    id,
    alert,
    conflict: false,
    quote: null,
  })
  return orderIn(events)
}

function orderIn(events: readonly PortfolioEvent[]): string | null {
  const made = events.find((event) => event.type === 'OrderInitialized')
  return made?.orderId ?? null
}

/** Returns the order as the state has it. */
export function orderOf({ sequencer }: Life, id: string | null): Order {
  const order = sequencer.state().orders.get(id ?? '')
  if (order === undefined) throw new Error(`there is no order ${id}`)
  return order
}

/** Returns what names the order at the venue. */
export function reference(life: Life, id: string | null): OrderReference {
  return referenceTo(life.sequencer.state(), orderOf(life, id))
}

/** Returns the lots held by instrument, as the journal has them, zero left out. */
export function heldLots({ sequencer }: Life): Record<string, string> {
  const held: Record<string, string> = {}
  for (const book of sequencer.state().books.values()) {
    const lots = book.units.reduce((sum, unit) => sum.plus(unit.lots), decimal(0))
    if (!lots.isZero()) held[book.instrument] = lots.toString()
  }
  return held
}

/** Returns the lots held by instrument, as the venue has them, zero left out. */
export async function venueLots({ broker }: Life): Promise<Record<string, string>> {
  const positions = Object.entries(await broker.positions())
  return Object.fromEntries(positions.map(([instrument, lots]) => [instrument, lots.toString()]))
}

/** Returns the types of the recorded events of one order, oldest first. */
export async function storyOf({ database }: Room, orderId: string | null): Promise<string[]> {
  const { rows } = await database.pool.query<{ type: string }>(
    `select type from events where data->>'orderId' = $1 and type like 'Order%' order by seq, idx`,
    [orderId],
  )
  return rows.map((row) => row.type)
}

/** Returns the codes of the recorded alarms of the core. */
export async function alarmCodes({ database }: Room): Promise<string[]> {
  const { rows } = await database.pool.query<{ code: string }>('select code from alarms order by id')
  return rows.map((row) => row.code)
}
