import type { AlertOutcome } from '../journal/alert-outcome.js'

/** Outcomes that are remembered for those who ask after the fact. */
const REMEMBERED = 4096

type Waiter = (outcome: AlertOutcome | null) => void

/** Tells those who wait what became of an alert. */
export class DecidedAlerts {
  readonly #recent = new Map<string, AlertOutcome>()
  readonly #waiters = new Map<string, Set<Waiter>>()

  /** Remembers an outcome and tells it to those who wait for it. */
  announce(outcome: AlertOutcome): void {
    this.#recent.set(outcome.alertId, outcome)
    if (this.#recent.size > REMEMBERED) {
      const oldest = this.#recent.keys().next()
      if (!oldest.done) this.#recent.delete(oldest.value)
    }
    const waiters = this.#waiters.get(outcome.alertId)
    if (waiters === undefined) return
    this.#waiters.delete(outcome.alertId)
    for (const tell of waiters) tell(outcome)
  }

  /** Returns the outcome once there is one, or null after `timeoutMs`. */
  wait(alertId: string, timeoutMs: number): Promise<AlertOutcome | null> {
    const known = this.#recent.get(alertId)
    if (known !== undefined) return Promise.resolve(known)
    if (timeoutMs <= 0) return Promise.resolve(null)
    return new Promise((resolve) => {
      const tell: Waiter = (outcome) => {
        clearTimeout(timer)
        resolve(outcome)
      }
      const timer = setTimeout(() => {
        this.#forget(alertId, tell)
        resolve(null)
      }, timeoutMs)
      const waiters = this.#waiters.get(alertId)
      if (waiters === undefined) this.#waiters.set(alertId, new Set([tell]))
      else waiters.add(tell)
    })
  }

  /** Tells everyone who waits that nothing comes any more. */
  close(): void {
    for (const waiters of this.#waiters.values()) for (const tell of waiters) tell(null)
    this.#waiters.clear()
  }

  #forget(alertId: string, tell: Waiter): void {
    const waiters = this.#waiters.get(alertId)
    waiters?.delete(tell)
    if (waiters?.size === 0) this.#waiters.delete(alertId)
  }
}
