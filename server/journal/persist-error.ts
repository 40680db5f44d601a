/**
 * What an error of the persisting statement means. `refused`: the server rejected what was to be written, nothing is
 * stored, and the same would be rejected again · `trouble`: nothing is stored, and it is nobody's fault: the same may
 * succeed later · `unknown`: the answer never came, so it may be stored or not; only the logs can tell.
 */
export type PersistFailure = 'refused' | 'trouble' | 'unknown'

/** Classes of SQLSTATE that speak about the values: data exceptions, integrity constraints, exceptions of triggers. */
const aboutValues = /^(22|23|P0)/
/** Connection failures and the end of the server process: the statement may have been committed before. */
const aboutConnection = /^(08|57P0)/

/** Returns what `error` means for the batch that was being written. */
export function classifyPersistError(error: unknown): PersistFailure {
  const { code = '', severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  const isAnswer = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity !== undefined
  if (!isAnswer || aboutConnection.test(code)) return 'unknown'
  return aboutValues.test(code) ? 'refused' : 'trouble'
}

/** Returns whether `error` may mean that an input is recorded already: what it made then stands in the way first. */
export function mayBeRepeated(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23505'
}
