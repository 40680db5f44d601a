import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { findChromium } from './helpers/chromium.js'
import { fullCountsVariable } from './helpers/counts.js'
import { startPostgresService } from './helpers/postgres-service.js'
import { startRedisService } from './helpers/redis-service.js'
import { serviceVariables } from './helpers/service-variables.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'
import { type FileRun, runFile } from './runner/run-file.js'
import { slowestFirst } from './runner/slow-files.js'
import { findWorkingDirectory } from './runner/working-directory.js'

/** Files that run at the same time: more than there are processors, as each waits for processes and databases. */
const jobs = 2 + availableParallelism()
const timeoutSeconds = { quick: 120, full: 600 } as const

interface Totals {
  passed: number
  failed: number
}

/** Runs the test files whose path holds one of the filters, all without any; returns what was counted. */
async function runTests(filters: readonly string[], isFull: boolean, signal: AbortSignal): Promise<Totals> {
  const root = import.meta.dirname
  const files = slowestFirst(await findTestFiles(root, filters))
  const directory = await temporaryDirectory(await findWorkingDirectory())
  const temporary = join(directory, 'temporary')
  await mkdir(temporary)
  const stops: (() => Promise<void>)[] = []
  try {
    const postgres = await startPostgresService(join(directory, 'home'))
    stops.push(postgres.stop)
    const redis = await startRedisService({ directory: join(directory, 'redis') })
    stops.push(redis.stop)
    const env = {
      ...process.env,
      TMPDIR: temporary,
      [serviceVariables.postgresUrl]: postgres.url,
      [serviceVariables.postgresTemplate]: postgres.template,
      [serviceVariables.redisUrl]: redis.url,
      ...(isFull ? { [fullCountsVariable]: '1' } : {}),
    }
    const limit = isFull ? timeoutSeconds.full : timeoutSeconds.quick
    // The first run on a machine brings the browser, which is not within a file's time; the file says what is missing
    if (files.some(needsBrowser)) await findChromium().catch(() => undefined)
    return await runFiles(files, { root, env: { ...env, TAP_TIMEOUT: String(limit) }, limit, signal })
  } finally {
    await Promise.all(stops.map((stop) => stop()))
    await rm(directory, { recursive: true, force: true })
  }
}

function needsBrowser(file: string): boolean {
  return file.endsWith('tear-sheet.test.js')
}

async function findTestFiles(root: string, filters: readonly string[]): Promise<string[]> {
  const names = await readdir(root, { recursive: true })
  return (
    names
      .filter((name) => name.endsWith('.test.js'))
      // What was compiled from a file that has since been removed stays in the build directory
      .filter((name) => existsSync(join(root, '..', '..', sourceName(name))))
      .filter((name) => filters.length === 0 || filters.some((filter) => sourceName(name).includes(filter)))
      .map((name) => join(root, name))
  )
}

/** The path that a developer knows: of the source, not of what the compiler made of it. */
function sourceName(name: string): string {
  return `test/${name.replaceAll('\\', '/').replace(/\.js$/, '.ts')}`
}

interface Session {
  readonly root: string
  readonly env: NodeJS.ProcessEnv
  readonly limit: number
  readonly signal: AbortSignal
}

async function runFiles(files: readonly string[], session: Session): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0 }
  const queue = [...files]
  const work = async () => {
    for (let file = queue.shift(); file !== undefined && !session.signal.aborted; file = queue.shift()) {
      const name = sourceName(relative(session.root, file))
      const { env, limit, signal } = session
      const run = await runFile({ file, name, env, timeoutSeconds: limit, signal })
      totals.passed += run.passed
      totals.failed += run.failed
      print(run)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return totals
}

function print(run: FileRun): void {
  const skipped = run.skipped > 0 ? `, ${run.skipped} skipped` : ''
  const failed = run.failed > 0 ? `, ${run.failed} FAILED` : ''
  const mark = run.failed > 0 ? '✗' : '✓'
  console.log(`${mark} ${run.file} (${run.passed} passed${failed}${skipped}, ${run.seconds.toFixed(1)} s)`)
  if (run.report) console.log(run.report)
}

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())

const [filters, options] = [
  process.argv.slice(2).filter((argument) => !argument.startsWith('--')),
  process.argv.slice(2).filter((argument) => argument.startsWith('--')),
]
const totals: Totals = await runTests(filters, options.includes('--full'), interruption.signal).catch(
  (error) => {
    console.log(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return { passed: 0, failed: 1 }
  },
)
if (interruption.signal.aborted) console.log('Interrupted')
process.exitCode = totals.failed === 0 && totals.passed > 0 && !interruption.signal.aborted ? 0 : 1
console.log(`${totals.passed} passed, ${totals.failed} failed`)
