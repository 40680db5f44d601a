import { Decimal } from '../../core/decimal.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'

/** Returns a copy of a state that shares nothing with it but what never changes: decimals, settings and the calendar. */
export function copyState(portfolio: Portfolio): Portfolio {
  const { settings, calendar } = portfolio
  return { ...copyOf({ ...portfolio, settings: null, calendar: null }), settings, calendar }
}

function copyOf<Value>(value: Value): Value {
  return isShared(value) ? value : (copyOfObject(value as object) as Value)
}

function isShared(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Decimal
}

function copyOfObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>()
    for (const [key, one] of value) copy.set(key, copyOf(one))
    return copy
  }
  const copy: Record<string, unknown> = { ...value }
  for (const field in copy) if (!isShared(copy[field])) copy[field] = copyOf(copy[field])
  return copy
}
