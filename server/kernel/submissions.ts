import { InputFailedError, type NewInput, SequencerStoppedError, type StepOutcome } from './work.js'

interface Submission {
  readonly input: NewInput
  readonly outcome: Promise<StepOutcome>
  readonly resolve: (outcome: StepOutcome) => void
  readonly reject: (error: Error) => void
}

/** Inputs that were submitted and are not recorded yet, in the order of their coming. */
export class Submissions {
  readonly #waiting = new Map<string, Submission>()

  /** Count of submitted inputs that are not recorded yet. */
  get size(): number {
    return this.#waiting.size
  }

  /** Adds an input and returns what it will lead to. The same id joins the one that waits. */
  add(input: NewInput): Promise<StepOutcome> {
    const present = this.#waiting.get(input.id)
    if (present !== undefined) return present.outcome
    const { promise, resolve, reject } = promiseWithResolvers<StepOutcome>()
    this.#waiting.set(input.id, { input, outcome: promise, resolve, reject })
    return promise
  }

  /** Returns up to `limit` inputs that wait and are not in `excluded`, oldest first; they go on waiting. */
  peek(limit: number, excluded: ReadonlySet<string>): NewInput[] {
    const inputs: NewInput[] = []
    for (const { input } of this.#waiting.values()) {
      if (inputs.length >= limit) break
      if (!excluded.has(input.id)) inputs.push(input)
    }
    return inputs
  }

  /** Tells the submitter what its input led to. */
  settle(id: string, outcome: StepOutcome): void {
    this.#waiting.get(id)?.resolve(outcome)
    this.#waiting.delete(id)
  }

  /** Tells the submitter that its input was put aside. */
  fail(id: string, reason: string): void {
    this.#waiting.get(id)?.reject(new InputFailedError(id, reason))
    this.#waiting.delete(id)
  }

  /** Tells every submitter that nothing will be decided here any more. */
  abandonAll(portfolio: string): void {
    for (const { reject } of this.#waiting.values()) reject(new SequencerStoppedError(portfolio))
    this.#waiting.clear()
  }
}

interface Resolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

function promiseWithResolvers<T>(): Resolvers<T> {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  // A submitter need not wait; its input's failure is recorded in any case
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
