import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../clock.js'
import type { TelegramConfiguration } from '../../config/configuration.js'
import type { ShellAlarm } from '../../observe/alarms.js'
import type { Log, LogWrite } from '../../observe/log.js'
import type { Metrics } from '../../observe/metrics.js'
import { throttled } from '../../observe/throttled.js'
import { splitHtml } from './notice-message.js'
import { TelegramApi, type TelegramUpdate } from './telegram-api.js'
import type { TelegramCommands } from './telegram-commands.js'

/** How patient a bot is; milliseconds. */
export interface BotTimings {
  /** Between looks whether this instance asks for commands. */
  readonly leadEvery: number
  /** Before the second question after a failure; each further one waits twice as long. */
  readonly firstPause: number
  readonly longestPause: number
  /** After another instance was found asking. */
  readonly conflictPause: number
}

/** The timings of a running service. */
export const BOT_TIMINGS: BotTimings = {
  leadEvery: 1000,
  firstPause: 1000,
  longestPause: 30_000,
  conflictPause: 5000,
}

/** What a bot depends on. */
export interface TelegramBotOptions {
  /** Its place in the configuration, by which logs and alarms name it. */
  readonly name: string
  readonly receiver: TelegramConfiguration
  readonly commands: TelegramCommands
  /** Whether this instance asks for commands: one of all instances may. */
  readonly isLeader: () => boolean
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Returns a text without the secrets of the service. */
  readonly scrub: (text: string) => string
  readonly raise: (alarm: ShellAlarm) => void
  /** Default: those of a running service. */
  readonly timings?: BotTimings | undefined
}

/** A command that was written earlier than this may not be meant any more. */
const OLDEST_SECONDS = 300
const REPLY_WITHIN_MS = 10_000
const REPLY_ATTEMPTS = 3
const MOST_STRANGERS = 100
const LOG_EVERY_MS = 60_000

/**
 * Takes commands of the users it knows, one after the other. It holds up nothing: it asks for them at its own pace, and a
 * Telegram that cannot be reached costs commands and answers, and nothing else.
 */
export class TelegramBot {
  readonly #options: TelegramBotOptions
  readonly #timings: BotTimings
  readonly #api: TelegramApi
  readonly #warn: LogWrite
  readonly #stop = new AbortController()
  readonly #strangers = new Set<number>()
  #running: Promise<void> | null = null
  #next = 0
  #failures = 0

  constructor(options: TelegramBotOptions) {
    this.#options = options
    this.#timings = options.timings ?? BOT_TIMINGS
    this.#api = new TelegramApi(options.receiver)
    const { log } = options
    this.#warn = throttled((fields, message) => log.warn(fields, message), { everyMs: LOG_EVERY_MS })
  }

  /** Begins to ask for commands whenever this instance may. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends; a command that is being carried out is so to its end, its answer may be missing. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#options.isLeader()) await this.#ask()
      else await this.#pause(this.#timings.leadEvery)
    }
  }

  async #ask(): Promise<void> {
    const answer = await this.#updatesWhileLeading()
    if (this.#stop.signal.aborted) return
    if (answer.kind === 'updates') {
      this.#failures = 0
      for (const update of answer.updates) await this.#take(update)
      this.#next = answer.next
      return
    }
    if (!this.#options.isLeader()) return
    const { name } = this.#options
    this.#warn({ receiver: name, reason: answer.reason }, 'Telegram could not be asked for commands')
    if (answer.kind === 'conflict') return this.#pause(this.#timings.conflictPause)
    const { firstPause, longestPause } = this.#timings
    const pause = Math.min(longestPause, firstPause * 2 ** this.#failures)
    this.#failures += 1
    await this.#pause(Math.max(pause, answer.retryAfterMs))
  }

  /** A question that is held open ends when another instance is to ask. */
  async #updatesWhileLeading() {
    const over = new AbortController()
    const watch = setInterval(() => {
      if (!this.#options.isLeader()) over.abort()
    }, this.#timings.leadEvery)
    try {
      return await this.#api.updates(this.#next, AbortSignal.any([over.signal, this.#stop.signal]))
    } finally {
      clearInterval(watch)
    }
  }

  async #take(update: TelegramUpdate): Promise<void> {
    const { receiver } = this.#options
    const { userId, chatId, isPrivate } = update
    const isKnownChat = isPrivate || receiver.chatIds.includes(chatId)
    if (!receiver.allowedUsers.includes(userId) || !isKnownChat) return this.#refuse(update)
    const html = await this.#carryOut(update)
    const within = () => AbortSignal.any([this.#stop.signal, AbortSignal.timeout(REPLY_WITHIN_MS)])
    if (update.button !== null) await this.#api.endButton(chatId, update.button, within())
    if (html !== null) await this.#reply(chatId, html, within)
  }

  async #carryOut({ text, key, userId, userName, writtenAt }: TelegramUpdate): Promise<string | null> {
    const { commands, clock, log, name, scrub } = this.#options
    const age = writtenAt === null ? 0 : Math.round(clock.now() / 1000 - writtenAt)
    if (age > OLDEST_SECONDS) return `That was written ${age} s ago: write it again if it is still meant`
    const by = `Telegram user ${userId}${userName === null ? '' : ` (@${userName})`}`
    try {
      const html = await commands.run({ text, key, by })
      return html === null ? null : scrub(html)
    } catch (error) {
      log.error({ err: error, receiver: name }, 'A command by Telegram failed')
      return 'The service failed to answer; whether it was carried out is not known: look with /status'
    }
  }

  async #reply(chat: number, html: string, within: () => AbortSignal): Promise<void> {
    for (const part of splitHtml(html)) await this.#send(chat, part, within)
  }

  async #send(chat: number, html: string, within: () => AbortSignal): Promise<void> {
    for (let attempt = 1; attempt <= REPLY_ATTEMPTS; attempt++) {
      const result = await this.#api.sendMessage({ chat, html, buttons: [] }, within())
      if (result.kind === 'sent' || this.#stop.signal.aborted) return
      if (result.isFinal || attempt === REPLY_ATTEMPTS) {
        const { name } = this.#options
        this.#warn({ receiver: name, reason: result.reason }, 'An answer by Telegram was not delivered')
        return
      }
      await this.#pause(Math.min(this.#timings.longestPause, result.retryAfterMs ?? this.#timings.firstPause))
    }
  }

  /** A stranger gets no answer, which would tell that somebody is here. */
  #refuse({ userId, chatId }: TelegramUpdate): void {
    const { metrics, raise, clock, name } = this.#options
    metrics.telegramRefused.inc()
    if (this.#strangers.has(userId) || this.#strangers.size >= MOST_STRANGERS) return
    this.#strangers.add(userId)
    const message = `Telegram user ${userId} wrote to the bot ${name} in chat ${chatId}, and may not command it`
    raise({ code: 'TELEGRAM_STRANGER', severity: 'warning', message, at: clock.now(), subject: name })
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}
