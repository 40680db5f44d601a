/**
 * Returns null when `actual` holds everything of `expected`, numbers to a relative `tolerance`; else where and how
 * they differ.
 */
export function closeTo(actual: unknown, expected: unknown, tolerance: number, path = ''): string | null {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const scale = Math.max(Math.abs(expected), Math.abs(actual), 1e-12)
    if (Math.abs(actual - expected) <= tolerance * scale) return null
    if (Math.abs(actual - expected) <= 1e-12) return null
    return `${path} is ${actual}, expected ${expected}`
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return `${path} is ${String(actual)}`
    if (Array.isArray(expected) && expected.length !== (actual as unknown[]).length)
      return `${path} has another length`
    for (const [key, value] of Object.entries(expected)) {
      const problem = closeTo((actual as Record<string, unknown>)[key], value, tolerance, `${path}.${key}`)
      if (problem !== null) return problem
    }
    return null
  }
  return actual === expected ? null : `${path} is ${String(actual)}, expected ${String(expected)}`
}
