import { whyUnreachable } from '../why-unreachable.js'
import type { Notice } from './notice.js'
import type { Delivery } from './notice-sender.js'

/** Where notices are posted. */
export interface WebhookTarget {
  readonly url: string
  /** Sent as `Authorization: Bearer`; null: none. Secret. */
  readonly token: string | null
  /** Returns a text without the secrets of the service: what is sent leaves the house. */
  readonly scrub: (text: string) => string
}

/** Posts a notice once. Never throws; the reason of a failure holds neither the address nor the token. */
export async function postNotice(
  target: WebhookTarget,
  { at, portfolio, kind, text, data }: Notice,
  signal: AbortSignal,
): Promise<Delivery> {
  const { url, token, scrub } = target
  try {
    const response = await fetch(url, {
      ...{ method: 'POST', signal },
      // Another address was not configured, and the token is not for it
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: scrub(JSON.stringify({ at, portfolio, kind, text, data })),
    })
    // What it says is not read, and may never end
    await response.body?.cancel()
    if (response.ok) return { kind: 'sent' }
    const { status } = response
    return { kind: 'failed', reason: `it answered ${status}`, isFinal: !isPassing(status) }
  } catch (error) {
    return { kind: 'failed', reason: whyUnreachable(error), isFinal: false }
  }
}

/** The receiver has trouble of its own, or asks for patience. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}
