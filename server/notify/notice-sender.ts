import { setTimeout as delay } from 'node:timers/promises'
import type { Log, LogWrite } from '../observe/log.js'
import type { Metrics } from '../observe/metrics.js'
import { throttled } from '../observe/throttled.js'
import type { Notice } from './notice.js'

/** How an attempt to deliver a notice ended. isFinal: another one would end the same way. */
export type Delivery =
  | { readonly kind: 'sent' }
  | {
      readonly kind: 'failed'
      readonly reason: string
      readonly isFinal: boolean
      /** The receiver asks to be left alone for so long. */
      readonly retryAfterMs?: number
    }

/** How patient a sender is; milliseconds. */
export interface SenderTimings {
  /** Until an attempt is given up. */
  readonly timeoutMs: number
  /** Before the second attempt and each one after it; there is no attempt after the last. */
  readonly pausesMs: readonly number[]
  /** How long what waits may still be sent when the service stops. */
  readonly stopWithinMs: number
  /** Shortest time between two alarms about the receiver. */
  readonly alarmEveryMs: number
}

/** The timings of a running service. */
export const SENDER_TIMINGS: SenderTimings = {
  timeoutMs: 5000,
  pausesMs: [1000, 4000, 15_000],
  stopWithinMs: 500,
  alarmEveryMs: 3_600_000,
}

/** Most notices that wait; the oldest gives way. */
export const MAX_WAITING = 200

const logEveryMs = 60_000
/** Whoever asks to be left alone for longer is asked again by then. */
const LONGEST_PAUSE_MS = 300_000

/** What a sender depends on. */
export interface SenderOptions {
  /** Its place in the configuration, by which logs, metrics and alarms name it: the address may be a secret. */
  readonly name: string
  /** Delivers a notice once; never rejects. */
  readonly deliver: (notice: Notice, signal: AbortSignal) => Promise<Delivery>
  readonly log: Log
  readonly metrics: Metrics
  /** Is told that a notice was not delivered, at most once in `alarmEveryMs`. */
  readonly onFailing: (reason: string) => void
  readonly timings: SenderTimings
}

/**
 * Sends notices to one receiver, one after the other. Nobody waits for it: what it is given is kept in memory up to a
 * bound, and a receiver that is slow, refuses or hangs costs notices and nothing else.
 */
export class NoticeSender {
  readonly #options: SenderOptions
  readonly #waiting: Notice[] = []
  readonly #stop = new AbortController()
  readonly #warn: LogWrite
  #sending: Promise<void> | null = null
  #isStopping = false
  #alarmedAt = Number.NEGATIVE_INFINITY

  constructor(options: SenderOptions) {
    this.#options = options
    const { log } = options
    this.#warn = throttled((fields, message) => log.warn(fields, message), { everyMs: logEveryMs })
  }

  /** Takes a notice to be sent; returns at once and never throws. */
  offer(notice: Notice): void {
    if (this.#isStopping) {
      this.#count('dropped', 1)
      return
    }
    this.#waiting.push(notice)
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift()
      this.#count('dropped', 1)
    }
    this.#sending ??= this.#sendAll()
  }

  /** Lets what waits be sent for a short while; what is left then is dropped and counted. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const { stopWithinMs } = this.#options.timings
    const timer = setTimeout(() => this.#stop.abort(), stopWithinMs)
    await this.#sending
    clearTimeout(timer)
  }

  async #sendAll(): Promise<void> {
    // The first notice is built into a request after whoever offered it has gone on
    await delay(0)
    const { signal } = this.#stop
    while (this.#waiting.length > 0 && !signal.aborted) await this.#send(this.#waiting.shift()!)
    this.#count('dropped', this.#waiting.splice(0).length)
    this.#sending = null
  }

  async #send(notice: Notice): Promise<void> {
    const { deliver, timings } = this.#options
    const { signal } = this.#stop
    for (const pauseMs of [...timings.pausesMs, null]) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(timings.timeoutMs)])
      const result = await deliver(notice, within)
      if (result.kind === 'sent') return this.#count('sent', 1)
      if (signal.aborted) return this.#count('dropped', 1)
      if (result.isFinal || pauseMs === null) return this.#fail(notice, result.reason)
      const waitMs = Math.min(LONGEST_PAUSE_MS, Math.max(pauseMs, result.retryAfterMs ?? 0))
      await delay(waitMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return this.#count('dropped', 1)
    }
  }

  #fail({ kind, portfolio }: Notice, reason: string): void {
    const { name, onFailing, timings } = this.#options
    this.#count('failed', 1)
    this.#warn({ receiver: name, kind, portfolio, reason }, 'A notification was not delivered')
    const now = performance.now()
    if (now - this.#alarmedAt < timings.alarmEveryMs) return
    this.#alarmedAt = now
    onFailing(reason)
  }

  #count(outcome: 'sent' | 'failed' | 'dropped', notices: number): void {
    const { metrics, name } = this.#options
    metrics.notifications.inc({ receiver: name, outcome }, notices)
  }
}
