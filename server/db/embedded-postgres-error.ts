/** What a person must do about it, in one word each. */
export type EmbeddedPostgresFault =
  | 'UNSUPPORTED_PLATFORM'
  | 'NO_ACCOUNT'
  | 'INITDB_FAILED'
  | 'WRONG_DATA'
  | 'START_FAILED'

/** The embedded PostgreSQL cannot run here; the message says what to do, and names DATABASE_URL where that helps. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresFault

  constructor(code: EmbeddedPostgresFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EmbeddedPostgresError'
    this.code = code
  }
}
