import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findFaultGaps } from './tidy/fault-matrix.js'
import { findBrokenLinks } from './tidy/links.js'
import { findViolations, type SourceFile } from './tidy/rules.js'

const root = join(import.meta.dirname, '..', '..')

function listTracked(): string[] {
  const output = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  return output.split('\0').filter((path) => path !== '' && existsSync(join(root, path)))
}

const files: SourceFile[] = listTracked().map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}))
const documents = files.filter(({ path }) => path.endsWith('.md'))

t.test('every tracked file keeps the rules of the house', async (t) => {
  t.ok(files.length > 50, 'the files are found')
  t.same(files.flatMap(findViolations), [], 'no violations')
})

t.test('every link inside the documents leads somewhere', async (t) => {
  const exists = (path: string) => existsSync(join(root, path))
  for (const document of documents) t.same(findBrokenLinks(document, exists, documents), [], document.path)
  t.pass('all documents were read')
})

t.test('docs/recovery.md names every fault, and the test that shows what the general does', async (t) => {
  const document = documents.find(({ path }) => path === 'docs/recovery.md')!.text
  const read = (name: string) =>
    files.find(({ path }) => path === `test/${name}.test.ts` || path === `test/${name}.ts`)?.text
  t.same(findFaultGaps(document, read), [])
  const without = (text: string, put = '') => findFaultGaps(document.replace(text, put), read).join('\n')
  t.match(without('| K07 |', '| K77 |'), /K07 is not in the list\nK77 is in the list once too often/)
  t.match(without('none: no lease', 'no lease'), /R09 names no test/)
  t.match(without('“OD-16 a cancel', '“OD-16 no cancel'), /K21 names “OD-16 no cancel.*not in orders/)
  t.match(without('`queue/doorbell`', '`queue/bell`'), /R01 names queue\/bell, which is no test file/)
  const mute = (name: string) => read(name)?.replaceAll('// Faults: ', '// ')
  t.match(findFaultGaps(document, mute).join('\n'), /“OD-16 .*” in orders\/orders does not say K21/)
})

t.test('the lock file and the packages agree on being exact', async (t) => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
  for (const [name, version] of versions) t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} is pinned`)
})

t.test('the lock file holds the packages of every platform, without which npm ci refuses it', async (t) => {
  type Locked = Record<string, { readonly optionalDependencies?: Record<string, string> }>
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Locked
  }
  const present = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
  const wanted = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}))
  t.ok(wanted.length > 10, 'there are such packages')
  t.same(
    wanted.filter((name) => !present.has(name)),
    [],
    'none is missing',
  )
})

t.test('the rules find what they forbid', async (t) => {
  const forbidden: [path: string, text: string, expected: RegExp][] = [
    ['core/kernel.ts', `import pg from 'pg'`, /no package/],
    ['core/ids.ts', `import { hash, randomBytes } from 'node:crypto'`, /no package/],
    ['core/decimal.ts', `import { hash } from 'node:crypto'`, /no package/],
    ['core/kernel.ts', `import { openDatabase } from '../server/db/database.js'`, /only the core/],
    ['core/kernel.ts', `export * from '../server/clock.js'`, /only the core/],
    ['core/strategies/trend/size.ts', `import type { A } from '../volatility/anchor.js'`, /one another/],
    ['core/order/order.ts', `import { a } from '../strategies/trend/stop.js'`, /no strategies/],
    [
      'core/instrument/instrument.ts',
      `import type { A } from '../strategies/trend/stop.js'`,
      /no strategies/,
    ],
    ['server/brokers/kraken/kraken.ts', `import { a } from '../binance/sign.js'`, /one another/],
    ['server/brokers/kraken/kraken.ts', `import type { A } from '../../db/tables.js'`, /no database/],
    [
      'server/brokers/paper/paper.ts',
      `import {\n  a,\n  b,\n} from '../../journal/append.js'`,
      /no database/,
    ],
    ['server/inbox/store.ts', `import pg from 'pg'`, /server\/db/],
    ['server/inbox/store.ts', `import { Kysely } from 'kysely'`, /server\/db/],
    ['server/inbox/store.ts', `const m = await import('bullmq')`, /server\/queue/],
    ['server/orders/send.ts', `import 'pino'`, /server\/observe/],
    ['server/orders/send.ts', `import { z } from 'zod'`, /server\/config/],
    ['server/orders/send.ts', `import type { FastifyRequest } from 'fastify'`, /server\/http/],
    ['server/main.ts', `import { eventually } from '../test/helpers/eventually.js'`, /nothing imports tests/],
    ['server/main.ts', `import { run } from '../scripts/program.js'`, /command line/],
    ['migrations/0001-a.ts', `import { a } from '../server/clock.js'`, /change with the code/],
    ['core/time.ts', `export const now = () => Date.now()`, /Date\.now/],
    ['core/time.ts', `export const at = (ms: number) => new Date(ms)`, /new Date/],
    ['core/time.ts', `export const draw = () => Math.random()`, /Math\.random/],
    ['core/time.ts', `export const zone = process.env.TZ`, /process\./],
    ['core/time.ts', `console.log(1)`, /console\./],
    ['core/time.ts', `setTimeout(f, 1)`, /setTimeout/],
    ['core/time.ts', `export async function f() {}`, /async/],
    ['core/time.ts', `const a = fetch(url)`, /fetch/],
    ['test/core/time.test.ts', `t.only('x', f)`, /leaves a test out/],
    ['test/core/time.test.ts', `t.test('x', { skip: true }, f)`, /leaves a test out/],
    ['server/a.ts', `const a: any = 1`, /type check/],
    ['server/a.ts', `// @ts-${'ignore'}`, /type check/],
    ['server/a.ts', `export default 1`, /default export/],
    ['server/a.ts', `const a = 1\n\nexport function f() {}`, /exports f without/],
    ['server/brokers/paper/paper.ts', `import type { Pool } from 'pg'`, /no database/],
    ['server/a.ts', '\n'.repeat(401), /401 lines/],
    ['test/a.test.ts', '\n'.repeat(701), /701 lines/],
    ['docs/a.md', `one\n- TO${'DO'}: write this`, /docs\/a\.md:2 leaves something/],
    ['.npmrc', `registry=https://registry.${'npmjs'}.org`, /registry/],
    ['package-lock.json', `{"resolved": "somewhere"}`, /addresses/],
  ]
  for (const [path, text, expected] of forbidden) {
    t.match(findViolations({ path, text }).join('\n'), expected, `${path}: ${text.trim().slice(0, 60)}`)
  }
})

t.test('the rules let pass what they allow', async (t) => {
  const allowed: [path: string, text: string][] = [
    ['core/ids.ts', `import { hash } from 'node:crypto'`],
    [
      'core/kernel.ts',
      `import { step } from './order/order.js'\nimport { a } from './strategies/trend/stop.js'`,
    ],
    [
      'core/time.ts',
      `/** Not async: no process. ever calls Date.now or fetch( */\n/** Why. */\nexport const why = 'new Date()' // console.log`,
    ],
    ['server/inbox/store.ts', `import type { Pool } from 'pg'\nimport { type Kysely, sql } from 'kysely'`],
    [
      'server/brokers/kraken/kraken.ts',
      `import type { Broker } from '../broker.js'\nimport { z } from 'zod'`,
    ],
    ['server/http/listener.ts', `import fastify, { type FastifyInstance } from 'fastify'`],
    [
      'scripts/verbs/start.ts',
      `import { start } from '../../server/main.js'\nimport { Command } from 'commander'`,
    ],
    ['migrations/0001-a.ts', `import { type Kysely, sql } from 'kysely'`],
    ['test/core/time.test.ts', `import { Redis } from 'ioredis'\nconst onlyOne = list.skipUntil(1)`],
  ]
  for (const [path, text] of allowed) t.same(findViolations({ path, text }), [], path)
})

t.test('a link to a missing file or heading is found', async (t) => {
  const target = { path: 'docs/b.md', text: '# The `stop`, explained\n' }
  const exists = (path: string) => path === target.path || path === 'docs/a.md'
  const read = (text: string) => findBrokenLinks({ path: 'docs/a.md', text }, exists, [target])
  t.same(read('[b](b.md) [b](b.md#the-stop-explained) [out](https://example.com) [c](../docs/b.md)'), [])
  t.match(read('[c](c.md)'), [/does not exist/])
  t.match(read('[b](b.md#stops)'), [/no such heading/])
})
