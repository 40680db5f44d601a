import { setTimeout as delay } from 'node:timers/promises'

/** How patiently to look. */
export interface Patience {
  /** Milliseconds until it is given up. Default 10,000. */
  readonly timeoutMs?: number
  /** Milliseconds between two looks. Default 10. */
  readonly intervalMs?: number
}

/**
 * Looks until the check passes, and returns what it returned: anything but undefined, null and false. A check may
 * also throw; the last error is thrown when time is over.
 */
export async function eventually<T>(
  what: string,
  check: () => T | Promise<T>,
  patience: Patience = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 10_000, intervalMs = 10 } = patience
  const deadline = Date.now() + timeoutMs
  let failure: unknown
  do {
    try {
      const found = await check()
      if (found !== undefined && found !== null && found !== false) return found
      failure = undefined
    } catch (error) {
      failure = error
    }
    await delay(intervalMs)
  } while (Date.now() < deadline)
  throw new Error(`Not within ${timeoutMs} ms: ${what}`, { cause: failure })
}
