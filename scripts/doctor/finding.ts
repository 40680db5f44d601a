/** ok: as it should be · note: worth knowing · warning: will hurt one day · failure: something does not work. */
export type Severity = 'ok' | 'note' | 'warning' | 'failure'

/** What was looked at, what was found, and what to do about it. */
export interface Finding {
  readonly check: string
  readonly severity: Severity
  readonly found: string
  /** Null when nothing has to be done. */
  readonly remedy: string | null
}

/** Returns a finding that needs nothing. */
export function fine(check: string, found: string): Finding {
  return { check, severity: 'ok', found, remedy: null }
}

/** Returns something worth knowing. */
export function note(check: string, found: string, remedy: string | null = null): Finding {
  return { check, severity: 'note', found, remedy }
}

/** Returns something that will hurt one day. */
export function warning(check: string, found: string, remedy: string): Finding {
  return { check, severity: 'warning', found, remedy }
}

/** Returns something that does not work. */
export function failure(check: string, found: string, remedy: string): Finding {
  return { check, severity: 'failure', found, remedy }
}

/** Returns the message of an error; of several in one, all of them. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
