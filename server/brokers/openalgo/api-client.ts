import type { Instant } from '../../../core/time.js'
import { type Fields, isFields } from './fields.js'

/** What became of a request to OpenAlgo. */
export type ApiAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** Null when the answer is not a JSON object. */
      readonly body: Fields | null
      /** The answer's message, or the beginning of an answer without one; never the key. */
      readonly message: string
      /** When the answer was written, by the server's clock and to the second; left out where it does not say. */
      readonly servedAt?: Instant
    }
  /** The request did not leave, for certain: nobody listens there. */
  | { readonly kind: 'unsent'; readonly cause: string }
  /** It may have arrived; no answer can be read. */
  | { readonly kind: 'silent'; readonly cause: string }

/** What a client depends on. */
export interface ApiClientOptions {
  readonly url: string
  readonly apiKey: string
  /** Milliseconds after which an answer is not waited for any longer. */
  readonly answerWithin: number
}

const MESSAGE_MOST = 300
/** No connection was made, so that nothing can have been written to one. */
const NOT_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND']

/** Posts to OpenAlgo, each request once: there is no key by which a second one would be told from the first. */
export class ApiClient {
  readonly #options: ApiClientOptions
  readonly #closing = new AbortController()

  constructor(options: ApiClientOptions) {
    this.#options = options
  }

  /** Posts once and returns what became of it; never throws. */
  async post(endpoint: string, fields: Fields, deadline?: AbortSignal): Promise<ApiAnswer> {
    const { url, apiKey, answerWithin } = this.#options
    const signals = [this.#closing.signal, AbortSignal.timeout(answerWithin)]
    if (deadline !== undefined) signals.push(deadline)
    try {
      const response = await fetch(`${url.replace(/\/+$/, '')}/api/v1/${endpoint}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apikey: apiKey, ...fields }),
        // A redirected POST would be a second one, and would carry the key elsewhere
        redirect: 'error',
        signal: AbortSignal.any(signals),
      })
      const servedAt = Date.parse(response.headers.get('date') ?? '')
      const answer = this.#read(response.status, await response.text())
      return Number.isNaN(servedAt) ? answer : { ...answer, servedAt }
    } catch (error) {
      return this.#failed(endpoint, error)
    }
  }

  /** Waits for no answer any longer. */
  close(): void {
    this.#closing.abort(new Error('the service stops'))
  }

  #read(status: number, text: string): Extract<ApiAnswer, { kind: 'answered' }> {
    const body = parseObject(text)
    const told = body?.message
    const words = typeof told === 'string' ? told : told === undefined ? text : JSON.stringify(told)
    return { kind: 'answered', status, body, message: this.#scrub(words) }
  }

  #failed(endpoint: string, error: unknown): ApiAnswer {
    const cause = error instanceof Error && isFields(error.cause) ? error.cause : null
    const code = typeof cause?.code === 'string' ? cause.code : null
    const reason = error instanceof Error ? error.message : String(error)
    const words = this.#scrub(code === null ? reason : `${reason}: ${code}`)
    if (code !== null && NOT_CONNECTED.includes(code)) {
      return { kind: 'unsent', cause: `OpenAlgo does not listen: ${words}` }
    }
    return { kind: 'silent', cause: `OpenAlgo did not answer ${endpoint}: ${words}` }
  }

  #scrub(text: string): string {
    return text.replaceAll(this.#options.apiKey, '[secret]').slice(0, MESSAGE_MOST)
  }
}

function parseObject(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}
