import type { Api, GrammyError } from 'grammy'
import type { Delivery } from '../notice-sender.js'
import type { Message } from './notice-message.js'

/** A bot, and where it is served. */
export interface TelegramBotAddress {
  /** Secret. */
  readonly botToken: string
  /** Null: Telegram's own. */
  readonly apiRoot: string | null
}

/** Somebody wrote to the bot, or pressed a button of its. */
export interface TelegramUpdate {
  readonly id: number
  /** The same for the same message, however often it comes. */
  readonly key: string
  readonly userId: number
  readonly userName: string | null
  readonly chatId: number
  /** Whether the chat is with that user alone. */
  readonly isPrivate: boolean
  readonly text: string
  /** When it was written, in seconds; null for a button, whose press has no time. */
  readonly writtenAt: number | null
  /** The pressed button's query and message; null for a message. */
  readonly button: { readonly queryId: string; readonly messageId: number } | null
}

/** What asking for updates came to; an update that says nothing has a null in its place. */
export type UpdatesAnswer =
  | {
      readonly kind: 'updates'
      /** What is to be asked from next. */
      readonly next: number
      readonly updates: readonly TelegramUpdate[]
    }
  | { readonly kind: 'conflict'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number }

/** Seconds for which Telegram holds a question for updates open. */
const POLL_SECONDS = 20

/**
 * The Bot API, as far as it is used here: no failure leaves it as an exception, and none of its texts holds the token.
 * The library is loaded with the first call.
 */
export class TelegramApi {
  readonly #address: TelegramBotAddress
  #api: Promise<Api> | null = null

  constructor(address: TelegramBotAddress) {
    this.#address = address
  }

  /** Sends a message to a chat once. */
  async sendMessage(message: Message & { readonly chat: number }, signal: AbortSignal): Promise<Delivery> {
    const { chat, html, buttons } = message
    const row = buttons.map(({ text, data }) => ({ text, callback_data: data }))
    const keyboard = row.length === 0 ? {} : { reply_markup: { inline_keyboard: [row] } }
    return this.#call((api) =>
      api.sendMessage(
        chat,
        html,
        { parse_mode: 'HTML', link_preview_options: { is_disabled: true }, ...keyboard },
        signal as never,
      ),
    )
  }

  /** Says that a pressed button was heard, and takes the buttons of its message away. */
  async endButton(chat: number, button: NonNullable<TelegramUpdate['button']>, signal: AbortSignal) {
    await this.#call((api) => api.answerCallbackQuery(button.queryId, {}, signal as never))
    return this.#call((api) => api.editMessageReplyMarkup(chat, button.messageId, {}, signal as never))
  }

  /** Returns what was written from `next` on; waits for something for a while. */
  async updates(next: number, signal: AbortSignal): Promise<UpdatesAnswer> {
    const options = {
      offset: next,
      timeout: POLL_SECONDS,
      allowed_updates: ['message', 'callback_query'] as const,
    }
    try {
      const api = await this.#open()
      const found = await api.getUpdates(options, signal as never)
      const last = found.at(-1)?.update_id
      return {
        kind: 'updates',
        next: last === undefined ? next : last + 1,
        updates: found.flatMap((update) => readUpdate(update) ?? []),
      }
    } catch (error) {
      const failed = describeFailure(error)
      const { reason, retryAfterMs = 0 } = failed
      return failed.status === 409 ? { kind: 'conflict', reason } : { kind: 'failed', reason, retryAfterMs }
    }
  }

  async #call(ask: (api: Api) => Promise<unknown>): Promise<Delivery> {
    try {
      await ask(await this.#open())
      return { kind: 'sent' }
    } catch (error) {
      const { status, reason, retryAfterMs } = describeFailure(error)
      const isFinal = status !== null && status < 500 && status !== 429
      return { kind: 'failed', reason, isFinal, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    }
  }

  #open(): Promise<Api> {
    const { botToken, apiRoot } = this.#address
    this.#api ??= import('grammy').then(
      ({ Api: Client }) => new Client(botToken, apiRoot === null ? {} : { apiRoot }),
    )
    return this.#api
  }
}

interface Failure {
  /** Null when nothing answered. */
  readonly status: number | null
  readonly reason: string
  readonly retryAfterMs?: number
}

/** What Telegram says of an error is not told: it may repeat what was sent. */
function describeFailure(error: unknown): Failure {
  if (!isRefusal(error)) return { status: null, reason: 'it could not be reached' }
  const { error_code: status, parameters } = error
  const seconds = parameters.retry_after
  const reason = `it answered ${status}`
  return seconds === undefined ? { status, reason } : { status, reason, retryAfterMs: seconds * 1000 }
}

function isRefusal(error: unknown): error is GrammyError {
  return error instanceof Error && error.name === 'GrammyError'
}

type ApiUpdate = Awaited<ReturnType<Api['getUpdates']>>[number]

function readUpdate({ update_id: id, message, callback_query: query }: ApiUpdate): TelegramUpdate | null {
  if (message?.text !== undefined && message.from !== undefined) {
    const { from, chat, text, date } = message
    return {
      ...{ id, key: `telegram-${id}-${date}`, ...userOf(from), ...chatOf(chat) },
      ...{ text, writtenAt: date, button: null },
    }
  }
  if (query?.data === undefined || query.message === undefined) return null
  const { chat, message_id: messageId } = query.message
  return {
    ...{ id, key: `telegram-${query.id}`, ...userOf(query.from), ...chatOf(chat) },
    ...{ text: `/${query.data}`, writtenAt: null, button: { queryId: query.id, messageId } },
  }
}

function userOf({ id, username }: { readonly id: number; readonly username?: string }) {
  return { userId: id, userName: username ?? null }
}

function chatOf({ id, type }: { readonly id: number; readonly type: string }) {
  return { chatId: id, isPrivate: type === 'private' }
}
