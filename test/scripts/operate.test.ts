import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { eventually } from '../helpers/eventually.js'
import { documentOf, type GeneralRun, generalFile, runGeneralInTurn } from '../helpers/general.js'
import { testDatabase } from '../helpers/postgres.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'

const TOKENS = { first: 'token-of-the-first', second: 'token-of-the-second' }
/** A secret as the configuration names it. */
const secret = (variable: string): string => `\${${variable}}`

const CONFIGURATION = {
  portfolios: [{ id: 'first' }, { id: 'second', strategy: { kind: 'trend', approval: { mode: 'manual' } } }],
  sources: [
    { id: 'one', portfolio: 'first', tokens: [secret('FIRST_TOKEN')] },
    { id: 'two', portfolio: 'second', tokens: [secret('SECOND_TOKEN')] },
  ],
}

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[]
  readonly next: string | null
}

/** Starts `general start` on a database of its own and returns how to talk to it. */
async function startService(t: Teardown) {
  const { connectionString } = await testDatabase(t)
  const home = await testDirectory(t)
  const config = join(home, 'general.json')
  await writeFile(config, JSON.stringify(CONFIGURATION))
  const env = {
    PATH: process.env.PATH ?? '',
    TZ: 'UTC',
    DATABASE_URL: connectionString,
    GENERAL_HOME: home,
    GENERAL_CONFIG: config,
    FIRST_TOKEN: TOKENS.first,
    SECOND_TOKEN: TOKENS.second,
    LOG_LEVEL: 'error',
  }
  const child = spawn(process.execPath, [generalFile, 'start', '--json'], {
    env: { ...env, PORT: '0', ADMIN_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exit
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  const facts = await eventually('the service is ready', () => /^\{.*\}$/m.exec(output)?.[0], {
    timeoutMs: 60_000,
  })
  const { webhookUrl, adminUrl } = JSON.parse(facts) as { webhookUrl: string; adminUrl: string }
  return { webhookUrl, env: { ...env, ADMIN_PORT: new URL(adminUrl).port } }
}

t.test('a running service is operated from the command line', async (t) => {
  const { webhookUrl, env } = await startService(t)
  const send = async (alert: Record<string, unknown>, token = TOKENS.first) => {
    const timestamp = new Date().toISOString()
    const response = await fetch(`${webhookUrl}${token}`, {
      method: 'POST',
      headers: { prefer: 'wait=1.8' },
      body: JSON.stringify({ type: 'BASE_ENTRY', atr: 350, er: 0.82, timestamp, ...alert }),
    })
    return (await response.json()) as { alertId: string; decision: { id: string; outcome: string } }
  }
  const entry = await send({ instrument: 'BANK_NIFTY', price: 52_000, position: 'Long_1' })
  t.equal(entry.decision.outcome, 'executed')
  await send({ instrument: 'COPPER', price: 800, atr: 5, position: 'Long_1' })
  await send({ type: 'PYRAMID', instrument: 'COPPER', price: 801, atr: 5, position: 'Long_2' })
  const run = (...calls: string[][]) => runGeneralInTurn(calls, { env })
  const codes = (runs: readonly GeneralRun[]) => runs.map(({ code }) => code)
  const first = ['--portfolio', 'first']

  await t.test('it tells how it stands', async (t) => {
    const runs = await run(
      ['status', '--json'],
      ['status', ...first],
      ['positions', ...first, '--json'],
      ['positions', ...first],
      ['orders', ...first],
      ['orders', ...first, '--status', 'all', '--json'],
      ['decisions', ...first, '--limit', '2', '--json'],
      ['decisions', ...first],
      ['alarms'],
      ['alarms', '--json'],
      ['roll', '--plan'],
      ['roll', '--plan', ...first, '--json'],
    )
    t.same(
      codes(runs),
      runs.map(() => 0),
    )
    const [status, shownStatus, positions, shownPositions, open, orders, page, decisions, alarms, none] = runs
    t.match(runs.at(-2)!.stdout, /^Nothing that is held leaves a contract$/m)
    t.same(documentOf(runs.at(-1)!), { items: [] })
    const equity = { closed: 10_000_000 }
    t.match(documentOf(status!), {
      portfolios: [
        { id: 'first', equity },
        { id: 'second', equity, openPositions: 0 },
      ],
    })
    t.match(
      shownStatus!.stdout,
      /Portfolio first: active, trading active\n {2}equity +closed ₹1,00,00,000\.00/,
    )
    t.match(shownStatus!.stdout, /BANK_NIFTY +open +1 +4 +52,000/)
    t.match(documentOf<Page>(positions!).items, [
      { instrument: 'COPPER', lots: 1, averagePrice: 800, stop: 785, realizedPnl: 0 },
      { instrument: 'BANK_NIFTY', lots: 4, averagePrice: 52_000, stop: 51_475 },
    ])
    t.match(shownPositions!.stdout, /^id +instrument +unit/)
    t.match(open!.stdout, /No orders in portfolio first/, 'all are filled')
    t.match(documentOf<Page>(orders!).items, [{ filledLots: 1, state: 'filled' }, { filledLots: 4 }])
    const newest = documentOf<Page>(page!)
    t.equal(newest.items.length, 2)
    t.ok(newest.next, 'there are more')
    const [rest] = await run(['decisions', ...first, '--cursor', newest.next!, '--json'])
    t.match(documentOf<Page>(rest!).items, [{ id: entry.decision.id, outcome: 'executed' }, { kind: 'cash' }])
    t.match(decisions!.stdout, /pyramid +COPPER +blocked +0 +riskBudget +ONE_R, ATR_SPACING, BELOW_ONE_LOT/)
    t.match(alarms!.stdout, /No alarms/)
    t.same(documentOf(none!), { items: [], next: null })
  })

  await t.test('with several portfolios it asks which one is meant', async (t) => {
    const runs = await run(
      ['positions'],
      ['halt', '--reason', 'x', '--json'],
      ['orders', '--portfolio', 'third'],
      ['status', '--portfolio', 'third'],
    )
    t.same(codes(runs), [1, 1, 1, 1])
    t.match(runs[0]!.stderr, /runs 2 portfolios\. Choose one with --portfolio: first, second/)
    t.match(documentOf(runs[1]!), { error: { code: 'PORTFOLIO_UNKNOWN' } })
    t.match(runs[2]!.stderr, /no portfolio third/)
    t.match(runs[3]!.stderr, /no portfolio third/)
  })

  await t.test('its trading state and its cash are changed, each command once', async (t) => {
    const deposit = ['cash', 'deposit', '1250.50', ...first, '--idempotency-key', 'once', '--json']
    const runs = await run(
      ['halt', ...first, '--reason', 'lunch'],
      ['halt', ...first, '--reason', 'lunch again', '--json'],
      deposit,
      deposit,
      ['cash', 'withdraw', '99999999999', ...first, '--json'],
      ['cash', 'deposit', '5', '--currency', 'USD', ...first],
      ['reduce', ...first, '--reason', 'less'],
      ['freeze', ...first, '--reason', 'stop it all', '--yes'],
      ['status', ...first, '--json'],
      ['alarms', '--json'],
      ['resume', ...first, '--reason', 'back', '--yes', '--json'],
    )
    t.same(codes(runs), [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
    const [halted, again, once, twice, short, foreign, , , frozen, alarms, resumed] = runs
    t.match(
      halted!.stdout,
      /Halted.*\n {2}D-.*approved \(OPERATOR, lunch\)\nFollow it with: general explain C-/,
    )
    t.match(documentOf(again!), { outcome: 'ignored' })
    t.same(documentOf(twice!), documentOf(once!), 'the first answer again')
    t.match(documentOf(short!), { error: { code: 'COMMAND_BLOCKED', message: /INSUFFICIENT_CASH/ } })
    t.match(foreign!.stderr, /kept in INR, not in USD/)
    const portfolio = { tradingState: 'frozen', tradingStateReason: 'stop it all', deposited: 10_001_250.5 }
    t.match(documentOf(frozen!), { portfolios: [portfolio] })
    t.match(documentOf<Page>(alarms!).items, [{ code: 'TRADING_FROZEN', severity: 'critical' }])
    t.match(documentOf(resumed!), { outcome: 'approved' })
  })

  await t.test('positions are closed: of an instrument, one, and all', async (t) => {
    const reason = ['--reason', 'enough', '--yes']
    const [copper, unknown, wrong] = await run(
      ['exit', ...first, '--instrument', 'copper', ...reason, '--json'],
      ['exit', ...first, '--position', 'P-nobody', ...reason],
      ['exit', ...first, '--instrument', 'TIN', ...reason],
    )
    t.equal(copper!.code, 0)
    t.match(documentOf(copper!), { decisions: [{ kind: 'operatorExit', instrument: 'COPPER', lots: 1 }] })
    t.match(unknown, { code: 1, stderr: /holds no position P-nobody/ })
    t.match(wrong, { code: 1, stderr: /not TIN/ })
    const [all, nothing] = await run(
      ['exit', ...first, '--all', ...reason],
      ['exit', '--portfolio', 'second', '--all', ...reason],
    )
    t.match(all, { code: 0, stdout: /The exits stand until they are done\n.*4 lots of BANK_NIFTY/ })
    t.match(nothing, { code: 0, stdout: /There was nothing to do/ })
    await eventually('every exit is filled', async () => {
      const [positions] = await run(['positions', ...first, '--json'])
      return documentOf<Page>(positions!).items.length === 0
    })
  })

  await t.test('an entry that waits for a person is listed and answered', async (t) => {
    await send({ instrument: 'COPPER', price: 800, atr: 5 }, TOKENS.second)
    await send({ instrument: 'GOLD_MINI', price: 78_500, atr: 700 }, TOKENS.second)
    const [table, listed, wrong] = await run(
      ['approve'],
      ['approve', '--portfolio', 'second', '--json'],
      ['approve', '--reject'],
    )
    t.match(table!.stdout, /Q-\S+ +second +entry COPPER +\d+ +800 +0\.5 % /)
    t.equal(wrong!.code, 2)
    const { items } = documentOf<Page>(listed!)
    t.match(items, [{ instrument: 'GOLD_MINI' }, { instrument: 'COPPER', state: 'open' }])
    const [gold, copper] = items.map(({ id }) => String(id))
    const runs = await run(
      ['approve', copper!, '--yes', '--reason', 'looks good', '--json'],
      ['approve', gold!, '--reject'],
      ['approve', copper!, '--portfolio', 'second', '--yes'],
      ['approve'],
      ['explain', copper!],
      [
        'reconcile',
        'order',
        'O-none',
        '--portfolio',
        'second',
        '--outcome',
        'absent',
        '--reason',
        'x',
        '--yes',
      ],
      ['reconcile', 'order', 'O-none', '--outcome', 'filled', '--reason', 'x'],
    )
    t.match(documentOf(runs[0]!), { decisions: [{ instrument: 'COPPER', reasons: ['ALL_GATES_PASSED'] }] })
    t.match(runs[1], { code: 0, stdout: /It is rejected/ })
    t.match(runs[2], { code: 1, stderr: /NOT_WAITING, .*was approved at/ })
    t.match(runs[3]!.stdout, /Nothing waits for an approval/)
    t.match(runs[4]!.stdout, /a person is asked \(Q-/)
    t.match(runs[4]!.stdout, /was approved by decision D-\S+: looks good/)
    t.match(runs[4]!.stdout, /order O-\S+: buy entry/, 'and what followed')
    t.match(runs[5], { code: 1, stderr: /no order O-none at work/ })
    t.equal(runs[6]!.code, 2)
  })

  await t.test('it is explained, checked and replayed while it runs', async (t) => {
    const runs = await run(
      ['explain', entry.alertId, '--json'],
      ['recover', '--check', '--full', '--json'],
      ['replay', '--assert-identical', '--json'],
      ['doctor', '--json'],
    )
    const [story, recovery, replay, doctor] = runs
    t.match(documentOf(story!), {
      alert: { source: 'one' },
      decisions: [{ id: entry.decision.id, outcome: 'executed', boundBy: 'volatility' }],
      laterDecisions: [{ kind: 'operatorExit', reasons: ['enough'] }],
      positions: [{ state: 'closed', exitReason: 'enough' }],
    })
    const venue = { breaks: [], unresolved: [], external: [] }
    const sound = [
      { portfolio: 'first', code: null, venue },
      { portfolio: 'second', code: null, venue },
    ]
    t.match(documentOf(recovery!), { sound: true, portfolios: sound })
    t.match(documentOf(replay!), {
      identical: true,
      portfolios: [{ difference: null }, { difference: null }],
    })
    const { findings } = documentOf<{ findings: { check: string; severity: string }[] }>(doctor!)
    const severity = (check: string) => findings.find((finding) => finding.check === check)?.severity
    t.equal(severity('service'), 'ok')
    t.equal(severity('portfolio first'), 'ok')
    t.equal(severity('alarms'), 'warning', 'the freeze was alarmed')
    t.same(codes(runs), [0, 0, 0, 0])
  })

  await t.test('the calendar is shown, and takes what exchanges announce', async (t) => {
    const holidays = join(env.GENERAL_HOME, 'holidays.csv')
    await writeFile(holidays, 'date,exchange,description\n2027-01-26,NSE,Republic Day\n')
    const broken = join(env.GENERAL_HOME, 'broken.json')
    await writeFile(broken, '{"exchange":')
    const runs = await run(
      ['calendar', 'import', holidays],
      ['calendar', 'import', holidays, '--known-until', '2027-12-31', '--source', 'circular'],
      ['calendar', 'import', broken, '--json'],
      ['calendar', 'show', '--exchange', 'NFO', '--date', '2027-01-26'],
      ['calendar', 'show', '--date', '2026-01-01', '--json'],
      ['calendar', 'show', '--exchange', 'LSE', '--json'],
      ['doctor', '--json'],
    )
    t.same(codes(runs), [1, 0, 1, 0, 0, 1, 0])
    t.match(runs[0]!.stderr, /line 2: 2027-01-26 is after 2026-12-31: give knownUntil/)
    t.match(runs[1]!.stdout, /Imported\nNSE is known until 2027-12-31/)
    t.match(documentOf(runs[2]!), { error: { code: 'FILE_INVALID' } })
    t.match(runs[3]!.stdout, /NFO +2027-01-26 +closed +- +Republic Day +2027-12-31/)
    t.match(runs[3]!.stdout, /2027-01-26 +all .*Imported: circular/)
    const { exchanges } = documentOf<{ exchanges: { name: string; closesAt: string | null }[] }>(runs[4]!)
    const closesAt = exchanges.find(({ name }) => name === 'MCX')?.closesAt
    t.equal(closesAt, '2026-01-01T11:30:00.000Z', 'the evening is closed')
    t.match(documentOf(runs[5]!), { error: { code: 'EXCHANGE_UNKNOWN' } })
    const { findings } = documentOf<{ findings: { check: string; found: string }[] }>(runs[6]!)
    const told = findings.filter(({ check }) => check === 'sessions of NFO')
    t.equal(told[0]?.found.startsWith('today, '), true)
    t.notMatch(JSON.stringify(told), /2026-12-31/, 'the import is in force')
  })

  await t.test('a wrong token is refused, and says so', async (t) => {
    const runs = await runGeneralInTurn([['status', '--json'], ['doctor']], {
      env: { ...env, ADMIN_TOKEN: 'wrong' },
    })
    t.same(codes(runs), [1, 1])
    t.match(documentOf(runs[0]!), { error: { code: 'ADMIN_TOKEN_INVALID' } })
    t.match(runs[1]!.stdout, /FAIL {2}admin token/)
  })
})
