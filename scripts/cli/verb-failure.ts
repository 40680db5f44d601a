/** What a failure is about, for programs. */
export interface FailureFacts {
  /** A code of docs/errors.md where there is one. */
  readonly code: string
  /** What the reader can do. */
  readonly remedy: string
  /** What came with it: the answer of the service. */
  readonly details?: unknown
  readonly cause?: unknown
}

/** A verb could not do what was asked: exit code 1. The message says what to do. */
export class VerbFailure extends Error {
  readonly code: string
  readonly remedy: string
  readonly details: unknown

  constructor(message: string, { code, remedy, details, cause }: FailureFacts) {
    super(message, { cause })
    this.name = 'VerbFailure'
    this.code = code
    this.remedy = remedy
    this.details = details ?? null
  }
}
