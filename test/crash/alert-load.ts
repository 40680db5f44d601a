import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AlertBody, AlertMix } from '../helpers/alert-mix.js'
import { AlertSender, type WebhookAnswer } from '../helpers/alert-sender.js'
import { randomFrom } from '../helpers/random.js'

/** What a load is made of. */
export interface LoadOptions {
  readonly url: string
  readonly mix: AlertMix
  readonly clients: number
  readonly seed: number
}

/** A decision as an answer told it. */
export interface ToldDecision {
  readonly outcome: string
  readonly lots: string
}

const retryMs = 20
const longestThinkMs = 8

/**
 * Clients that send alerts as long as they are let, each over a kept connection. What is not answered with 200 is sent
 * again until it is, some of what was is sent once more, and every answer is held against what was answered before.
 */
export class AlertLoad {
  /** Ids of the alerts that were answered with 200. */
  readonly acknowledged = new Set<string>()
  /** What the answers told of decisions, by the id of the decision. */
  readonly told = new Map<string, ToldDecision>()
  /** Count of answers by status; 0: none came. */
  readonly statuses = new Map<number, number>()
  /** Answers that must not be. */
  readonly wrong: string[] = []
  /** Alerts that were sent a second time after their 200. */
  repeated = 0
  /** Milliseconds that the slowest answer took. */
  slowest = 0
  readonly #options: LoadOptions
  readonly #sender: AlertSender
  readonly #chance: () => number
  #clients: Promise<void>[] = []
  #isOver = false
  #isClosed = false

  constructor(options: LoadOptions) {
    this.#options = options
    this.#sender = new AlertSender(options.url)
    this.#chance = randomFrom(options.seed)
  }

  /** Begins to send. */
  start(): void {
    this.#isOver = false
    this.#clients = Array.from({ length: this.#options.clients }, () => this.#send())
  }

  /** Begins nothing further, and resolves when what was begun is acknowledged. */
  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients)
  }

  /** Gives up what is not acknowledged yet, and closes the connections. */
  close(): void {
    this.#isOver = true
    this.#isClosed = true
    this.#sender.close()
  }

  /** Returns what was answered, in one line. */
  describe(): string {
    const statuses = [...this.statuses].map(
      ([status, count]) => `${count} × ${status === 0 ? 'nothing' : status}`,
    )
    const { size } = this.acknowledged
    return `${size} alerts acknowledged, ${this.told.size} decisions told, ${this.repeated} sent again; answers: ${statuses.join(', ')}; slowest ${Math.round(this.slowest)} ms`
  }

  async #send(): Promise<void> {
    while (!this.#isOver) {
      const alert = this.#options.mix.next(Date.now())
      const id = await this.#acknowledge(alert)
      if (this.#chance() < 0.1) {
        this.repeated += 1
        const again = await this.#acknowledge(alert)
        if (again !== id) this.wrong.push(`${id} was answered as ${again} when it came again`)
      }
      await delay(longestThinkMs * this.#chance())
    }
  }

  async #acknowledge(alert: AlertBody): Promise<string> {
    for (;;) {
      if (this.#isClosed) return ''
      const options = this.#chance() < 0.2 ? { wait: 0.5 } : {}
      const answer = await this.#sender.send(alert, options).catch(() => null)
      this.#count(answer)
      if (answer?.status === 200) {
        const id = String(answer.body.alertId)
        this.acknowledged.add(id)
        this.#listen(answer.body.decision)
        if (answer.body.status === 'conflict') this.wrong.push(`${id} is said to be in conflict with itself`)
        return id
      }
      if (answer !== null && answer.status !== 503) {
        this.wrong.push(`${JSON.stringify(alert)} was answered with ${JSON.stringify(answer)}`)
      }
      await delay(retryMs)
    }
  }

  /** A decision that was told once is never told otherwise; that it was executed may come later. */
  #listen(decision: unknown): void {
    if (typeof decision !== 'object' || decision === null) return
    const { id, outcome, lots } = decision as { id: string | null; outcome: string; lots: string }
    if (id === null) return
    const told = { outcome: outcome === 'executed' ? 'approved' : outcome, lots }
    const before = this.told.get(id)
    if (before !== undefined && !isDeepStrictEqual(before, told))
      this.wrong.push(`${id} was told as ${JSON.stringify(before)} and as ${JSON.stringify(told)}`)
    this.told.set(id, told)
  }

  #count(answer: WebhookAnswer | null): void {
    const status = answer?.status ?? 0
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    this.slowest = Math.max(this.slowest, answer?.took ?? 0)
  }
}
