/**
 * Returns JSON text that is the same for equal values: keys sorted, no space, numbers in their shortest spelling. Maps
 * are written as objects, values with toJSON as what that returns, NaN and the infinities as their names in quotes,
 * and keys without a value are left out.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value instanceof Map) return canonicalMembers([...value.entries()])
  if (isSelfDescribed(value)) return canonicalJson(value.toJSON())
  return canonicalMembers(Object.entries(value))
}

function canonicalMembers(members: readonly (readonly [string, unknown])[]): string {
  const written = members
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`)
  return `{${written.join(',')}}`
}

function isSelfDescribed(value: object): value is { toJSON: () => unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}
