import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { isoInstant, MINUTE } from '../../core/time.js'
import type { AlertSender } from '../helpers/alert-sender.js'
import { findUnsoundLogs, findWrongBooks, isAtRest } from '../helpers/audit.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { liveService } from '../helpers/live-service.js'
import { pick, randomFrom } from '../helpers/random.js'
import { type RecordedEntry, type RecordedEvent, readRecorded } from '../helpers/recorded-log.js'
import { ExitLedger } from './exit-ledger.js'
import { PRICE, racedPortfolio } from './race-portfolio.js'

const CLIENTS = 32
const ALERTS_EACH = 2
const ATR = 200
const LABELS = ['Long_1', 'Long_2', 'Long_3'] as const
const PATIENCE = { timeoutMs: 30_000, intervalMs: 3 }

/** Orders take a while to fill, in parts, so that exits meet entries that are at work. */
const PORTFOLIO = racedPortfolio('exits', {
  ...{ instruments: 4, constraints: ['risk'], caps: {} },
  faults: { partialFillRate: 0.7, partialFillMs: 40, duplicateReportRate: 0.2, shuffledReportRate: 0.3 },
})

const chance = randomFrom(11)
let bars = 0

/** An entry, a pyramid or an exit of a bar of its own; of the exits some are of long ago. */
function nextAlert(): object {
  bars += 1
  const kind = chance()
  const isOld = kind > 0.88
  const common = {
    instrument: pick(chance, PORTFOLIO.instruments),
    barTime: isoInstant(Date.UTC(2020, 0, 1) + bars * MINUTE),
    timestamp: isoInstant(Date.now() - (isOld ? 5000 + 60_000 * chance() : 0)),
  }
  if (kind < 0.35) return { type: 'BASE_ENTRY', ...common, position: LABELS[0], price: PRICE, atr: ATR }
  const pyramid = { price: PRICE + 3 * ATR, atr: ATR, position: pick(chance, LABELS.slice(1)) }
  if (kind < 0.6) return { type: 'PYRAMID', ...common, ...pyramid }
  if (kind < 0.78) return { type: 'EXIT', ...common, position: pick(chance, LABELS) }
  return { type: 'EXIT', ...common, position: 'ALL' }
}

/** A client that waits for each of its answers, and now and then for a fill, before it sends the next alert. */
async function client(sender: AlertSender): Promise<string[]> {
  const wrong: string[] = []
  for (let count = 0; count < ALERTS_EACH; count++) {
    const { status, body } = await sender.send(nextAlert(), chance() < 0.5 ? { wait: 1.8 } : {})
    if (status !== 200 || body.status !== 'accepted') wrong.push(JSON.stringify({ status, body }))
    await delay(20 * chance())
  }
  return wrong
}

/** Puts other events in the place of the first of the type that `into` has others for. */
function change<T extends RecordedEvent['type']>(
  entries: readonly RecordedEntry[],
  type: T,
  into: (event: Extract<RecordedEvent, { type: T }>) => RecordedEvent[] | null,
): RecordedEntry[] {
  let isDone = false
  return entries.map((entry) => ({
    ...entry,
    events: entry.events.flatMap((event) => {
      const others = isDone || event.type !== type ? null : into(event as Extract<RecordedEvent, { type: T }>)
      isDone ||= others !== null
      return others ?? [event]
    }),
  }))
}

function withoutRequests(entries: readonly RecordedEntry[]): RecordedEntry[] {
  return entries.map((entry) => ({
    ...entry,
    events: entry.events.filter(({ type }) => type !== 'ExitRequested'),
  }))
}

/** Makes the first exit that closed something an hour older than it was. */
function makeOlder(entries: readonly RecordedEntry[]): RecordedEntry[] {
  const isExit = ({ input, events }: RecordedEntry) =>
    input.type === 'AlertAdmitted' &&
    input.alert.type === 'EXIT' &&
    events.some(({ type }) => type === 'ExitRequested')
  const at = entries.findIndex(isExit)
  return entries.map((entry, index) => {
    const { input } = entry
    if (index !== at || input.type !== 'AlertAdmitted' || input.alert.type !== 'EXIT') return entry
    return {
      ...entry,
      input: { ...input, alert: { ...input.alert, timestamp: input.alert.timestamp! - 60 * MINUTE } },
    }
  })
}

t.test('exits among entries, 32 clients at once', async (t) => {
  const live = await liveService(t, { portfolios: [PORTFOLIO.configuration] })
  const sender = live.senderOf(PORTFOLIO.id)
  for (let round = 0; round < counts.raceRounds; round++) {
    const wrong = await Promise.all(Array.from({ length: CLIENTS }, () => client(sender)))
    if (wrong.flat().length > 0) t.strictSame(wrong.flat(), [], `all alerts of round ${round} are accepted`)
    // Every other round goes on where the last one was
    if (round % 2 === 0) continue
    await live.command(PORTFOLIO.id, 'exit', { all: true, reason: 'the round is over' })
    await eventually(
      'everything is sold',
      async () => {
        const { rows } = await live.pool.query(
          `select exists (select from positions where state <> 'closed') as held`,
        )
        return !rows[0].held && (await isAtRest(live.pool))
      },
      PATIENCE,
    )
  }
  await eventually('everything is at rest', () => isAtRest(live.pool), PATIENCE)
  const recorded = await readRecorded(live.pool, PORTFOLIO.id)

  await t.test('nothing is sold twice, and every exit reaches what it means', async (t) => {
    const ledger = new ExitLedger()
    ledger.follow(recorded)
    t.strictSame(ledger.findings, [])
    t.comment(`${counts.raceRounds} rounds, ${recorded.length} inputs; ${JSON.stringify(ledger.met)}`)
    for (const [what, count] of Object.entries(ledger.met)) t.ok(count > 0, `${what} were met`)
  })

  await t.test('and whatever else had happened would have been found', async (t) => {
    const entries = recorded.slice(0, 4000)
    const broken: readonly (readonly [RegExp, RecordedEntry[]])[] = [
      [/is not cancelled/, change(entries, 'OrderCancelRequested', () => [])],
      [
        /only \d+ are free/,
        change(entries, 'OrderInitialized', (event) =>
          event.side === 'sell' ? [{ ...event, lots: `${Number(event.lots) + 1}` }] : null,
        ),
      ],
      [/is not being closed/, withoutRequests(entries)],
      [/are on sale/, change(entries, 'OrderInitialized', (event) => (event.side === 'sell' ? [] : null))],
      [/is younger than the exit/, makeOlder(entries)],
      [
        /is short/,
        change(entries, 'OrderFilled', (event) =>
          event.orderId.includes('-x') ? [event, { ...event, lots: '1000' }] : null,
        ),
      ],
    ]
    for (const [finding, log] of broken) {
      const ledger = new ExitLedger()
      try {
        ledger.follow(log)
      } catch {
        // What follows from a broken log need not make sense
      }
      t.match(ledger.findings.join('\n'), finding)
    }
  })

  await t.test('the books are sound', async (t) => {
    const { rows } = await live.pool.query<{ alert_id: string }>('select alert_id from inbox')
    t.strictSame(
      await findWrongBooks(
        live.pool,
        rows.map(({ alert_id }) => alert_id),
      ),
      [],
    )
    t.strictSame(await findUnsoundLogs(live.pool), [])
    t.equal(rows.length, counts.raceRounds * CLIENTS * ALERTS_EACH)
  })
})
