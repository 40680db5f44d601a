import { Decimal } from '../../core/decimal.js'

/** Where two facts differ first, and what each of them says there. */
export interface FactDifference {
  /** Names from the outside in, as in `decision.gates.3.passed`; '' when they differ altogether. */
  readonly path: string
  readonly recorded: unknown
  readonly replayed: unknown
}

/** Returns where two facts differ first, or null when they say the same. The order of fields says nothing. */
export function factDifference(recorded: unknown, replayed: unknown, path = ''): FactDifference | null {
  if (recorded === replayed) return null
  if (recorded instanceof Decimal && replayed instanceof Decimal) {
    return recorded.equals(replayed) ? null : { path, recorded, replayed }
  }
  if (
    !isStructure(recorded) ||
    !isStructure(replayed) ||
    Array.isArray(recorded) !== Array.isArray(replayed)
  ) {
    return { path, recorded, replayed }
  }
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
    const inside = path === '' ? key : `${path}.${key}`
    const difference = factDifference(recorded[key], replayed[key], inside)
    if (difference !== null) return difference
  }
  return null
}

function isStructure(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(value instanceof Decimal)
}
