import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** A program of this directory that is run as a process of its own. */
export interface ChildRun {
  /** Relative to this file, as compiled. */
  readonly file: string
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Options of Node.js itself. */
  readonly nodeOptions?: readonly string[]
  readonly signal?: AbortSignal
}

/** Runs a program and returns the JSON document that it prints. Rejects when it fails. */
export async function runChild<T>({ file, env, args, nodeOptions, signal }: ChildRun): Promise<T> {
  const program = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [...(nodeOptions ?? []), program, ...(args ?? [])], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(signal === undefined ? {} : { signal }),
  })
  const closed = once(child, 'close')
  const printed = await text(child.stdout)
  await closed
  if (child.exitCode !== 0) throw new Error(`${file} ended with code ${child.exitCode}`)
  return JSON.parse(printed) as T
}
