import { type ErrorCode, errorEntry } from '../errors.js'

/** A field of a request that is wrong, and what would be right. */
export interface FieldProblem {
  /** Path of the field, as `conditions.long_entry`; empty for the whole. */
  readonly field: string
  readonly message: string
}

/** A problem document (RFC 9457). */
export interface Problem {
  /** Identifies the kind of problem; a name, not an address. */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What is wrong this time. */
  readonly detail: string
  readonly code: ErrorCode
  /** What the reader can do. */
  readonly remedy: string
  readonly errors?: readonly FieldProblem[]
}

/** Media type of a problem document. */
export const problemType = 'application/problem+json; charset=utf-8'

/** Returns the problem document of an error; with fields, the detail names them. */
export function problem(code: ErrorCode, detail?: string, errors?: readonly FieldProblem[]): Problem {
  const { status, title, remedy } = errorEntry(code)
  return {
    type: `urn:smart-general:problem:${code}`,
    title,
    status: status ?? 500,
    detail: detail ?? (errors === undefined ? title : describeFields(errors)),
    code,
    remedy,
    ...(errors === undefined ? {} : { errors }),
  }
}

function describeFields(errors: readonly FieldProblem[]): string {
  return errors.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)).join('; ')
}
