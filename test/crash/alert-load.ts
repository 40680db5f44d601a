import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AlertBody, AlertMix } from '../helpers/alert-mix.js'
import { AlertSender, type WebhookAnswer } from '../helpers/alert-sender.js'
import { randomFrom } from '../helpers/random.js'

/** What a load is made of. */
export interface LoadOptions {
  /** Webhooks of one service; what gets no answer at one of its instances is sent to the next. */
  readonly urls: readonly string[]
  readonly mix: AlertMix
  readonly clients: number
  readonly seed: number
}

/** A decision as an answer told it. */
export interface ToldDecision {
  readonly outcome: string
  readonly lots: string
}

const retryMs = 50
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
  readonly #senders: readonly AlertSender[]
  readonly #chance: () => number
  #clients: Promise<void>[] = []
  #isOver = false
  #isClosed = false

  constructor(options: LoadOptions) {
    this.#options = options
    this.#senders = options.urls.map((url) => new AlertSender(url))
    this.#chance = randomFrom(options.seed)
  }

  /** Begins to send. */
  start(): void {
    this.#isOver = false
    this.#clients = Array.from({ length: this.#options.clients }, (_, client) => this.#send(client))
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
    for (const sender of this.#senders) sender.close()
  }

  /** Returns what was answered, in one line. */
  describe(): string {
    const statuses = [...this.statuses].map(
      ([status, count]) => `${count} × ${status === 0 ? 'nothing' : status}`,
    )
    const { size } = this.acknowledged
    return `${size} alerts acknowledged, ${this.told.size} decisions told, ${this.repeated} sent again; answers: ${statuses.join(', ')}; slowest ${Math.round(this.slowest)} ms`
  }

  async #send(client: number): Promise<void> {
    while (!this.#isOver) {
      const alert = this.#options.mix.next(Date.now())
      const id = await this.#acknowledge(alert, client)
      if (this.#chance() < 0.1) {
        this.repeated += 1
        const again = await this.#acknowledge(alert, client + 1)
        if (again !== id) this.wrong.push(`${id} was answered as ${again} when it came again`)
      }
      await delay(longestThinkMs * this.#chance())
    }
  }

  /** Sends an alert until it is acknowledged, at one instance after the other, beginning with the given one. */
  async #acknowledge(alert: AlertBody, first: number): Promise<string> {
    for (let attempt = first; ; attempt++) {
      if (this.#isClosed) return ''
      const options = this.#chance() < 0.2 ? { wait: 0.5 } : {}
      const answer = await this.#senders[attempt % this.#senders.length]!.send(alert, options).catch(
        () => null,
      )
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
