import { type CorruptPlace, DataCorruptError } from '../data-corrupt-error.js'
import { MalformedError, type Shape } from './shape.js'

/** Returns the fact in recorded JSON. Throws DataCorruptError, which names it as `what`, when it is malformed. */
export function readFact<T>(place: CorruptPlace, what: string, { shape, data }: ShapedData<T>): T {
  try {
    return shape(data)
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    throw new DataCorruptError(place, `the ${what} is malformed: ${error.message}`, { cause: error })
  }
}

/** Parsed JSON and what it is to look like. */
export interface ShapedData<T> {
  readonly shape: Shape<T>
  readonly data: unknown
}
