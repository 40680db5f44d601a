import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PineScript } from './scripts.js'

/** Where the generated scripts are: pine/ of this checkout. */
export const pineDirectory: string = fileURLToPath(new URL('../../../pine', import.meta.url))

/** What differs between a directory and what is generated; names of files. */
export interface PineDifferences {
  readonly missing: readonly string[]
  readonly different: readonly string[]
  /** Scripts that are not generated. */
  readonly surplus: readonly string[]
}

/** Returns how the scripts in a directory differ from what is generated. */
export function compareScripts(directory: string, scripts: readonly PineScript[]): PineDifferences {
  const present = listScripts(directory)
  const known = new Set(scripts.map(({ path }) => path))
  const isDifferent = ({ path, text }: PineScript) =>
    present.includes(path) && readFileSync(join(directory, path), 'utf8') !== text
  return {
    missing: scripts.map(({ path }) => path).filter((path) => !present.includes(path)),
    different: scripts.filter(isDifferent).map(({ path }) => path),
    surplus: present.filter((path) => !known.has(path)),
  }
}

/** Writes scripts into a directory, which it makes when there is none; what else is there stays. */
export function writeScripts(directory: string, scripts: readonly PineScript[]): void {
  mkdirSync(directory, { recursive: true })
  for (const { path, text } of scripts) writeFileSync(join(directory, path), text)
}

/** Returns the names of the Pine scripts in a directory, sorted; none when there is no such directory. */
export function listScripts(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.pine'))
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
