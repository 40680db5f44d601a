import { setTimeout as delay } from 'node:timers/promises'
import type { Instant } from '../../../core/time.js'
import { type ApiAnswer, ApiClient } from './api-client.js'
import { saysSuccess } from './classify.js'
import { ClockWatch } from './clock-watch.js'
import { type Fields, isFields } from './fields.js'
import type { OpenAlgoIncident, OpenAlgoSettings, OpenAlgoTimings } from './openalgo-settings.js'
import { RateLimit } from './rate-limit.js'
import { Session } from './session.js'

/** What a gateway depends on. */
export interface GatewayOptions {
  readonly settings: OpenAlgoSettings
  readonly timings: OpenAlgoTimings
  readonly clock: { readonly now: () => Instant }
  readonly monotonic: () => number
  readonly onIncident: (incident: OpenAlgoIncident) => void
}

/** A read that failed: it says nothing about what would have been read. */
export class ReadError extends Error {
  override readonly name = 'ReadError'
  /** The status of the answer; null when there was none. */
  readonly status: number | null
  /** What its body calls itself; null when it does not. */
  readonly told: string | null

  constructor(message: string, status: number | null, told: string | null = null) {
    super(message)
    this.status = status
    this.told = told
  }
}

/** Requests of each kind in any second; OpenAlgo's own limit is 10, and so is that of the exchanges for orders. */
const PER_SECOND = 8

/** The one way to OpenAlgo: it keeps the rate, and watches what every answer says about the account. */
export class Gateway {
  readonly session: Session
  readonly clockWatch: ClockWatch
  readonly #clock: GatewayOptions['clock']
  readonly #client: ApiClient
  readonly #limit: RateLimit
  readonly #timings: OpenAlgoTimings

  constructor({ settings, timings, clock, monotonic, onIncident }: GatewayOptions) {
    const { url, apiKey, allowLive } = settings
    this.#timings = timings
    this.#clock = clock
    this.clockWatch = new ClockWatch(onIncident)
    this.#client = new ApiClient({ url, apiKey, answerWithin: timings.answerWithin })
    this.#limit = new RateLimit(PER_SECOND, monotonic)
    this.session = new Session({
      ask: (endpoint) => this.ask(endpoint),
      mode: allowLive ? 'live' : 'analyze',
      onIncident,
      checkEvery: timings.checkEvery,
    })
  }

  /** Returns the milliseconds until an order, a change or a cancel may be sent, and 0 when this one is counted as sent. */
  takeOrder(): number {
    return this.#limit.take('orders')
  }

  /** Posts an order, a change or a cancel, which was counted before, once; never throws. */
  async send(endpoint: 'placeorder' | 'modifyorder' | 'cancelorder', fields: Fields): Promise<ApiAnswer> {
    const answer = await this.#post(endpoint, { strategy: STRATEGY, ...fields })
    this.session.note(endpoint, answer)
    return answer
  }

  /** Returns the body of a successful read. Throws ReadError for every other answer, and when there is none in time. */
  async read(endpoint: string, fields: Fields = {}, deadline?: AbortSignal): Promise<Fields> {
    const obstacle = await this.session.obstacle()
    if (obstacle !== null) throw new ReadError(obstacle, null)
    const limit = AbortSignal.timeout(this.#timings.readWithin)
    const signal = deadline === undefined ? limit : AbortSignal.any([deadline, limit])
    await this.#turn(endpoint, signal)
    const answer = await this.#post(endpoint, fields, signal)
    this.session.note(endpoint, answer)
    if (answer.kind !== 'answered') throw new ReadError(answer.cause, null)
    const { status, body, message } = answer
    if (status !== 200 || body === null || !saysSuccess(body)) {
      const told = typeof body?.status === 'string' ? body.status : null
      throw new ReadError(`OpenAlgo answered ${endpoint} with ${status}: ${message}`, status, told)
    }
    return body
  }

  /** Returns the data of a successful read, which must be an object. Throws as read does. */
  async readFields(endpoint: string, fields: Fields = {}, deadline?: AbortSignal): Promise<Fields> {
    const { data } = await this.read(endpoint, fields, deadline)
    if (!isFields(data)) throw new ReadError(`OpenAlgo answered ${endpoint} without data`, 200)
    return data
  }

  /** Asks an endpoint for what it says without being told anything, in whatever state the account is; never throws. */
  async ask(endpoint: 'ping' | 'analyzer'): Promise<ApiAnswer> {
    return this.#post(endpoint, {}, AbortSignal.timeout(this.#timings.readWithin))
  }

  /** Ends what waits. */
  close(): void {
    this.session.close()
    this.#client.close()
  }

  async #post(endpoint: string, fields: Fields, deadline?: AbortSignal): Promise<ApiAnswer> {
    const askedAt = this.#clock.now()
    const answer = await this.#client.post(endpoint, fields, deadline)
    this.clockWatch.note(answer, { askedAt, heardAt: this.#clock.now() })
    return answer
  }

  /** Waits for the read's turn within the rate. */
  async #turn(endpoint: string, signal: AbortSignal): Promise<void> {
    for (let wait = this.#limit.take(endpoint); wait > 0; wait = this.#limit.take(endpoint)) {
      try {
        await delay(Math.ceil(wait), undefined, { signal })
      } catch {
        throw new ReadError(`${endpoint} had to wait too long for its turn`, null)
      }
    }
  }
}

/** OpenAlgo wants a name of the strategy; its brokers do not keep it. */
export const STRATEGY = 'smart-general'
