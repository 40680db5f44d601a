import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** What the webhook answered. */
export interface WebhookAnswer {
  readonly status: number
  readonly body: Record<string, unknown>
  /** Milliseconds until the answer was read. */
  readonly took: number
}

/** How an alert is sent. */
export interface SendOptions {
  /** Seconds of `Prefer: wait`; default: none. */
  readonly wait?: number
  /** Default 10,000: longer than any answer may take, so that a service that hangs is noticed. */
  readonly timeoutMs?: number
}

/** Sends alerts over connections that are kept, any number at once. */
export class AlertSender {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #url: string

  /** `url` is the webhook's, token included. */
  constructor(url: string) {
    this.#url = url
  }

  /** Returns the answer. Rejects when there is none: the connection broke, or it took too long. */
  async send(alert: object, options: SendOptions = {}): Promise<WebhookAnswer> {
    const { wait, timeoutMs = 10_000 } = options
    const begun = performance.now()
    const body = JSON.stringify(alert)
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...(wait === undefined ? {} : { prefer: `wait=${wait}` }),
    }
    const response = await this.#post(headers, body, timeoutMs)
    const answered = await text(response)
    const took = performance.now() - begun
    return { status: response.statusCode ?? 0, body: JSON.parse(answered) as Record<string, unknown>, took }
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy()
  }

  #post(headers: Record<string, string>, body: string, timeoutMs: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs)
      const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers, signal }, resolve)
      sent.once('error', reject)
      sent.end(body)
    })
  }
}
