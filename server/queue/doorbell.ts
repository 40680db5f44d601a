/**
 * Tells the holder of a portfolio that something waits for it. A ring carries nothing and proves nothing: what waits is
 * in PostgreSQL, and the holder looks there every second without being rung for. So rings may be lost, repeated or
 * merged, and a doorbell never throws and never makes its caller wait.
 */
export interface Doorbell {
  /** Rings for the portfolio, in this process or wherever its listener is. Rings close to one another may become one. */
  ring(portfolio: string): void

  /** Calls `heard` for each ring from here on, until what is returned is called. One listener a portfolio and process. */
  onRing(portfolio: string, heard: () => void): () => Promise<void>

  /** Stops listening and ringing; resolves when connections are ended. */
  close(): Promise<void>
}

/** A doorbell that is heard within this process alone. */
export class LocalDoorbell implements Doorbell {
  readonly #listeners = new Map<string, () => void>()

  ring(portfolio: string): void {
    this.#listeners.get(portfolio)?.()
  }

  onRing(portfolio: string, heard: () => void): () => Promise<void> {
    this.#listeners.set(portfolio, heard)
    return async () => {
      if (this.#listeners.get(portfolio) === heard) this.#listeners.delete(portfolio)
    }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }
}
