import { ServiceError } from '../errors.js'

/** Stores all of the items in one commit and returns, in their order, what became of each; an Error is of its item only. */
export type WriteBatch<Item, Result> = (items: readonly Item[]) => Promise<readonly (Result | Error)[]>

/** How items are stored together. */
export interface GroupCommitOptions<Item, Result> {
  readonly write: WriteBatch<Item, Result>
  /** Most items in one commit. */
  readonly limit: number
  /** Milliseconds within which a call is answered, one way or the other. */
  readonly deadlineMs: number
  /** Is told once about each batch that could not be stored whole. */
  readonly onFailure: (error: unknown, items: number) => void
}

interface Call<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: ServiceError) => void
  readonly deadline: NodeJS.Timeout
  isOver: boolean
}

/**
 * Stores what waits in one commit, and what came meanwhile in the next: alone an item waits for nothing, and under
 * load the commits grow instead of their number. One commit is under way at a time. When a batch fails because of one
 * of its items, they are stored one by one, so that the others pass.
 */
export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>
  #waiting: Call<Item, Result>[] = []
  #isWriting = false

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options
  }

  /**
   * Resolves once the item's commit is confirmed. Rejects with STORAGE_NOT_PROVEN when it failed, when nobody knows
   * whether it did, or when time is over; the item may be stored in the last two cases.
   */
  commit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => expire(call, this.#options.deadlineMs), this.#options.deadlineMs)
      const call: Call<Item, Result> = { item, resolve, reject, deadline, isOver: false }
      this.#waiting.push(call)
      if (!this.#isWriting) void this.#writeWaiting()
    })
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true
    for (;;) {
      const batch = this.#takeBatch()
      if (batch.length === 0) break
      await this.#writeBatch(batch)
    }
    this.#isWriting = false
  }

  /** Calls whose time is over have been answered; what they asked for is sent again. */
  #takeBatch(): Call<Item, Result>[] {
    const open = this.#waiting.filter((call) => !call.isOver)
    this.#waiting = open.slice(this.#options.limit)
    return open.slice(0, this.#options.limit)
  }

  async #writeBatch(batch: readonly Call<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.write(batch.map((call) => call.item))
      for (const [index, call] of batch.entries()) answer(call, results[index]!)
    } catch (error) {
      this.#options.onFailure(error, batch.length)
      if (batch.length > 1 && isFaultOfAnItem(error)) {
        for (const call of batch) if (!call.isOver) await this.#writeBatch([call])
      } else {
        for (const call of batch) settle(call, () => call.reject(notProven(error)))
      }
    }
  }
}

function answer<Item, Result>(call: Call<Item, Result>, result: Result | Error): void {
  if (result instanceof Error) settle(call, () => call.reject(notProven(result)))
  else settle(call, () => call.resolve(result))
}

function settle<Item, Result>(call: Call<Item, Result>, tell: () => void): void {
  clearTimeout(call.deadline)
  if (!call.isOver) tell()
  call.isOver = true
}

function expire<Item, Result>(call: Call<Item, Result>, deadlineMs: number): void {
  settle(call, () => call.reject(notProven(`the database did not confirm within ${deadlineMs} ms`)))
}

function notProven(cause: unknown): ServiceError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ServiceError('STORAGE_NOT_PROVEN', `Nothing proves that it is stored: ${reason}`, { cause })
}

/** SQLSTATE classes that say something about a row, its size or its lock, and not about the server. */
function isFaultOfAnItem(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^(22|23|40|54|55)...$/.test(code)
}
