import type { Pool } from 'pg'
import type { Portfolio } from '../../../core/portfolio/portfolio.js'
import { systemClock } from '../../../server/clock.js'
import type { LoadedPortfolio } from '../../../server/journal/load.js'
import { persistBatch, type StatementRunner } from '../../../server/journal/persist.js'
import type { DecidedWork } from '../../../server/kernel/decide-batch.js'
import { Memory } from '../../../server/kernel/memory.js'
import { readWaitingAlerts } from '../../../server/kernel/waiting-alerts.js'
import type { NewInput, Work } from '../../../server/kernel/work.js'

/**
 * The baseline: it decides with the same core and writes the same rows with the same prepared statement, but spends a
 * transaction on each input. That is as fast as one transaction an alert can be: one round trip each, the state in
 * memory, and no lock that is held across a round trip.
 */
export class SingleStepper {
  readonly #pool: Pool
  readonly #writer: StatementRunner
  readonly #memory: Memory
  readonly #portfolio: string
  readonly #onDecided: (decided: DecidedWork) => void
  readonly #submitted: NewInput[] = []
  #mayWait = true
  #isStopping = false
  #wake: () => void = () => undefined
  #running: Promise<void> | null = null

  constructor(parts: {
    readonly pool: Pool
    readonly writer: StatementRunner
    readonly loaded: LoadedPortfolio
    readonly onDecided: (decided: DecidedWork) => void
  }) {
    this.#pool = parts.pool
    this.#writer = parts.writer
    this.#memory = new Memory(parts.loaded)
    this.#portfolio = parts.loaded.fold.portfolio.id
    this.#onDecided = parts.onDecided
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#wake()
    await this.#running
  }

  /** Says that rows may wait in the inbox. */
  ring(): void {
    this.#mayWait = true
    this.#wake()
  }

  async submit(input: NewInput): Promise<void> {
    this.#submitted.push(input)
    this.#wake()
  }

  state(): Portfolio {
    return this.#memory.portfolio
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      for (const work of await this.#gather()) {
        const batch = this.#memory.decide([work], { clock: systemClock, failures: new Map() })
        if (!(await persistBatch(this.#writer, batch.parameters))) throw new Error('The fence did not hold')
        for (const decided of batch.done) this.#onDecided(decided)
      }
    }
  }

  async #gather(): Promise<Work[]> {
    const submitted = this.#submitted.splice(0).map((input) => ({ input, inboxId: null }))
    const alerts = this.#mayWait ? await this.#readInbox() : []
    if (submitted.length + alerts.length > 0) return [...submitted, ...alerts]
    if (this.#submitted.length === 0 && !this.#mayWait && !this.#isStopping) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return []
  }

  async #readInbox(): Promise<Work[]> {
    this.#mayWait = false
    const limit = 128
    const alerts = await readWaitingAlerts(
      this.#pool,
      { portfolio: this.#portfolio, limit, excluded: [] },
      () => null,
    )
    if (alerts.length === limit) this.#mayWait = true
    return alerts
  }
}
