import { type Decimal, parseDecimal } from '../../../core/decimal.js'

/*
 * What recorded JSON must look like, and how it becomes facts in memory. A recovery reads thousands of facts with code
 * that has just been loaded: a few small functions that all of them share are warm after the first, where a schema
 * library would make code for each shape before it is of use.
 */

/** Returns a value of parsed JSON as the fact that it is. Throws MalformedError when it is none. */
export type Shape<T> = (value: unknown) => T

/** The shapes of an object's fields, all of them. */
export type Fields<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> }

/** Recorded JSON is not of the shape that was written: the message says where, what was expected and what is there. */
export class MalformedError extends Error {
  /** Names and indices from the outside in. */
  readonly path: readonly (string | number)[]
  readonly problem: string

  constructor(problem: string, path: readonly (string | number)[] = []) {
    super(path.length === 0 ? problem : `${path.join('.')}: ${problem}`)
    this.name = 'MalformedError'
    this.problem = problem
    this.path = path
  }
}

function refuse(expected: string, found: unknown): never {
  throw mismatch(expected, found)
}

function mismatch(expected: string, found: unknown): MalformedError {
  const shown = found === undefined ? 'nothing' : JSON.stringify(found)
  const short = shown.length > 80 ? `${shown.slice(0, 80)}…` : shown
  return new MalformedError(`expected ${expected}, found ${short}`)
}

function inside(step: string | number, error: unknown): unknown {
  return error instanceof MalformedError ? new MalformedError(error.problem, [step, ...error.path]) : error
}

/** Any text. */
export const text: Shape<string> = (value) => (typeof value === 'string' ? value : refuse('a text', value))

/** A finite number. */
export const number: Shape<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse('a finite number', value)

/** True or false. */
export const flag: Shape<boolean> = (value) =>
  typeof value === 'boolean' ? value : refuse('true or false', value)

/** An exact number, recorded as its text. */
export const decimal: Shape<Decimal> = (value) =>
  (typeof value === 'string' ? parseDecimal(value) : null) ?? refuse('the text of a decimal', value)

/** Returns the shape of one value and no other. */
export function constant<T extends string | true>(expected: T): Shape<T> {
  return (value) => (value === expected ? expected : refuse(JSON.stringify(expected), value))
}

/** Returns the shape of a union of texts; the total map keeps it from lagging behind the union. */
export function oneOf<Name extends string>(names: Readonly<Record<Name, true>>): Shape<Name> {
  const known: ReadonlySet<unknown> = new Set(Object.keys(names))
  const expected = `one of ${Object.keys(names).join(', ')}`
  return (value) => (known.has(value) ? (value as Name) : refuse(expected, value))
}

/** Returns the shape of what may also be null. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value))
}

/** Returns the shape of an array. */
export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value) => {
    if (!Array.isArray(value)) return refuse('an array', value)
    const read: T[] = []
    try {
      for (const element of value) read.push(shape(element))
    } catch (error) {
      throw inside(read.length, error)
    }
    return read
  }
}

/** Returns the shape of an array of two. */
export function pair<A, B>(first: Shape<A>, second: Shape<B>): Shape<[A, B]> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== 2) return refuse('an array of two', value)
    return [first(value[0]), second(value[1])]
  }
}

/** Returns the shape of an object with exactly these fields. */
export function record<T extends object>(fields: Fields<T>): Shape<T> {
  const names = Object.keys(fields)
  const shapes = Object.values(fields) as Shape<unknown>[]
  return (value) => {
    const found = objectOf(value)
    const read: Record<string, unknown> = {}
    let index = 0
    try {
      for (; index < names.length; index++) read[names[index]!] = shapes[index]!(found[names[index]!])
    } catch (error) {
      throw inside(names[index]!, error)
    }
    refuseOthers(found, names)
    return read as T
  }
}

/** Returns the shape of an object that has one shape where it has the field `name`, and another where it has not. */
export function whereGiven<T>(name: string, given: Shape<T>, absent: Shape<T>): Shape<T> {
  return (value) => (Object.hasOwn(objectOf(value), name) ? given(value) : absent(value))
}

/** An optional field. */
export type Named = readonly [name: string, shape: Shape<unknown>]

/** Returns the shape of an object with some fields always and others where they were recorded. */
export function anyGiven(
  fields: Readonly<Record<string, Shape<unknown>>>,
  optional: readonly Named[],
): Shape<object> {
  const [first, ...rest] = optional
  if (first === undefined) return record(fields)
  const [name, shape] = first
  return whereGiven(name, anyGiven({ ...fields, [name]: shape }, rest), anyGiven(fields, rest))
}

/** Every name was found, so more names than that are others. */
function refuseOthers(found: object, names: readonly string[]): void {
  let count = 0
  for (const _ in found) count += 1
  if (count === names.length) return
  const others = Object.keys(found).filter((name) => !names.includes(name))
  throw new MalformedError(`nothing is known of its ${others.map((name) => JSON.stringify(name)).join(', ')}`)
}

/** Returns the shape of an object that is kept as it was recorded, once the fields that matter are looked at. */
export function loose<T extends object>(fields: Readonly<Record<string, Shape<unknown>>>): Shape<T> {
  const looked = Object.entries(fields)
  return (value) => {
    const found = objectOf(value)
    for (const [name, shape] of looked) {
      try {
        shape(found[name])
      } catch (error) {
        throw inside(name, error)
      }
    }
    return found as T
  }
}

/** Returns the shape of an object whose names are data. */
export function table<T>(shape: Shape<T>): Shape<Record<string, T>> {
  return (value) => {
    const read = Object.entries(objectOf(value)).map(([name, field]): [string, T] => {
      try {
        return [name, shape(field)]
      } catch (error) {
        throw inside(name, error)
      }
    })
    return Object.fromEntries(read)
  }
}

/** Returns the shape of a union whose members tell themselves apart by their `kind`. */
export function byKind<T extends { readonly kind: string }>(
  shapes: {
    readonly [Kind in T['kind']]: Shape<Extract<T, { readonly kind: Kind }>>
  },
): Shape<T> {
  const known = new Map<unknown, Shape<T>>(Object.entries(shapes) as [string, Shape<T>][])
  const expected = `one of ${Object.keys(shapes).join(', ')}`
  return (value) => {
    const { kind } = objectOf(value)
    const shape = known.get(kind)
    if (shape === undefined) throw inside('kind', mismatch(expected, kind))
    return shape(value)
  }
}

/** Returns the shape of what has one of several shapes. */
export function anyOf<T>(...shapes: readonly Shape<T>[]): Shape<T> {
  return (value) => {
    for (const shape of shapes) {
      try {
        return shape(value)
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error
      }
    }
    return refuse('another shape', value)
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  return refuse('an object', value)
}
