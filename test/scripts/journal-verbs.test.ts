import { chmod } from 'node:fs/promises'
import t from 'tap'
import type { Alert } from '../../core/alert/alert.js'
import { HOUR } from '../../core/time.js'
import { documentOf, runGeneralInTurn } from '../helpers/general.js'
import { type TestDatabase, testDatabase } from '../helpers/postgres.js'
import { type SequencedPortfolio, sequencedPortfolio } from '../helpers/sequenced.js'
import { settings } from '../helpers/settings.js'
import { testDirectory } from '../helpers/temporary-directory.js'

/** The default configuration's portfolio, so that the verbs find its broker. */
const PORTFOLIO = 'paper'

interface Told {
  readonly id: string
  readonly outcome: string
  readonly [name: string]: unknown
}

interface StoryDocument {
  readonly kind: string
  readonly alert: Record<string, unknown> | null
  readonly decisions: readonly Told[]
  readonly laterDecisions: readonly Told[]
  readonly orders: readonly Record<string, unknown>[]
  readonly positions: readonly Record<string, unknown>[]
  readonly timeline: readonly { readonly at: string; readonly event: Record<string, unknown> }[]
}

function entry(desk: SequencedPortfolio, changes: Record<string, unknown> = {}): Alert {
  return {
    type: 'BASE_ENTRY',
    instrument: 'BANK_NIFTY',
    price: 52_000,
    atr: 350,
    stop: null,
    er: 0.82,
    label: 'Long_1',
    timestamp: desk.clock.now(),
    barTime: null,
    ...changes,
  } as Alert
}

function bar(desk: SequencedPortfolio, price: number): Alert {
  const timestamp = desk.clock.now()
  return { type: 'MARKET_DATA', instrument: 'BANK_NIFTY', price, atr: 350, timestamp, barTime: null }
}

function later(desk: SequencedPortfolio): void {
  desk.clock.advanceTo(desk.clock.now() + HOUR)
}

/** An entry that fills, a pyramid that is refused, one that fills, and the stops of both. */
async function tradeBankNifty(desk: SequencedPortfolio): Promise<void> {
  await desk.decide(entry(desk))
  await desk.fillAll()
  later(desk)
  await desk.decide(entry(desk, { type: 'PYRAMID', price: 52_300, label: 'Long_2' }))
  await desk.decide(bar(desk, 53_000))
  later(desk)
  await desk.decide(entry(desk, { type: 'PYRAMID', price: 53_000, label: 'Long_2' }))
  await desk.fillAll()
  later(desk)
  await desk.decide(bar(desk, 52_000))
  await desk.fillAll()
}

async function decisionsOf({
  pool,
}: TestDatabase): Promise<{ id: string; kind: string; alert_id: string }[]> {
  const { rows } = await pool.query('select id, kind, alert_id from decisions order by seq, idx')
  return rows
}

t.test('the story of a day is told from the journal, with the service running or not', async (t) => {
  const desk = await sequencedPortfolio(t, { settings: settings({ portfolio: PORTFOLIO }) })
  await tradeBankNifty(desk)
  const { connectionString } = desk.database
  const [deposit, base, refused, pyramid, stop, secondStop] = await decisionsOf(desk.database)
  const position = `P${pyramid!.id.slice(1)}`
  const order = `O${pyramid!.id.slice(1)}-x1`
  const ids = [base!.id, refused!.id, secondStop!.id, order, position, stop!.alert_id]
  const home = await testDirectory(t)
  await chmod(home, 0o700)
  const runs = await runGeneralInTurn(
    [
      ...ids.map((id) => ['explain', id, '--json']),
      ...[base!.id, refused!.alert_id, deposit!.id].map((id) => ['explain', id]),
      ['explain', 'O-nobody', '--json'],
      ['replay', '--assert-identical', '--json'],
      ['replay', '--portfolio', PORTFOLIO],
      ['replay', '--portfolio', 'other'],
      ['doctor', '--json'],
    ],
    { env: { DATABASE_URL: connectionString, GENERAL_HOME: home, ADMIN_PORT: '9' } },
  )
  const stories = runs.slice(0, ids.length)
  for (const { code } of stories) t.equal(code, 0)
  const [ofBase, ofRefused, ofStop, ofOrder, ofPosition, ofAlert] = stories.map(documentOf<StoryDocument>)
  const [shownBase, shownRefused, shownDeposit, unknown, identical, one, other, doctor] = runs.slice(
    ids.length,
  )

  await t.test('an approved entry: arithmetic, gates, fills, stop moves and its end', async (t) => {
    const told = ofBase!
    t.match(told, { kind: 'decision', portfolio: PORTFOLIO, alert: { id: base!.alert_id, state: 'decided' } })
    t.match(told.decisions, [
      {
        outcome: 'executed',
        lots: 4,
        boundBy: 'volatility',
        sizing: { riskLots: 5.206349206349206, lots: 4 },
        oneMoreLot: { lots: 5, constraints: [{ isEnough: true }, { isEnough: false }, { isEnough: true }] },
        wouldHaveOpened: [],
      },
    ])
    const events = told.timeline.map(({ event }) => event.type)
    const first = ['OrderInitialized', 'OrderSubmitted', 'OrderAccepted', 'OrderFilled', 'UnitOpened']
    t.same(events.slice(0, 5), first)
    for (const type of ['StopRaised', 'ExitRequested', 'UnitClosed']) t.ok(events.includes(type), type)
    t.match(told.orders, [{ purpose: 'entry', filledLots: 4, averagePrice: 52_000 }, { purpose: 'exit' }])
    t.match(told.positions, [{ state: 'closed', lots: 0, stop: 52_125, highestClose: 53_000, fees: 24.68 }])
    const later = [{ id: stop!.id, kind: 'stop', reasons: ['STOP_HIT'], outcome: 'executed' }]
    t.match(told.laterDecisions, later)
    t.equal(told.timeline[0]!.at, '2026-01-05T06:00:00.000Z', 'instants are ISO 8601')
  })

  await t.test('the same for people', async (t) => {
    const { code, stdout } = shownBase!
    t.equal(code, 0)
    t.match(stdout, /BASE_ENTRY BANK_NIFTY, price 52,000, ATR 350, ER 0\.82, position Long_1/)
    t.match(stdout, /stop = 52,000 − 1\.5 × ATR 350 \(of the alert\) = 51,475, 525 points away/)
    t.match(stdout, /volatility ₹1,00,00,000\.00 × 0\.5 % ÷ \(350 × 30\) = 4\.761 lots {2}← bound/)
    t.match(stdout, /open {2}HEAT_CAP .* 0\.63 % +at most 15\.00 %/)
    t.match(stdout, /equity of at least ₹1,05,00,000\.00/)
    t.match(stdout, /close 52,000 < stop 52,125, by 125 points/)
    t.notOk(stdout.includes('\u001b'), 'no colours where there is no terminal')
  })

  await t.test('a blocked pyramid: what would have opened each shut gate', async (t) => {
    t.match(ofRefused!.decisions, [
      {
        outcome: 'blocked',
        reasons: ['ONE_R', 'BELOW_ONE_LOT'],
        wouldHaveOpened: [
          { gate: 'ONE_R', measured: 300, limit: 525, price: 52_525 },
          { gate: 'BELOW_ONE_LOT', measured: 0, limit: 1 },
        ],
        oneMoreLot: { lots: 1 },
      },
    ])
    t.same(ofRefused!.orders, [])
    const { stdout } = shownRefused!
    t.match(stdout, /SHUT {2}ONE_R +300 points +above 525 points/)
    t.match(stdout, /a price above 52,525/)
    t.match(stdout, /What one lot would have needed/)
  })

  await t.test('a stop, by its decision, its order, its position and its alert', async (t) => {
    const hit = [{ kind: 'stop', price: 52_000, stop: 52_475, outcome: 'executed', oneMoreLot: null }]
    t.match(ofStop!.decisions, hit)
    t.match(ofStop!.orders, [{ id: order, purpose: 'exit', side: 'sell', state: 'filled' }])
    t.match(ofOrder!.decisions, [{ id: secondStop!.id }])
    t.match(ofPosition!.decisions, [{ id: pyramid!.id }], 'a position begins with what opened it')
    t.match(ofPosition!.laterDecisions, [{ id: secondStop!.id }])
    t.match(ofAlert!.decisions, [{ id: stop!.id }, { id: secondStop!.id }], 'an alert led to both')
  })

  await t.test('a command, and an id that nobody knows', async (t) => {
    t.match(shownDeposit!.stdout, /operator: deposit of ₹1,00,00,000\.00/)
    t.equal(unknown!.code, 1)
    t.match(documentOf(unknown!), { error: { code: 'ID_UNKNOWN', message: /O-nobody/ } })
    t.notMatch(unknown!.stdout + unknown!.stderr, /postgresql:/, 'no address that holds a password')
  })

  await t.test('replay decides the same again', async (t) => {
    t.equal(identical!.code, 0)
    const same = { identical: true, portfolios: [{ portfolio: PORTFOLIO, difference: null }] }
    t.match(documentOf(identical!), same)
    t.match(one, { code: 0, stdout: /Portfolio paper: identical, \d+ inputs/ })
    t.match(other, { code: 1, stderr: /no portfolio other.*paper/ })
  })

  await t.test('doctor tells what arrived last, and that the database is durable', async (t) => {
    t.equal(doctor!.code, 0)
    const { findings } = documentOf<{ findings: { check: string; found: string }[] }>(doctor!)
    const of = (check: string) => findings.find((finding) => finding.check === check)
    for (const check of ['database', 'durability', 'schema', 'clock', `inbox of ${PORTFOLIO}`]) {
      t.match(of(check), { severity: 'ok' }, check)
    }
    t.match(of('alerts'), { found: /BANK_NIFTY \(paper\): .*the last was MARKET_DATA/ })
    t.notMatch(doctor!.stdout, /postgresql:/, 'no address that holds a password')
  })
})

t.test('what was tampered with is found', async (t) => {
  const desk = await sequencedPortfolio(t, { settings: settings({ portfolio: PORTFOLIO }) })
  await desk.decide(entry(desk))
  const { pool, connectionString } = desk.database
  const env = { DATABASE_URL: connectionString }
  await desk.sequencer.stop()

  const check = ['recover', '--check']
  const [sound, shown] = await runGeneralInTurn([[...check, '--full', '--json'], check], { env })
  t.equal(sound!.code, 0)
  t.match(documentOf(sound!), { sound: true, portfolios: [{ portfolio: PORTFOLIO, code: null }] })
  t.match(shown, {
    code: 0,
    stdout: /Portfolio paper: sound\n {2}folded everything.*\n {2}went through fold, /,
  })

  await pool.query('update orders set reference_price = reference_price + 1')
  const [corrupt, told] = await runGeneralInTurn(
    [
      [...check, '--json'],
      [...check, '--full'],
    ],
    { env },
  )
  t.equal(corrupt!.code, 1)
  const difference = { table: 'orders', kind: 'different', column: 'reference_price' }
  const portfolios = [{ code: 'DATA_CORRUPT', differences: [difference] }]
  t.match(documentOf(corrupt!), { sound: false, portfolios })
  t.match(told, { code: 1, stdout: /DATA_CORRUPT.*reference_price is [\d.]+, the fold says [\d.]+/s })
  await pool.query('update orders set reference_price = reference_price - 1')

  await pool.query('alter table events disable trigger all')
  await pool.query(
    `update events set data = jsonb_set(data::jsonb, '{decision,lots}', '7')::json where type = 'DecisionMade'
       and data -> 'decision' ->> 'kind' = 'entry'`,
  )
  const [differs, unasked] = await runGeneralInTurn(
    [['replay', '--assert-identical', '--json'], ['replay']],
    { env },
  )
  t.equal(differs!.code, 1)
  const found = { path: 'decision.lots', recorded: 7, replayed: 4 }
  t.match(documentOf(differs!), { identical: false, portfolios: [{ difference: found }] })
  const lines = /differs at input \d+ .*recorded {2}7\n {2}replayed {2}4/s
  t.match(unasked, { code: 0, stdout: lines }, 'a finding only when asked')
})

t.test('migrate brings an empty database up to date, once', async (t) => {
  const { pool, connectionString } = await testDatabase(t)
  const env = { DATABASE_URL: connectionString }
  await pool.query('drop schema public cascade; drop schema if exists paper cascade; create schema public')
  const checked = ['migrate', '--check', '--json']
  const verbs = [checked, ['explain', 'D-1'], ['migrate', '--json'], ['migrate', '--json'], checked]
  const runs = await runGeneralInTurn([...verbs, ['replay'], ['recover', '--check']], { env })
  const [lacking, told, first, second, present, replayed, recovered] = runs
  t.equal(lacking!.code, 1)
  const { missing } = documentOf<{ missing: string[] }>(lacking!)
  t.ok(missing.length > 3)
  t.match(told, { code: 1, stderr: /general migrate/ })
  t.same(documentOf(first!).applied, missing)
  t.same(documentOf(second!).applied, [])
  t.match(present, { code: 0 })
  t.match(replayed, { code: 0, stdout: 'Nothing is recorded yet\n' })
  t.match(recovered, { code: 0, stdout: 'Nothing is recorded yet\n' })
})
