import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { withNumbers } from '../../scripts/cli/exact-numbers.js'
import { formatLots, formatMoney, formatTime } from '../../scripts/cli/format.js'
import { systemClock } from '../../server/clock.js'
import { closeTo } from '../helpers/close-to.js'
import { runGeneral, runGeneralInTurn, runJson } from '../helpers/general.js'
import { OPENALGO_KEY, startOpenAlgo } from '../helpers/openalgo-server.js'
import { testDirectory } from '../helpers/temporary-directory.js'

const VECTORS = new URL('../../../test/vectors/trend.jsonl', import.meta.url)

async function listVerbs(): Promise<string[]> {
  const { stdout } = await runGeneral(['--help'])
  const commands = stdout.slice(stdout.indexOf('Commands:'))
  return [...commands.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help')
}

t.test('every verb has a help that names --json', async (t) => {
  const verbs = await listVerbs()
  const expected = [
    'status',
    'positions',
    'orders',
    'decisions',
    'alarms',
    'explain',
    'exit',
    'halt',
    'reduce',
  ]
  const more = [
    'resume',
    'freeze',
    'cash',
    'replay',
    'recover',
    'migrate',
    'doctor',
    'config',
    'simulate',
    'vectors',
    'start',
  ]
  for (const name of [...expected, ...more]) t.ok(verbs.includes(name), `${name} is a verb`)
  const parents = new Map([
    ['broker', ['check']],
    ['calendar', ['show', 'import']],
    ['cash', ['deposit', 'withdraw']],
    ['config', ['check']],
    ['metrics', ['list', 'import']],
    ['pine', ['generate', 'lint']],
    ['prices', ['import']],
    ['reconcile', ['list', 'adopt', 'book', 'ignore']],
  ])
  const calls = verbs.flatMap((verb) => (parents.get(verb) ?? [null]).map((child) => [verb, child]))
  const words = calls.map((call) => call.filter((word) => word !== null))
  const runs = await runGeneralInTurn(words.map((call) => [...call, '--help']))
  for (const [index, { code, stdout }] of runs.entries()) {
    const name = words[index]!.join(' ')
    t.equal(code, 0, `${name}: exit code`)
    t.match(stdout, new RegExp(`Usage: general ${name}`))
    t.match(stdout, /--json/, `${name}: --json`)
  }
})

t.test('wrong usage is told on standard error with exit code 2', async (t) => {
  const wrong: [args: string[], expected: RegExp][] = [
    [[], /Usage: general/],
    [['march'], /unknown command 'march'/],
    [['positon'], /did you mean/i],
    [['status', '--colour'], /unknown option/],
    [['explain'], /missing required argument/],
    [['explain', 'A'], /must be an id/],
    [['explain', 'whatever'], /must be an id/],
    [['exit', '--all'], /--reason/],
    [['exit', '--reason', 'fire'], /one of --instrument NAME, --position ID and --all/],
    [['exit', '--all', '--instrument', 'COPPER', '--reason', 'fire'], /one of --instrument/],
    [['halt'], /--reason/],
    [['halt', '--reason', ' '], /must not be blank/],
    [['cash'], /Usage: general cash/],
    [['cash', 'deposit'], /missing required argument/],
    [['cash', 'deposit', '1,00,000'], /without separators/],
    [['cash', 'withdraw', '0'], /above 0/],
    [['orders', '--limit', '0'], /whole number above 0/],
    [['orders', '--status', 'late'], /Allowed choices/],
    [['vectors'], /missing required argument/],
    [['vectors', 'astrology'], /Allowed choices/],
    [['config', 'check'], /missing required argument/],
    [['recover'], /--check/],
    [['simulate', '--trace'], /--trace needs --seed/],
    [['simulate', '--class', 'E'], /Allowed choices/],
  ]
  const runs = await runGeneralInTurn(wrong.map(([args]) => args))
  for (const [index, [args, expected]] of wrong.entries()) {
    const { code, stdout, stderr } = runs[index]!
    t.equal(code, 2, `${args.join(' ')}: exit code`)
    t.equal(stdout, '', `${args.join(' ')}: nothing on standard output`)
    t.match(stderr, expected)
  }
  t.match(await runGeneral(['explain']), { code: 2, stdout: '', stderr: /missing required argument/ })
})

t.test('without a service each verb says what to do, as a document too', async (t) => {
  const home = await testDirectory(t)
  const env = { GENERAL_HOME: home, ADMIN_PORT: '9' }
  const untold = await runGeneral(['status'], { env })
  t.equal(untold.code, 1)
  t.match(untold.stderr, /No admin token.*npm start.*GENERAL_HOME/s)
  const told = { env: { ...env, ADMIN_TOKEN: 'some-token' } }
  const refused = await runGeneral(['positions'], told)
  t.equal(refused.code, 1)
  t.match(refused.stderr, /^general: No service runs at http:\/\/127\.0\.0\.1:9\. Start it with `npm start`/)
  for (const args of [['orders'], ['halt', '--reason', 'x'], ['exit', '--all', '--reason', 'x', '--yes']]) {
    const { code, document } = await runJson(args, told)
    t.equal(code, 1, args.join(' '))
    t.match(document, { error: { code: 'SERVICE_UNREACHABLE', remedy: /npm start/ } })
  }
  const unknown = await runJson(['status'], { env: { ...env, ADMIN_PORT: '0', ADMIN_TOKEN: 'x' } })
  t.match(unknown.document, { error: { code: 'ADMIN_PORT_UNKNOWN' } })
  const missing = await runJson(['explain', 'D-1'], { env: { GENERAL_HOME: join(home, 'none') } })
  t.equal(missing.code, 1)
  t.match(missing.document, { error: { code: 'NO_DATABASE', message: /general migrate/ } })
  const wrong = await runJson(['orders'], { env: { ADMIN_PORT: 'x' } })
  t.match(wrong, { code: 1, document: { error: { code: 'CONFIGURATION_INVALID', message: /ADMIN_PORT/ } } })
})

t.test('every published trend case comes out of the command as published', async (t) => {
  const input = await readFile(VECTORS, 'utf8')
  const { code, stdout } = await runGeneral(['vectors', 'trend'], { input })
  t.equal(code, 0)
  const cases = input.trimEnd().split('\n')
  const answers = stdout.trimEnd().split('\n')
  t.equal(answers.length, cases.length, 'a line for each case')
  const problems = cases.flatMap((line, index) => {
    const { id, expected } = JSON.parse(line) as { id: string; expected: Record<string, unknown> }
    const answer = JSON.parse(answers[index]!) as { id: string; result?: Record<string, unknown> }
    const { reason: _worded, ...numbers } = expected
    const problem = answer.id === id ? closeTo(answer.result ?? {}, numbers, 1e-9) : `answers ${answer.id}`
    return problem === null ? [] : [`${id}: ${problem}`]
  })
  t.same(problems, [])
})

t.test('cases that cannot be computed say why, in their place', async (t) => {
  const lines = [
    '{"id":"a","capability":"strike","input":{"price":53450.99}}',
    '',
    'price 7',
    '[1]',
    '{"id":"b","capability":"weather","input":{}}',
    '{"id":"c","capability":"initial_stop","input":{"instrument":"COPPER","entry_price":800}}',
    '{"id":"d","capability":"base_size","input":{"instrument":"TIN","price":2,"stop":1}}',
    '{"capability":"strike","input":{}}',
    '{"id":7,"capability":"strike","input":{"price":100}}',
  ]
  const { code, stdout } = await runGeneral(['vectors', 'trend'], { input: lines.join('\r\n') })
  t.equal(code, 0)
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(answers, [
    { id: 'a', result: { strike: 53_500 } },
    { id: null, skipped: /line 3 is not JSON/ },
    { id: null, skipped: /line 4 is not a JSON object/ },
    { id: 'b', skipped: /weather is not known/ },
    { id: 'c', skipped: /no number for stop/ },
    { id: 'd', skipped: /unknown instrument TIN/ },
    { id: null, skipped: /line 8 is no case/ },
    { id: 7, result: { strike: 500 } },
  ])
  const other = await runJson<unknown[]>(['vectors', 'etf-balancer'], { input: lines[0]! })
  t.match(other, { code: 0, document: [{ id: 'a', skipped: /strike is not known/ }] }, 'another family')
  t.same(await runJson(['vectors', 'trend']), { code: 0, document: [] })
})

t.test('config check lists every problem at once, and shows what a valid file amounts to', async (t) => {
  const cwd = await testDirectory(t)
  await writeFile(
    join(cwd, 'good.json'),
    '{"portfolios":[{"id":"mine","strategy":{"kind":"trend","defaultEr":0.5}}]}',
  )
  await writeFile(
    join(cwd, 'bad.json'),
    '{"portfolios":[{"id":"a b","strategy":{"defaultEr":2}}],"x":1,"x":2}',
  )
  const good = await runJson<{ portfolios: unknown[] }>(['config', 'check', 'good.json'], { cwd })
  t.match(good, {
    code: 0,
    document: { valid: true, problems: [], portfolios: [{ id: 'mine', broker: 'paper' }] },
  })
  const bad = await runJson<{ problems: { path: string }[] }>(['config', 'check', 'bad.json'], { cwd })
  t.match(bad, { code: 1, document: { valid: false } })
  t.ok(bad.document.problems.length >= 3, 'all of them')
  const elsewhere = await runGeneral(['config', 'check', 'good.json'], { env: { INIT_CWD: cwd } })
  t.match(elsewhere, { code: 0, stdout: /good\.json is valid/ }, 'paths are relative to where npm was called')
  const absent = await runGeneral(['config', 'check', 'none.json'], { cwd })
  t.match(absent, { code: 1, stdout: /cannot be read/ })
})

t.test('doctor finds what is wrong on the machine, and says what to do', async (t) => {
  const home = await testDirectory(t)
  await chmod(home, 0o700)
  await writeFile(join(home, 'admin-token'), 'secret-of-the-admin\n', { mode: 0o644 })
  const env = { GENERAL_HOME: home, ADMIN_PORT: '9', REDIS_URL: 'redis://127.0.0.1:9' }
  const config = join(home, 'broken.json')
  await writeFile(config, '{"portfolios":[]}')
  const found = await runJson<{ findings: { check: string; severity: string; remedy: string | null }[] }>(
    ['doctor'],
    { env: { ...env, GENERAL_CONFIG: config, DATABASE_URL: 'postgresql://127.0.0.1:9/none' } },
  )
  t.equal(found.code, 1)
  const of = (check: string) => found.document.findings.find((finding) => finding.check === check)
  t.match(of('Node.js'), { severity: 'ok' })
  t.match(of('home'), { severity: 'ok' })
  t.match(of('admin-token'), { severity: 'failure', remedy: /chmod 0600/ })
  t.match(of('webhook-token'), { severity: 'note' })
  t.match(of('configuration'), { severity: 'failure' })
  t.match(of('calendar'), { severity: 'note' })
  t.match(of('database'), { severity: 'failure' })
  t.match(of('Redis'), { severity: 'failure' })
  t.match(of('service'), { severity: 'note', remedy: /npm start/ })
  t.notMatch(JSON.stringify(found.document), /secret-of-the-admin/)
  const shown = await runGeneral(['doctor'], { env: { GENERAL_HOME: join(home, 'new'), ADMIN_PORT: '9' } })
  t.match(
    shown,
    { code: 0, stdout: /failures: 0, warnings: 0\n$/ },
    'nothing is wrong where nothing has run yet',
  )
  const variable = await runGeneral(['doctor'], { env: { PORT: 'web' } })
  t.match(variable, { code: 1, stdout: /environment {2}PORT must be a port/ })
})

t.test('broker check looks at each account, and says what stands in the way of trading', async (t) => {
  const directory = await testDirectory(t)
  const double = await startOpenAlgo(t, { clock: systemClock })
  const path = join(directory, 'accounts.json')
  const gold = { name: 'GOLD_MINI' }
  const portfolios = [
    { id: 'paper', instruments: [gold] },
    {
      ...{ id: 'mcx', sessions: 'exchange', instruments: [gold] },
      broker: { kind: 'openalgo', url: double.url, apiKey: ['$', '{OPENALGO_KEY}'].join('') },
    },
  ]
  const source = { id: 'tradingview', portfolio: 'paper' }
  await writeFile(path, JSON.stringify({ portfolios, sources: [source] }))
  const env = { GENERAL_CONFIG: path, GENERAL_HOME: directory, OPENALGO_KEY, ADMIN_PORT: '9' }
  const runs = await runGeneralInTurn(
    [
      ['broker', 'check'],
      ['broker', 'check', '--portfolio', 'paper', '--json'],
      ['broker', 'check', '--portfolio', 'nse'],
      ['doctor'],
    ],
    { env },
  )
  const [all, paper, unknown, doctor] = runs
  t.match(all, { code: 1, stdout: /^portfolio +check +result +found\npaper +connection +note/ })
  t.match(all!.stdout, /mcx +connection +ok +http\S+ answers for zerodha/)
  t.match(all!.stdout, /mcx +mode +failure +it is live, and allowLive is false: nothing is sent/)
  t.match(all!.stdout, /→ mode: Switch OpenAlgo to analyze mode, or set allowLive: true/)
  t.match(paper, { code: 0, stdout: /"healthy": true/ })
  t.match(unknown, { code: 1, stderr: /no portfolio nse. Name one of paper, mcx/ })
  t.match(doctor!.stdout, /FAIL +mcx: mode/)
  t.notMatch(JSON.stringify(runs), new RegExp(OPENALGO_KEY), 'the key is told to nobody')
  t.same([...new Set(double.requests.map(({ endpoint }) => endpoint))].sort(), ['analyzer', 'ping'])
})

t.test('money and times are written as people write them', async (t) => {
  t.equal(formatMoney('10000000', 'INR'), '₹1,00,00,000.00')
  t.equal(formatMoney('-1234567.5', 'INR'), '-₹12,34,567.50')
  t.equal(
    formatMoney('12345678901234567890.129', 'USD'),
    '$12,345,678,901,234,567,890.13',
    'digits stay exact',
  )
  t.equal(formatMoney(1234.5, 'USDT'), '1,234.50 USDT', 'coins have no sign')
  t.equal(formatLots('1'), '1 lot')
  t.equal(formatLots('0.5'), '0.5 lots')
  t.match(formatTime('2026-01-05T09:30:00.000Z'), /^2026-01-0\d \d\d:\d\d:00 [+-]\d\d:\d\d$/)
  t.same(withNumbers({ lots: '2.50', note: '12', stop: 1, items: [{ fee: '-3' }], price: null }), {
    lots: 2.5,
    note: '12',
    stop: 1,
    items: [{ fee: -3 }],
    price: null,
  })
})
