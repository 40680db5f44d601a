import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import type { Alert } from '../../core/alert/alert.js'
import { newBarFeed } from '../../core/backtest/bars/bar-feed.js'
import { type BacktestSetup, runBacktest } from '../../core/backtest/engine.js'
import type { TradingCosts } from '../../core/backtest/fill.js'
import type { Signal } from '../../core/backtest/timeline.js'
import { DAY, HOUR, type Instant } from '../../core/time.js'
import { canonicalJson } from '../../server/canonical-json.js'
import { SimulatedClock } from '../../server/clock.js'
import { readConfiguration } from '../../server/config/configuration.js'
import { configurationHash, settingsOf } from '../../server/config/settings.js'
import type { Queryable } from '../../server/journal/read-log.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { type LiveService, liveService } from '../helpers/live-service.js'
import { asRecorded, type RecordedEvent, readRecorded } from '../helpers/recorded-log.js'
import { bodyOf, changeOfLots, type DayAlert, generateDay } from './generated-day.js'

const CAPITAL = 10_000_000
const FIRST_DAY = Date.UTC(2025, 11, 29, 8)

interface Day {
  readonly id: string
  readonly start: Instant
  readonly costs: TradingCosts
  readonly alerts: readonly DayAlert[]
  readonly configuration: { readonly id: string } & Record<string, unknown>
}

/** A day of its own portfolio. Every other one trades at a slippage, all of them at a commission. */
function makeDay(number: number): Day {
  const id = `day${number}`
  const start = FIRST_DAY + number * DAY
  const costs =
    number % 2 === 0 ? { slippageTicks: 2, commissionPct: 0.02 } : { slippageTicks: 0, commissionPct: 0.01 }
  const equityMode = (['blended', 'closed', 'open', 'high'] as const)[number % 4]
  const configuration = {
    ...{ id, initialDeposit: String(CAPITAL), broker: { kind: 'paper', ...costs } },
    strategy: { kind: 'trend', equityMode },
  }
  const alerts = number === 0 ? changeOfLots() : generateDay(number, start)
  return { id, start, costs, alerts, configuration }
}

async function isAtRest(db: Queryable, portfolio: string): Promise<boolean> {
  const { rows } = await db.query<{ rest: boolean }>({
    name: 'is-at-rest',
    text: `select not exists (select from inbox where portfolio = $1 and state = 'waiting')
       and not exists (select from orders where portfolio = $1
         and state in ('initialized', 'submitted', 'unresolved', 'accepted', 'partiallyFilled')) as rest`,
    values: [portfolio],
  })
  return rows[0]!.rest
}

/** Sends the alerts of the day one by one, each after the one before has come to rest; returns their ids. */
async function liveThrough(
  { senderOf, pool }: LiveService,
  clock: SimulatedClock,
  day: Day,
): Promise<string[]> {
  const ids: string[] = []
  for (const { at, alert } of day.alerts) {
    clock.advanceTo(at)
    const { status, body } = await senderOf(day.id).send(bodyOf(alert), { wait: 1.8 })
    if (status !== 200 || body.status !== 'accepted')
      throw new Error(`${JSON.stringify(bodyOf(alert))} was answered with ${status}: ${JSON.stringify(body)}`)
    ids.push(String(body.alertId))
    await eventually('it has come to rest', () => isAtRest(pool, day.id), { intervalMs: 2 })
  }
  return ids
}

/** Inputs of a live portfolio that a backtest does not have: how it is set up, and what the venue holds. */
const SETUP = ['ConfigurationActivated', 'OperatorCommanded', 'AccountObserved']

async function whatHappened(db: Queryable, { id }: Day): Promise<RecordedEvent[]> {
  const entries = await readRecorded(db, id)
  return entries.flatMap(({ input, events }) => (SETUP.includes(input.type) ? [] : events))
}

interface Changes {
  readonly changes?: Partial<BacktestSetup>
  /** True feeds the bars as a price source would; false sends them as the alerts that they are. */
  readonly barsAsFeed?: boolean
}

function backtest(
  day: Day,
  ids: readonly string[],
  { changes, barsAsFeed = false }: Changes = {},
): RecordedEvent[] {
  const reading = readConfiguration(
    Buffer.from(JSON.stringify({ portfolios: [day.configuration] })),
    () => 'token',
  )
  if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.problems))
  const settings = settingsOf(reading.configuration.portfolios[0]!)
  const all: Signal[] = day.alerts.map(({ at, alert }, index) => ({ id: ids[index]!, at, alert }))
  const isBar = ({ alert }: Signal) => alert.type === 'MARKET_DATA'
  const happened: RecordedEvent[] = []
  runBacktest({
    configuration: { hash: configurationHash(settings), settings },
    initialCapital: CAPITAL,
    timeline: {
      ...{ signals: barsAsFeed ? all.filter((signal) => !isBar(signal)) : all },
      ...{ rejected: [], splitTrades: 0, openMarks: new Map() },
    },
    feeds: barsAsFeed ? settings.instruments.map(({ name }) => feedOf(name, all)) : [],
    costs: day.costs,
    fillAt: 'close',
    onDecision: () => undefined,
    onTrade: () => undefined,
    onInput: (_input, events) => happened.push(...events.map(asRecorded)),
    ...changes,
  })
  return happened
}

type BarAlert = Extract<Alert, { type: 'MARKET_DATA' }>

function feedOf(instrument: string, signals: readonly Signal[]) {
  const bars = signals.flatMap(({ alert }) =>
    alert.type === 'MARKET_DATA' && alert.instrument === instrument ? [alert] : [],
  )
  const column = (of: (bar: BarAlert) => number) => Float64Array.from(bars, of)
  const close = column(({ price }) => price)
  const columns = { open: close, high: close, low: close, close }
  return newBarFeed(
    instrument,
    {
      bars: { opensAt: column(({ timestamp }) => timestamp - HOUR), ...columns },
      atr: column(({ atr }) => atr),
      barClose: (open) => open + HOUR,
    },
    0,
  )
}

/** Takes the names of the venue out, of its order and of its trades, and puts keys in order for whoever reads them. */
function withoutVenueNames(events: readonly RecordedEvent[]): object[] {
  return events.map((event) => {
    const nameless = { ...event, ...('tradeId' in event ? { tradeId: '' } : {}) }
    const unnamed = { ...nameless, ...('venueOrderId' in event ? { venueOrderId: '' } : {}) }
    return JSON.parse(canonicalJson(unnamed)) as object
  })
}

/** Gives every alert, decision, order and position a number in the order in which it is first named. */
function withNumbersForIds(events: readonly object[]): object[] {
  const numbers = new Map<string, number>()
  const text = JSON.stringify(events).replace(/(?<=["\s])[ABDOP]-[\w.-]+(?=[",\s])/g, (id) => {
    const cause = id.replace(/^[A-Z]-/, '')
    if (!numbers.has(cause)) numbers.set(cause, numbers.size)
    return `#${numbers.get(cause)}`
  })
  return JSON.parse(text) as object[]
}

/** Returns the first place at which the two differ, or null. */
function differsAt(found: readonly object[], expected: readonly object[]): number | null {
  const length = Math.max(found.length, expected.length)
  for (let at = 0; at < length; at++) if (!isDeepStrictEqual(found[at], expected[at])) return at
  return null
}

/** Shows the first difference and what is around it, and not all that follows from it. */
function compare(t: Test, found: readonly object[], expected: readonly object[], message: string): void {
  const at = differsAt(found, expected)
  if (at === null) {
    t.pass(message)
    return
  }
  const [from, to] = [Math.max(0, at - 3), at + 4]
  t.strictSame(found.slice(from, to), expected.slice(from, to), `${message}, until event ${at}`)
}

/** How often each kind of decision came out how. */
function countDecisions(events: readonly RecordedEvent[], found: Map<string, number>): void {
  for (const event of events) {
    if (event.type !== 'DecisionMade') continue
    const what = `${event.decision.kind} ${event.decision.outcome}`
    found.set(what, (found.get(what) ?? 0) + 1)
  }
}

t.test('a day of alerts is decided live as in a backtest', async (t) => {
  const days = Array.from({ length: counts.days + 1 }, (_, number) => makeDay(number))
  const clock = new SimulatedClock({ start: FIRST_DAY })
  const live = await liveService(t, { portfolios: days.map(({ configuration }) => configuration), clock })
  const decisions = new Map<string, number>()
  for (const day of days) {
    const ids = await liveThrough(live, clock, day)
    const lived = await whatHappened(live.pool, day)
    countDecisions(lived, decisions)
    const tested = backtest(day, ids)
    compare(
      t,
      withoutVenueNames(lived),
      withoutVenueNames(tested),
      `${day.id}: the same ${lived.length} events`,
    )
    const fed = withNumbersForIds(withoutVenueNames(backtest(day, ids, { barsAsFeed: true })))
    compare(
      t,
      withNumbersForIds(withoutVenueNames(lived)),
      fed,
      `${day.id}: and the same when bars come of a feed`,
    )
    const dearer = { costs: { ...day.costs, slippageTicks: day.costs.slippageTicks + 1 } }
    const other = withoutVenueNames(backtest(day, ids, { changes: dearer }))
    t.not(differsAt(withoutVenueNames(lived), other), null, `${day.id}: one tick would show`)
  }
  t.comment(JSON.stringify(Object.fromEntries([...decisions].sort())))
  for (const kind of ['entry', 'pyramid']) {
    for (const outcome of ['approved', 'blocked'])
      t.ok(decisions.get(`${kind} ${outcome}`), `${kind} ${outcome}`)
  }
  for (const what of ['exit approved', 'exit ignored', 'stop approved', 'peelOff approved']) {
    t.ok(decisions.get(what), what)
  }
})
