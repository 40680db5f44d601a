/**
 * Returns whether two states say the same: maps, lists, plain objects and decimals, down to their last field. Maps must
 * also have their keys in the same order, as the core goes through them in it.
 */
export function isSameState(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false
  if (one instanceof Map) return areSameMaps(one, other as Map<unknown, unknown>)
  if (Array.isArray(one)) return areSameLists(one, other as readonly unknown[])
  return areSameRecords(one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>)
}

function areSameMaps(one: ReadonlyMap<unknown, unknown>, other: ReadonlyMap<unknown, unknown>): boolean {
  if (one.size !== other.size) return false
  const others = other.entries()
  for (const [key, value] of one) {
    const [otherKey, otherValue] = others.next().value!
    if (key !== otherKey || !isSameState(value, otherValue)) return false
  }
  return true
}

function areSameLists(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) {
    if (!isSameState(one[index], other[index])) return false
  }
  return true
}

function areSameRecords(one: Readonly<Record<string, unknown>>, other: typeof one): boolean {
  let fields = 0
  for (const field in one) {
    if (!isSameState(one[field], other[field])) return false
    fields += 1
  }
  for (const _ in other) fields -= 1
  return fields === 0
}
