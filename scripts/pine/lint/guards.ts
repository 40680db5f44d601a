import type { Zone } from '../../../core/calendar/zone.js'
import type { Guard } from './alert-call.js'
import { type Circumstances, evaluate } from './evaluate.js'
import { combine, negate, type Value } from './value.js'

/** Returns circumstances in which nothing is given but the zone; inputs stand at their defaults, series are unknown. */
export function plainCircumstances(zone: Zone): Circumstances {
  return { zone, given: new Map(), least: new Set(), hasSamples: false }
}

/** Returns circumstances in which some more is given. */
export function giving(
  circumstances: Circumstances,
  more: Iterable<readonly [string, Value]>,
): Circumstances {
  return { ...circumstances, given: new Map([...circumstances.given, ...more]) }
}

/** Returns whether all guards let pass; false only where that is certain, true likewise. */
export function passGuards(guards: readonly Guard[], circumstances: Circumstances): Value {
  let all: Value = true
  for (const { condition, holds, scope } of guards) {
    const value = evaluate(condition, scope, circumstances)
    all = combine('and', all, holds ? value : negate(value))
    if (all === false) return false
  }
  return all
}
