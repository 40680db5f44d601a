import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A request that a running OpenAlgo got, and what it answered. */
export interface Recording {
  readonly name: string
  readonly endpoint: string
  readonly body: Readonly<Record<string, unknown>>
  readonly status: number
  readonly json: Readonly<Record<string, unknown>>
}

/** A message to the stream of a running OpenAlgo, and what came back. */
export interface StreamRecording {
  readonly name: string
  readonly send?: unknown
  readonly recv?: readonly Readonly<Record<string, unknown>>[]
  readonly closed?: { readonly code: number; readonly reason: string }
}

interface Recordings {
  readonly live: readonly Recording[]
  readonly analyze: readonly Recording[]
  readonly stream: readonly StreamRecording[]
}

/** Returns everything that was recorded, in its order. */
export function readRecordings(): Recordings {
  const root = join(import.meta.dirname, '..', '..', '..')
  return JSON.parse(readFileSync(join(root, 'test', 'data', 'openalgo-recordings.json'), 'utf8'))
}
