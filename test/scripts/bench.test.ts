import { readdir } from 'node:fs/promises'
import t from 'tap'
import { counts } from '../helpers/counts.js'
import { documentOf, runGeneral } from '../helpers/general.js'
import { testDirectory } from '../helpers/temporary-directory.js'

interface Row {
  readonly what: string
  readonly value: { readonly median: number; readonly min: number; readonly max: number }
  readonly ratio?: { readonly median: number }
}

interface BenchDocument {
  readonly bench: string
  readonly machine: readonly string[]
  readonly quick: boolean
  readonly rows: readonly Row[]
  readonly goals: readonly { readonly goal: string; readonly met: boolean }[]
  readonly checks: readonly { readonly check: string; readonly passed: boolean }[]
}

/** These need no database and no service, and show in each run that benchmarks work. */
const QUICK = ['backtest', 'allocation']
const ALL = ['ingest', 'broker', 'decided', 'backtest', 'recovery', 'volatility', 'allocation', 'start']
const names = counts.benches === 'all' ? ALL : QUICK

// Faults: L01 L02
t.test('each benchmark measures, checks what it measured and leaves nothing behind', async (t) => {
  const TMPDIR = await testDirectory(t)
  const runs = await Promise.all(
    names.map((name) => runGeneral(['bench', name, '--quick', '--json'], { env: { TMPDIR } })),
  )
  for (const [index, run] of runs.entries()) {
    const name = names[index]!
    t.equal(run.code, 0, `${name}: ${run.stderr}`)
    const { bench, machine, quick, rows, goals, checks } = documentOf<BenchDocument>(run)
    t.equal(bench, name)
    t.equal(quick, true)
    t.match(machine[0], /cores/, `${name}: the machine`)
    t.equal(
      machine.length,
      ['backtest', 'allocation'].includes(name) ? 1 : 2,
      `${name}: the database, where there is one`,
    )
    const values = rows.flatMap(({ value }) => [value.min, value.median, value.max])
    t.ok(values.length > 0 && values.every((value) => value >= 0), `${name}: values`)
    t.ok(goals.length > 0, `${name}: goals`)
    t.same(
      checks.filter(({ passed }) => !passed),
      [],
      `${name}: checks`,
    )
  }
  t.same(await readdir(TMPDIR), [], 'the temporary homes are gone')
})

t.test('a table is for people, with ratios to the baseline', async (t) => {
  const { code, stdout } = await runGeneral(['bench', 'backtest', '--quick'])
  t.equal(code, 0)
  t.match(stdout, /^general bench backtest\n.* cores, .*Node\.js/)
  t.match(stdout, /^1,000 signals, warm .* signals\/s .* × \(/m)
  t.match(stdout, /^checked: .*both engines/m)
  t.match(await runGeneral(['bench', 'luck']), { code: 2, stdout: '', stderr: /Allowed choices/ })
})
