import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The command line, as compiled beside this helper. */
export const generalFile = fileURLToPath(new URL('../../scripts/general.js', import.meta.url))
const inTurnFile = fileURLToPath(new URL('./general-in-turn.js', import.meta.url))

/** What a run of the command line came to. */
export interface GeneralRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a run may want differently. */
export interface GeneralOptions {
  /** Variables besides PATH and TMPDIR; those of the test run itself are not handed on. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly cwd?: string
}

/** Runs `general` with the arguments in a process of its own and returns what it printed. */
export function runGeneral(args: readonly string[], options: GeneralOptions = {}): Promise<GeneralRun> {
  return runNode([generalFile, ...args], options)
}

async function runNode(args: readonly string[], options: GeneralOptions): Promise<GeneralRun> {
  const { env = {}, input = '', cwd } = options
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', TMPDIR: tmpdir(), TZ: 'UTC', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  // Who does not read its input closes it early; that is no fault
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const exit = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  await exit
  return { code: child.exitCode, stdout, stderr }
}

/** Runs `general` several times in one process, one after the other: for what costs nothing but the start of a process. */
export async function runGeneralInTurn(
  calls: readonly (readonly string[])[],
  options: GeneralOptions = {},
): Promise<GeneralRun[]> {
  const { stdout } = await runNode([inTurnFile], { ...options, input: JSON.stringify(calls) })
  return JSON.parse(stdout) as GeneralRun[]
}

/** Returns the one document that a run with --json printed. */
export function documentOf<T = Record<string, unknown>>({ stdout, stderr }: GeneralRun): T {
  try {
    return JSON.parse(stdout) as T
  } catch {
    throw new Error(`Standard output is no JSON document: ${stdout}\n${stderr}`)
  }
}

/** Runs `general` with --json and returns its exit code and its one document. */
export async function runJson<T = Record<string, unknown>>(
  args: readonly string[],
  options: GeneralOptions = {},
): Promise<{ readonly code: number | null; readonly document: T }> {
  const run = await runGeneral([...args, '--json'], options)
  return { code: run.code, document: documentOf<T>(run) }
}
