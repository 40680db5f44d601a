import type { JsonObject } from './strict-json.js'

const MEMBER = /"(type|instrument|position|timestamp|barTime|price)"\s*:\s*(?:"([^"\\]*)"|(-?\d+(?:\.\d+)?))/g

/**
 * Returns what can be recognised in a body whose JSON is broken, when it is plainly an exit: a quote inside the reason
 * or a missing comma must not leave a position open, and TradingView does not send a refused alert again. Null when it
 * is no exit, or names two types or two instruments.
 */
export function salvageExit(text: string): JsonObject | null {
  const found = new Map<string, string>()
  const doubtful = new Set<string>()
  for (const [, name = '', quoted, numeral] of text.matchAll(MEMBER)) {
    const value = (quoted ?? numeral ?? '').replaceAll('\0', '\ufffd')
    const first = found.get(name)
    if (first === undefined) found.set(name, value)
    else if (first !== value) doubtful.add(name)
  }
  const isExit = found.get('type')?.trim().toUpperCase() === 'EXIT'
  if (!isExit || doubtful.has('type') || doubtful.has('instrument')) return null
  for (const name of doubtful) found.delete(name)
  return found
}
