import { readdir } from 'node:fs/promises'
import t from 'tap'
import { documentOf, runGeneral } from '../helpers/general.js'
import { testDirectory } from '../helpers/temporary-directory.js'

const loopbackOnly = new URL('../helpers/loopback-only.js', import.meta.url).href

interface Decided {
  readonly kind: string
  readonly outcome: string
  readonly boundBy: string | null
  readonly reasons: readonly string[]
}

interface DemoDocument {
  readonly passed: boolean
  readonly checks: readonly { readonly name: string; readonly passed: boolean }[]
  readonly moments: readonly {
    readonly name: string
    readonly answer: { readonly status: string }
    readonly decisions: readonly Decided[]
    readonly closed: readonly { readonly label: string }[]
  }[]
  readonly explained: string
}

t.test('a day is played offline, shows what it promises, and leaves nothing behind', async (t) => {
  const directories = [await testDirectory(t), await testDirectory(t)]
  const envOf = (TMPDIR: string) => ({ TMPDIR, NODE_OPTIONS: `--import=${loopbackOnly}` })
  const [told, json] = await Promise.all([
    runGeneral(['demo'], { env: envOf(directories[0]!) }),
    runGeneral(['demo', '--json'], { env: envOf(directories[1]!) }),
  ])
  t.equal(told.code, 0, told.stderr)
  t.equal(json.code, 0, json.stderr)
  for (const directory of directories) t.same(await readdir(directory), [], 'the temporary home is gone')

  const document = documentOf<DemoDocument>(json)
  t.same(
    document.checks.filter(({ passed }) => !passed),
    [],
  )
  t.equal(document.passed, true)
  const decisions = document.moments.flatMap((moment) => moment.decisions)
  const entries = decisions.filter(({ kind, outcome }) => kind === 'entry' && outcome === 'executed')
  for (const constraint of ['risk', 'margin']) {
    t.equal(entries.filter(({ boundBy }) => boundBy === constraint).length, 1, `${constraint} binds once`)
  }
  t.ok(entries.some(({ boundBy }) => boundBy === 'volatility'))
  const momentOf = (name: string) => document.moments.find((moment) => moment.name === name)!
  t.match(momentOf('duplicate'), { answer: { status: 'duplicate' }, decisions: [] })
  t.match(momentOf('pyramid-approved').decisions, [{ kind: 'pyramid', outcome: 'executed' }])
  t.match(momentOf('cap-refuses').decisions, [{ outcome: 'blocked', reasons: ['HEAT_CAP'] }])
  t.match(momentOf('stop-hit').decisions, [{ kind: 'stop', reasons: ['STOP_HIT'] }])
  t.match(momentOf('exit-by-label').closed, [{ label: 'Long_2' }])

  const { stdout } = told
  for (const constraint of ['risk', 'volatility', 'margin']) {
    t.match(stdout, new RegExp(`^ +${constraint} .*← bound$`, 'm'), `${constraint} is told to bind`)
  }
  t.match(stdout, /duplicate, nothing is done twice/)
  t.match(stdout, /stop of GOLD_MINI unit 1 raised/)
  t.match(
    stdout,
    new RegExp(`general explain ${document.explained}\n\nThe story of decision ${document.explained}`),
  )
  t.match(stdout, /checks passed\.\n\nWhat to try next/)
  t.notOk(stdout.includes('\u001b'), 'no colours in a pipe')
})
