import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type FileRun, runFile } from './run-file.js'
import { slowestFirst } from './slow-files.js'

const tap = import.meta.resolve('tap')

async function runSource(directory: string, source: string, timeoutSeconds = 30): Promise<FileRun> {
  const file = join(directory, `${randomUUID()}.test.mjs`)
  await writeFile(file, `import t from '${tap}'\n${source}`)
  const signal = new AbortController().signal
  return runFile({ file, name: 'sample.test.ts', env: process.env, timeoutSeconds, signal })
}

t.test('assertions are counted, and the tests around them are not', async (t) => {
  const source = `t.test('outer', async (t) => { t.pass('one'); t.test('inner', async (t) => { t.pass('two') }) })
    t.pass('three')`
  t.match(await runSource(t.testdir(), source), { passed: 3, failed: 0, report: '' })
})

t.test('a failure is reported with its path and its difference', async (t) => {
  const source = `t.test('outer', async (t) => { t.pass('one'); t.test('inner', async (t) => { t.equal(1, 2, 'same') }) })`
  const run = await runSource(t.testdir(), source)
  t.match(run, { passed: 1, failed: 1 })
  t.match(run.report, /✗ sample\.test\.ts › outer › inner › same/)
  t.match(run.report, /\+1/)
  t.notMatch(run.report, /source:/)
})

t.test('what goes wrong outside an assertion fails the file', async (t) => {
  const cases = [
    { name: 'an error at load', source: `throw new Error('at load')`, report: /at load/ },
    {
      name: 'an error in a test',
      source: `t.test('x', async () => { throw new Error('in it') })`,
      report: /in it/,
    },
    {
      name: 'a late crash',
      source: `t.pass('x'); setTimeout(() => { throw new Error('late') }, 5)`,
      report: /late/,
    },
    { name: 'an exit', source: `t.pass('x'); t.test('y', async () => process.exit(0))`, report: /sample/ },
    {
      name: 'an exit code',
      source: `t.pass('x'); process.on('exit', () => { process.exitCode = 7 })`,
      report: /code 7/,
    },
    { name: 'no assertion', source: `t.test('x', async () => {})`, report: /asserts nothing/ },
  ]
  const directory = t.testdir()
  const fail = async ({ name, source, report }: (typeof cases)[number]) => {
    const run = await runSource(directory, source)
    t.equal(run.failed, 1, `${name} counts as one failure`)
    t.match(run.report, report, `${name} is reported`)
  }
  await Promise.all(cases.map(fail))
})

/** A machine may be too busy to come to the first assertion in time; it is given twice the time until it does. */
async function runHanging(directory: string, source: string): Promise<FileRun & { readonly limit: number }> {
  for (let limit = 1; ; limit *= 2) {
    const run = await runSource(directory, source, limit)
    if (run.passed > 0 || limit > 60) return { ...run, limit }
  }
}

t.test('a file that is not done in time is ended and fails, and says what it waited for', async (t) => {
  const cases = [
    {
      name: 'in a test',
      source: `t.test('x', async (t) => { t.pass('y'); await new Promise(() => setInterval(() => {}, 1000)) })`,
      report: ', in x',
    },
    {
      name: 'after the tests',
      source: `t.pass('x'); setInterval(() => {}, 1000)`,
      report: ', although every test ended and none failed: something keeps the process alive',
    },
  ]
  const directory = t.testdir()
  const hang = async ({ name, source, report }: (typeof cases)[number]) => {
    const run = await runHanging(directory, source)
    t.match(run, { passed: 1, failed: 1 }, name)
    t.ok(run.report.includes(`not done after ${run.limit} s${report}`), run.report)
    t.match(run.report, /held by .*1 Timeout/, name)
  }
  await Promise.all(cases.map(hang))
})

t.test('a skipped test does not count as passed', async (t) => {
  const run = await runSource(t.testdir(), `t.pass('x'); t.test('y', { skip: 'why' }, async () => {})`)
  t.match(run, { passed: 1, failed: 0, skipped: 1 })
})

t.test('files that take long begin first, the others by name', async (t) => {
  const files = ['b.test.js', 'scripts/bench.test.js', 'a.test.js', 'crash/kill.test.js']
  t.same(slowestFirst(files), ['crash/kill.test.js', 'scripts/bench.test.js', 'a.test.js', 'b.test.js'])
})
