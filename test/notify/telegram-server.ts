import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Teardown } from '../helpers/temporary-directory.js'

/** A message that the bot sent. */
export interface SentMessage {
  readonly chat_id: number
  readonly text: string
  readonly parse_mode?: string
  readonly reply_markup?: {
    readonly inline_keyboard: readonly (readonly {
      readonly text: string
      readonly callback_data: string
    }[])[]
  }
}

/** Who writes, and where. */
export interface Writer {
  readonly user?: number
  readonly chat?: number
  readonly isGroup?: boolean
  /** Seconds before now. */
  readonly age?: number
}

/** How the server fails the next requests of a method. */
interface Trouble {
  left: number
  readonly status: number
  readonly retryAfter?: number
}

/** The token of the bot of a test. */
export const BOT_TOKEN = '12345:the-token-of-the-bot'

/** A Bot API of a test: it keeps what was sent to it, and holds questions for updates open until there is one. */
export class TelegramServer {
  readonly sent: SentMessage[] = []
  readonly methods: string[] = []
  /** Texts that are no HTML of Telegram's kind; none is meant to be. */
  readonly malformed: string[] = []
  readonly #troubles = new Map<string, Trouble>()
  readonly #updates: { readonly update_id: number }[] = []
  #waiting: ServerResponse | null = null
  #offset = 0
  #lastId = 100
  url = ''

  /** The last update that was confirmed by asking for what comes after it. */
  get confirmed(): number {
    return this.#offset - 1
  }

  /** Lets the next `times` requests of a method fail. */
  fail(method: string, times: number, status: number, retryAfter?: number): void {
    this.#troubles.set(method, { left: times, status, ...(retryAfter === undefined ? {} : { retryAfter }) })
  }

  /** Lets somebody write to the bot; returns the id of the update. */
  write(words: string, { user = 7, chat = user, isGroup = false, age = 0 }: Writer = {}): number {
    return this.#add({
      message: {
        ...{ message_id: this.#lastId, text: words, date: Math.floor(Date.now() / 1000) - age },
        ...{ from: { id: user, is_bot: false, first_name: 'A', username: 'trader' } },
        chat: { id: chat, type: isGroup ? 'group' : 'private' },
      },
    })
  }

  /** Lets somebody press a button of a message that was sent. */
  press(message: SentMessage, label: string, user = 7): number {
    const button = message.reply_markup?.inline_keyboard.flat().find(({ text: shown }) => shown === label)
    const { chat_id: id } = message
    return this.#add({
      callback_query: {
        ...{ id: `q${this.#lastId}`, data: button?.callback_data, chat_instance: 'x' },
        ...{ from: { id: user, is_bot: false, first_name: 'A' } },
        message: { message_id: 1, date: 0, chat: { id, type: id === user ? 'private' : 'group' } },
      },
    })
  }

  /** Tells what was written last once more, as after an answer that was lost. */
  repeat(): void {
    this.#offset = 0
    this.#answerWaiting()
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, bot, method = ''] = (request.url ?? '').split('/')
    const body = JSON.parse((await text(request)) || '{}') as Record<string, unknown>
    this.methods.push(method)
    if (bot !== `bot${BOT_TOKEN}`) return refuse(response, 401)
    const trouble = this.#troubles.get(method)
    if (trouble !== undefined && trouble.left > 0) {
      trouble.left -= 1
      return refuse(response, trouble.status, trouble.retryAfter)
    }
    if (method === 'getUpdates') return this.#poll(Number(body.offset ?? 0), response)
    if (method === 'sendMessage') {
      const message = body as unknown as SentMessage
      if (!isTelegramHtml(message.text)) {
        this.malformed.push(message.text)
        return refuse(response, 400)
      }
      this.sent.push(message)
    }
    answer(response, method === 'sendMessage' ? { message_id: 1 } : true)
  }

  #add(update: object): number {
    this.#lastId += 1
    this.#updates.push({ update_id: this.#lastId, ...update })
    this.#answerWaiting()
    return this.#lastId
  }

  #poll(offset: number, response: ServerResponse): void {
    this.#offset = Math.max(this.#offset, offset)
    this.#waiting = response
    this.#answerWaiting()
  }

  #answerWaiting(): void {
    const news = this.#updates.filter(({ update_id: id }) => id >= this.#offset)
    if (this.#waiting === null || news.length === 0) return
    answer(this.#waiting, news)
    this.#waiting = null
  }
}

function answer(response: ServerResponse, result: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ok: true, result }))
}

function refuse(response: ServerResponse, status: number, retryAfter?: number): void {
  const parameters = retryAfter === undefined ? {} : { parameters: { retry_after: retryAfter } }
  const problem = { ok: false, error_code: status, description: 'no', ...parameters }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(problem))
}

/** Bold and code, closed, and nothing else that could be markup. */
function isTelegramHtml(html: string): boolean {
  const rest = html.replace(/<(b|code)>[^<>]*<\/\1>/g, '').replace(/&(amp|lt|gt);/g, '')
  return !/[<>&]/.test(rest)
}

/** Starts a Bot API; it ends with the test. */
export async function telegramServer(t: Teardown): Promise<TelegramServer> {
  const telegram = new TelegramServer()
  const server = createServer((request, response) => void telegram.take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    return closed
  })
  telegram.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return telegram
}
