import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { type Counts, countsVariable } from '../helpers/counts.js'
import { type CrashRow, countKind, crashReportVariable, middleAndMost } from './crash-report.js'

/** What can be asked for, and the file that does it. */
const suites = {
  points: 'points.test.js',
  migration: 'migration.test.js',
  random: 'kill.test.js',
  database: 'database-kill.test.js',
  instances: 'instances.test.js',
} as const

type Suite = keyof typeof suites

const usage = `npm run crash -- [options]

Kills real processes on real PostgreSQL and Redis, and compares venue, journal and projections afterwards.

  --suite NAME     ${Object.keys(suites).join(', ')}; may be repeated. Default: all
  --points IDS     of the suite points, only these: K07,K12
  --rounds N       kills at each point, and starts killed during a migration. Default 12
  --kills N        random kills of each kind. Default 100
  --takeovers N    rounds of two instances, of each kind. Default 10
`

interface Wanted {
  readonly suites: readonly Suite[]
  readonly points: string
  readonly counts: Pick<Counts, 'kills' | 'pointRounds' | 'takeovers'>
}

/** Returns what the arguments ask for. Throws when they cannot be understood. */
function readArguments(args: readonly string[]): Wanted {
  const { values } = parseArgs({
    args: [...args],
    options: {
      suite: { type: 'string', multiple: true, default: Object.keys(suites) },
      points: { type: 'string', default: '' },
      rounds: { type: 'string', default: '12' },
      kills: { type: 'string', default: '100' },
      takeovers: { type: 'string', default: '10' },
    },
  })
  const unknown = values.suite.filter((name) => !(name in suites))
  if (unknown.length > 0) throw new Error(`There is no suite ${unknown.join(', ')}`)
  return {
    suites: values.suite as Suite[],
    points: values.points,
    counts: {
      kills: count('kills', values.kills),
      pointRounds: count('rounds', values.rounds),
      takeovers: count('takeovers', values.takeovers),
    },
  }
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new Error(`--${name} must be a whole number above 0, was ${text}`)
}

/** Runs one file and prints its comments as they come; resolves to whether nothing in it failed. */
async function runSuite(suite: Suite, env: NodeJS.ProcessEnv): Promise<boolean> {
  const file = join(import.meta.dirname, suites[suite])
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output: string[] = []
  createInterface(child.stdout).on('line', (line) => {
    output.push(line)
    const comment = /^ +# (?!Subtest|time=|\{)(.*)/.exec(line)
    if (comment) console.log(`${suite}: ${comment[1]}`)
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code !== 0) console.log(output.join('\n'))
  return code === 0
}

/** Returns the rows as a table, with a line of sums. */
function writeTable(rows: readonly CrashRow[]): string {
  const head = ['', 'kills', 'restarts', 'ready p50', 'ready max', 'lost', 'doubled', 'position', 'other']
  const table = new Table({ head, style: { head: [], border: [] }, colAligns: ['left'] })
  const cells = (what: string, row: Omit<CrashRow, 'suite' | 'what'>) => {
    const { middle, most } = middleAndMost(row.readyAfter)
    const of = (kind: 'lost' | 'doubled' | 'position' | 'log') => countKind(row.findings, kind)
    const times = [`${middle} ms`, `${most} ms`]
    return [what, row.kills, row.restarts, ...times, of('lost'), of('doubled'), of('position'), of('log')]
  }
  for (const row of rows) table.push(cells(`${row.suite}: ${row.what}`, row))
  const sum = (of: (row: CrashRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  table.push(
    cells('all', {
      kills: sum(({ kills }) => kills),
      restarts: sum(({ restarts }) => restarts),
      readyAfter: rows.flatMap(({ readyAfter }) => readyAfter),
      findings: rows.flatMap(({ findings }) => findings),
    }),
  )
  return table.toString()
}

async function main(wanted: Wanted): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'general-crash-'))
  const report = join(directory, 'rows')
  const env = {
    ...process.env,
    TAP_TIMEOUT: '7200',
    CRASH_POINTS: wanted.points,
    [countsVariable]: JSON.stringify(wanted.counts),
    [crashReportVariable]: report,
  }
  const failed: Suite[] = []
  try {
    for (const suite of wanted.suites) if (!(await runSuite(suite, env))) failed.push(suite)
    const lines = (await readFile(report, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
    const rows = lines.map((line) => JSON.parse(line) as CrashRow)
    console.log(writeTable(rows))
    if (rows.every(({ kills }) => kills === 0)) throw new Error('Nothing was killed: is there such a point?')
    for (const { what, findings } of rows) for (const finding of findings) console.log(`${what}: ${finding}`)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  console.log(failed.length === 0 ? 'Nothing wrong was found' : `FAILED: ${failed.join(', ')}`)
  return failed.length === 0
}

const wanted = (() => {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    console.log(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return null
  }
})()
if (wanted === null) process.exitCode = 2
else process.exitCode = (await main(wanted)) ? 0 : 1
