import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type FileRun, runFile } from './run-file.js'

const tap = import.meta.resolve('tap')

async function runSource(directory: string, source: string, timeoutSeconds = 30): Promise<FileRun> {
  const file = join(directory, 'sample.test.mjs')
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
  for (const { name, source, report } of cases) {
    const run = await runSource(t.testdir(), source)
    t.equal(run.failed, 1, `${name} counts as one failure`)
    t.match(run.report, report, `${name} is reported`)
  }
})

t.test('a file that hangs is ended and fails', async (t) => {
  const run = await runSource(
    t.testdir(),
    `t.test('x', () => new Promise(() => setInterval(() => {}, 1000)))`,
    1,
  )
  t.ok(run.failed > 0, 'it fails')
  t.match(run.report, /not done after 1 s/)
})

t.test('a skipped test does not count as passed', async (t) => {
  const run = await runSource(t.testdir(), `t.pass('x'); t.test('y', { skip: 'why' }, async () => {})`)
  t.match(run, { passed: 1, failed: 0, skipped: 1 })
})
