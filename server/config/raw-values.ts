import type { ConfigurationProblem } from './configuration-error.js'

/* What a configuration file holds, whatever shape it has: what is not there, or another thing, is passed over. */

/** Returns a member of an object; undefined when it is none, or has none of that name. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** Returns a list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Returns a text, or null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Returns a problem for each name that an earlier one has. */
export function repeated(
  names: readonly (string | null)[],
  path: (index: number) => string,
): ConfigurationProblem[] {
  return names.flatMap((name, index) => {
    if (name === null || names.indexOf(name) === index) return []
    return [{ path: path(index), message: `"${name}" is taken by an earlier one` }]
  })
}
