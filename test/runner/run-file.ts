import { spawn } from 'node:child_process'
import { type FileOutcome, readTapOutput } from './tap-output.js'

/** One run of a test file. */
export interface FileRun {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
  /** Everything a person needs to understand its failures; empty when there are none. */
  readonly report: string
}

/** How a test file is run. */
export interface FileRunOptions {
  readonly file: string
  /** How its failures name it. */
  readonly name: string
  readonly env: NodeJS.ProcessEnv
  /** Seconds after which it is ended. */
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

const askedMs = 200
const graceMs = 5000
const keptOutput = 4000
const tellHeldBy = import.meta.resolve('./tell-held-by.js')

/** Runs a test file in a process of its own. A crash, a time-out and an output without assertions are failures. */
export async function runFile(options: FileRunOptions): Promise<FileRun> {
  const began = performance.now()
  const ended = await execute(options)
  const seconds = (performance.now() - began) / 1000
  const outcome = readTapOutput(ended.stdout)
  const trouble = describeTrouble(outcome, ended, options)
  const failed = outcome.failures.length + (trouble ? 1 : 0)
  const report = failed > 0 ? writeReport(options.name, outcome, ended, trouble) : ''
  return { file: options.name, passed: outcome.passed, failed, skipped: outcome.skipped, seconds, report }
}

interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly how: string
  readonly isClean: boolean
  readonly isTimedOut: boolean
}

function execute(options: FileRunOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const args = ['--enable-source-maps', '--import', tellHeldBy, options.file]
    const child = spawn(process.execPath, args, { env: options.env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = { stdout: '', stderr: '' }
    let isTimedOut = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    const end = () => {
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), graceMs).unref()
    }
    const timer = setTimeout(() => {
      isTimedOut = true
      child.kill('SIGUSR2')
      setTimeout(end, askedMs)
    }, options.timeoutSeconds * 1000)
    options.signal.addEventListener('abort', end, { once: true })
    // Not 'close': a process that the test left behind may hold the pipes open for ever
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      options.signal.removeEventListener('abort', end)
      const how = signal ? `ended by ${signal}` : `exit code ${code}`
      setTimeout(() => resolve({ ...output, how, isClean: code === 0, isTimedOut }), 20)
    })
  })
}

function describeTrouble(outcome: FileOutcome, ended: Ended, options: FileRunOptions): string | undefined {
  const hasFailures = outcome.failures.length > 0
  if (ended.isTimedOut) {
    const late = `not done after ${options.timeoutSeconds} s`
    const open = outcome.open.length > 0 ? `, in ${outcome.open.join(' › ')}` : ''
    if (hasFailures || open !== '') return `${late}${open}`
    return `${late}, although every test ended and none failed: something keeps the process alive`
  }
  if (!outcome.isComplete) return `the output breaks off (${ended.how})`
  if (!ended.isClean && !hasFailures) return `no assertion failed, and yet ${ended.how}`
  if (outcome.passed === 0 && !hasFailures) return 'it asserts nothing'
  return undefined
}

function writeReport(name: string, outcome: FileOutcome, ended: Ended, trouble: string | undefined): string {
  const blocks = outcome.failures.map(({ path, details }) => {
    return [`✗ ${name} › ${path.join(' › ')}`, ...details.map((line) => `    ${line}`)].join('\n')
  })
  if (trouble) {
    const tail = outcome.failures.length === 0 ? ended.stdout.slice(-keptOutput) : ''
    blocks.push([`✗ ${name}: ${trouble}`, indent(tail)].filter(Boolean).join('\n'))
  }
  if (ended.stderr) blocks.push(`  standard error of ${name}:\n${indent(ended.stderr.slice(-keptOutput))}`)
  return blocks.join('\n')
}

function indent(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `    ${line}`)
    .join('\n')
}
