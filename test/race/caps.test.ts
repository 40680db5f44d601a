import t from 'tap'
import { step } from '../../core/kernel.js'
import { emptyPortfolio } from '../../core/portfolio/portfolio.js'
import { isoInstant, MINUTE } from '../../core/time.js'
import { copyState } from '../../server/journal/codec/state-codec.js'
import { recordedEntries } from '../../server/journal/replay.js'
import type { LogEntry } from '../../server/journal/touched.js'
import type { AlertSender, WebhookAnswer } from '../helpers/alert-sender.js'
import { findUnsoundLogs, findWrongBooks, isAtRest } from '../helpers/audit.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { type LiveService, liveService } from '../helpers/live-service.js'
import { randomFrom } from '../helpers/random.js'
import { asRecorded, readRecorded } from '../helpers/recorded-log.js'
import { type Caps, ExposureLedger } from './exposure-ledger.js'
import { PRICE, type RacedPortfolio, racedPortfolio } from './race-portfolio.js'

const CLIENTS = 32
const NONE: Caps = { heat: 100, volatility: 100, margin: 100 }

/** Portfolios in which another cap binds each time; a round fills one of them to its brim. */
const BOUND: readonly {
  readonly portfolio: RacedPortfolio
  readonly cap: keyof Caps
  readonly limit: number
}[] = [
  {
    portfolio: racedPortfolio('heat', {
      ...{ instruments: 8, constraints: ['risk'], riskPct: 2, caps: { maxHeatPct: 5 } },
    }),
    ...{ cap: 'heat', limit: 5 },
  },
  {
    portfolio: racedPortfolio('volatility', {
      ...{ instruments: 8, constraints: ['volatility'], volatilityPct: 1.3, caps: { maxVolatilityPct: 4 } },
    }),
    ...{ cap: 'volatility', limit: 4 },
  },
  {
    portfolio: racedPortfolio('margin', {
      ...{ instruments: 8, constraints: ['risk'], marginPerLot: 100_000, caps: { maxMarginPct: 30 } },
    }),
    ...{ cap: 'margin', limit: 30 },
  },
  {
    portfolio: racedPortfolio('remainder', {
      ...{
        instruments: 8,
        constraints: ['risk', 'margin'],
        marginPerLot: 100_000,
        caps: { maxMarginPct: 30 },
      },
    }),
    ...{ cap: 'margin', limit: 30 },
  },
]

const FREE = racedPortfolio('free', { instruments: 8, constraints: ['risk'], riskPct: 1, caps: {} })

let bars = 0

/** An entry of a bar of its own, of a size of its own. */
function entry(instrument: string, chance: () => number) {
  bars += 1
  const barTime = isoInstant(Date.UTC(2020, 0, 1) + bars * MINUTE)
  const [atr, er] = [100 + Math.floor(400 * chance()), 0.3 + 0.7 * chance()]
  const common = { instrument, position: 'Long_1', price: PRICE, atr, er, barTime }
  return { type: 'BASE_ENTRY', ...common, timestamp: isoInstant(Date.now()) }
}

/** Sends all of the alerts at once, each over a connection of its own, and returns their answers in order. */
function sendAtOnce(sender: AlertSender, alerts: readonly object[]): Promise<WebhookAnswer[]> {
  return Promise.all(alerts.map((alert) => sender.send(alert, { wait: 1.8 })))
}

async function flatten({ pool, command }: LiveService, { id }: RacedPortfolio): Promise<void> {
  await eventually('the round is over', () => isAtRest(pool), { timeoutMs: 30_000, intervalMs: 3 })
  await command(id, 'exit', { all: true, reason: 'the round is over' })
  await eventually(
    'everything is sold',
    async () => {
      const { rows } = await pool.query(
        `select exists (select from positions where state <> 'closed') as held`,
      )
      return !rows[0].held
    },
    { timeoutMs: 30_000, intervalMs: 3 },
  )
}

t.test('32 clients at once', async (t) => {
  const live = await liveService(t, {
    portfolios: [...BOUND.map(({ portfolio }) => portfolio.configuration), FREE.configuration],
  })
  const chance = randomFrom(7)

  await t.test('entries never exceed a cap, at any moment of the log', async (t) => {
    for (let round = 0; round < counts.raceRounds; round++) {
      const { portfolio } = BOUND[round % BOUND.length]!
      const alerts = Array.from({ length: CLIENTS }, (_, index) =>
        entry(portfolio.instruments[index % portfolio.instruments.length]!, chance),
      )
      const answers = await sendAtOnce(live.senderOf(portfolio.id), alerts)
      const wrong = answers.filter(({ status, body }) => status !== 200 || body.status !== 'accepted')
      if (wrong.length > 0) t.strictSame(wrong, [], `all alerts of round ${round} are accepted`)
      await flatten(live, portfolio)
    }
    for (const { portfolio, cap, limit } of BOUND) {
      const ledger = new ExposureLedger({ ...NONE, [cap]: limit })
      ledger.follow(await readRecorded(live.pool, portfolio.id))
      t.strictSame(ledger.findings, [], `${portfolio.id}: the cap of ${limit} % holds after every event`)
      const most = ledger.most[cap]
      t.ok(most > 0.9 * limit, `${portfolio.id}: and it binds, ${cap} came to ${most.toFixed(3)} %`)
    }
    const { rows } = await live.pool.query<{ reason: string; count: number }>(
      `select reason, count(*)::int from decisions, jsonb_array_elements_text(reasons) as reason
       where kind = 'entry' and outcome = 'blocked' group by 1 order by 1`,
    )
    const blocked = Object.fromEntries(rows.map(({ reason, count }) => [reason, count]))
    t.comment(`${counts.raceRounds} rounds of ${CLIENTS} entries; blocked: ${JSON.stringify(blocked)}`)
    for (const reason of ['HEAT_CAP', 'VOLATILITY_CAP', 'MARGIN_CAP', 'ORDER_AT_WORK', 'BELOW_ONE_LOT']) {
      t.ok(blocked[reason]! > 0, `${reason} stood in the way`)
    }
  })

  await t.test('and whoever decided each on its own would be found out', async (t) => {
    const entries: LogEntry[] = []
    for await (const one of recordedEntries(live.pool, 'heat')) entries.push(one)
    const first = entries.findIndex(({ input }) => input.type === 'AlertAdmitted')
    const state = emptyPortfolio('heat')
    for (const { input } of entries.slice(0, first)) step(state, input)
    const alerts = entries.filter(({ input }) => input.type === 'AlertAdmitted').slice(0, CLIENTS)
    const alone = alerts.map(({ seq, input }) => ({ seq, input, events: step(copyState(state), input) }))
    const ledger = new ExposureLedger({ ...NONE, heat: 5 })
    ledger.follow([...entries.slice(0, first), ...alone].map(asRecorded))
    t.match(ledger.findings.join('\n'), /heat is [\d.]+ % of equity, the cap is 5 %/)
    t.match(ledger.findings.join('\n'), /is at work/)
  })

  await t.test(
    'four identical alerts become one order, and four with one key the first of them',
    async (t) => {
      const sender = live.senderOf(FREE.id)
      const expected = new Map<string, { readonly price: number; readonly rows: number }>()
      for (let round = 0; round < counts.raceRounds; round++) {
        const groups = FREE.instruments.map((instrument, index) => {
          const alert = entry(instrument, chance)
          // Half of the groups say the same four times, half contradict themselves
          return Array.from({ length: 4 }, (_, copy) =>
            index % 2 === 0 ? alert : { ...alert, price: PRICE + copy },
          )
        })
        const order = groups.flat().map((alert, place) => ({ alert, place, draw: chance() }))
        order.sort((left, right) => left.draw - right.draw)
        const answers = await sendAtOnce(
          sender,
          order.map(({ alert }) => alert),
        )
        for (const [index, group] of groups.entries()) {
          const mine = order.flatMap(({ place, alert }, sent) =>
            Math.floor(place / 4) === index ? [{ alert, ...answers[sent]! }] : [],
          )
          const problem = index % 2 === 0 ? differingRepeats(mine) : differingConflicts(mine)
          if (problem !== null) t.fail(`round ${round}: ${problem}`, { answers: mine })
          const accepted = mine.find(({ body }) => body.status === 'accepted')
          if (accepted === undefined) continue
          const price = (accepted.alert as { price: number }).price
          expected.set(String(accepted.body.alertId), { price, rows: index % 2 === 0 ? 1 : group.length })
        }
        await flatten(live, FREE)
      }
      t.equal(expected.size, counts.raceRounds * FREE.instruments.length, 'of each group one is accepted')
      const { rows } = await live.pool.query<{ alert_id: string; prices: number[]; rows: number }>(
        `with keys as (select source, dedupe_key, count(*)::int as rows from inbox group by source, dedupe_key)
       select alert_id, array_agg(reference_price) filter (where o.id is not null) as prices, min(keys.rows) as rows
       from inbox as i join keys using (source, dedupe_key)
       left join decisions as d using (alert_id) left join orders as o on o.decision_id = d.id
       where i.portfolio = 'free' and not conflict group by i.id`,
      )
      const found = rows.filter(({ alert_id, prices, rows: count }) => {
        const wanted = expected.get(alert_id)
        return prices?.length !== 1 || prices[0] !== wanted?.price || count !== wanted?.rows
      })
      t.strictSame(found, [], 'each group has one order, at the price of the alert that was first')
      t.equal(rows.length, expected.size)
    },
  )

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
    t.comment(`${rows.length} alerts`)
  })
})

interface Answered extends WebhookAnswer {
  readonly alert: object
}

/** Returns what is wrong with the answers to four identical alerts; null when nothing is. */
function differingRepeats(answers: readonly Answered[]): string | null {
  const ids = new Set(answers.map(({ body }) => body.alertId))
  const accepted = answers.filter(({ body }) => body.status === 'accepted').length
  const duplicates = answers.filter(({ body }) => body.status === 'duplicate').length
  if (ids.size === 1 && accepted === 1 && duplicates === 3) return null
  return `identical alerts have ${ids.size} ids, ${accepted} are accepted, ${duplicates} are duplicates`
}

/** Returns what is wrong with the answers to four alerts of one key that differ; null when nothing is. */
function differingConflicts(answers: readonly Answered[]): string | null {
  const accepted = answers.filter(({ body }) => body.status === 'accepted')
  const conflicts = answers.filter(({ body }) => body.status === 'conflict')
  const named = new Set(conflicts.map(({ body }) => body.firstAlertId))
  const isRight = accepted.length === 1 && conflicts.length === 3 && named.size === 1
  if (isRight && named.has(accepted[0]!.body.alertId)) return null
  return `of contradicting alerts ${accepted.length} are accepted, ${conflicts.length} are conflicts of ${[...named]}`
}
