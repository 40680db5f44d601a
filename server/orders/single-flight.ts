/** Does one thing at a time for each key: who asks while it is being done gets the same promise. */
export class SingleFlight {
  readonly #flights = new Map<string, Promise<void>>()

  /** Does `work` unless it is being done for this key, and resolves when that ends. `failed` is told of its error. */
  run(key: string, work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
    const present = this.#flights.get(key)
    if (present !== undefined) return present
    const flight = work()
      .catch(failed)
      .finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }
}
