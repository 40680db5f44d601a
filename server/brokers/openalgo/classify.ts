import type { CancelOutcome, ModifyOutcome, SubmitOutcome } from '../broker.js'
import type { ApiAnswer } from './api-client.js'
import { type Fields, idOf, isFields } from './fields.js'

/** What an answer to a request for an order says. A queued one waits for a person in OpenAlgo, and may yet be sent. */
export type PlaceVerdict =
  | { readonly kind: 'placed'; readonly venueOrderId: string }
  | { readonly kind: 'queued'; readonly cause: string }
  | Exclude<SubmitOutcome, { kind: 'accepted' }>

/** What an answer to a request to cancel says; where only the order itself tells, it has to be looked up. */
export type CancelVerdict = CancelOutcome | { readonly kind: 'lookUp'; readonly cause: string }

/** What an answer to a request to change an order says. */
export type ModifyVerdict = ModifyOutcome | { readonly kind: 'lookUp'; readonly cause: string }

/** Milliseconds after which a request that was turned away by a limit is tried again. */
const LIMITED_RETRY = 1_000
/** And one that found nobody listening, or no session. */
const AWAY_RETRY = 5_000

interface Refusal {
  readonly status: number
  readonly message: RegExp
  readonly code: string
}

/**
 * Every answer to placeorder that proves that there is no order and will be none. The rest is unknown: brokers answer
 * 400 to orders that they place seconds later.
 */
const REFUSALS: readonly Refusal[] = [
  // Checked before anything is sent on: the fields of the request, then the symbol and the broker's plugin
  { status: 400, message: /^\{['"]\w+['"]: ?\[/, code: 'REQUEST_INVALID' },
  { status: 400, message: /^Symbol \S+ not found/i, code: 'SYMBOL_UNKNOWN' },
  { status: 404, message: /^Broker-specific module not found/i, code: 'BROKER_MODULE_MISSING' },
  { status: 404, message: /^Not found$/i, code: 'OPENALGO_URL_WRONG' },
  // The broker's own words
  { status: 400, message: /^Insufficient funds/i, code: 'INSUFFICIENT_FUNDS' },
  { status: 400, message: /has either expired or does not exist/i, code: 'SYMBOL_UNKNOWN' },
  // Words of brokers for what they never take, which no recording has
  { status: 400, message: /\bmargin\b.*\b(exceeds?|shortfall|insufficient)\b/i, code: 'INSUFFICIENT_FUNDS' },
  { status: 400, message: /\b(circuit limits?|price (band|range))\b/i, code: 'PRICE_REFUSED' },
  { status: 400, message: /\btick size\b/i, code: 'PRICE_REFUSED' },
  { status: 400, message: /\bfreeze (qty|quantity|limit)\b/i, code: 'QUANTITY_REFUSED' },
  { status: 400, message: /\bmarkets? (is|are) (currently )?closed\b/i, code: 'MARKET_CLOSED' },
  // The simulated account of the analyze mode
  { status: 400, message: /^Quantity must be in multiples of lot size/i, code: 'LOT_SIZE' },
  { status: 400, message: /product not allowed for/i, code: 'PRODUCT_NOT_ALLOWED' },
  { status: 400, message: /^(LIMIT|SL|SL-M) orders require /i, code: 'PRICE_MISSING' },
  { status: 400, message: /^Cannot sell \S+ in CNC/i, code: 'NOTHING_TO_SELL' },
]

/** Whatever else is told, the order may be there or may yet come. */
const DOUBTFUL = /timed? ?out|order ?book|processing|may have|try again|duplicate/i

/** Returns what an answer to placeorder says. */
export function classifyPlace(answer: ApiAnswer): PlaceVerdict {
  if (answer.kind === 'unsent') return { kind: 'notSent', retryAfterMs: AWAY_RETRY, cause: answer.cause }
  if (answer.kind === 'silent') return { kind: 'unknown', cause: answer.cause }
  const { status, body, message } = answer
  if (status === 200) return classifySuccess(answer)
  if (contradicts(answer)) return { kind: 'unknown', cause: `OpenAlgo answered ${status}: ${message}` }
  if (status === 429)
    return { kind: 'notSent', retryAfterMs: LIMITED_RETRY, cause: 'OpenAlgo limits the rate' }
  if (isKeyRefused(answer)) return { kind: 'notSent', retryAfterMs: AWAY_RETRY, cause: message }
  const isDoubtful = DOUBTFUL.test(message)
  if (isAddressRefused(answer) && status < 500 && !isDoubtful)
    return { kind: 'notSent', retryAfterMs: AWAY_RETRY, cause: message }
  const known = REFUSALS.find((refusal) => refusal.status === status && refusal.message.test(message))
  // Malformed fields come as an object, too
  const code = known?.code ?? (status === 400 && isFields(body?.message) ? 'REQUEST_INVALID' : null)
  if (code !== null && body?.status === 'error' && !isDoubtful) return { kind: 'refused', code, message }
  return { kind: 'unknown', cause: `OpenAlgo answered ${status}: ${message}` }
}

/** Success alone is not an order: one that waits for approval, and one that was found needless, have no id. */
function classifySuccess({ body, message }: Extract<ApiAnswer, { kind: 'answered' }>): PlaceVerdict {
  if (body === null)
    return { kind: 'unknown', cause: `OpenAlgo answered 200 with no JSON object: ${message}` }
  const venueOrderId = idOf(body.orderid)
  if (saysSuccess(body) && venueOrderId !== null) return { kind: 'placed', venueOrderId }
  if (body.mode === 'semi_auto' || body.pending_order_id !== undefined) {
    const cause = `the order waits for approval in OpenAlgo's Action Center: ${message}`
    return { kind: 'queued', cause }
  }
  return { kind: 'unknown', cause: `OpenAlgo answered 200 without an order id: ${message}` }
}

/** An order in any other status could have been canceled. */
const HAS_ENDED = /^Cannot (cancel|modify) order in (complete|cancelled|canceled|rejected|expired) status/i

/** Returns what an answer to cancelorder says. */
export function classifyCancel(answer: ApiAnswer): CancelVerdict {
  if (answer.kind === 'unsent') return { kind: 'notSent', retryAfterMs: AWAY_RETRY, cause: answer.cause }
  if (answer.kind === 'silent') return { kind: 'unknown', cause: answer.cause }
  const { status, body, message } = answer
  const cause = `OpenAlgo answered ${status}: ${message}`
  if (status === 200) {
    const isTaken = body !== null && saysSuccess(body) && idOf(body.orderid) !== null
    return isTaken ? { kind: 'requested' } : { kind: 'unknown', cause }
  }
  if (contradicts(answer)) return { kind: 'unknown', cause }
  if (status === 429)
    return { kind: 'notSent', retryAfterMs: LIMITED_RETRY, cause: 'OpenAlgo limits the rate' }
  const isError = body?.status === 'error'
  if (isError && status === 400 && HAS_ENDED.test(message)) return { kind: 'tooLate' }
  if (isError && status === 404 && /^Order \S+ not found/i.test(message)) return { kind: 'absent' }
  if (isKeyRefused(answer) || isAddressRefused(answer))
    return { kind: 'notSent', retryAfterMs: AWAY_RETRY, cause: message }
  // Live, a finished order, one that is unknown and a broker in trouble all sound like this
  if (status === 500 && /^Failed to cancel order/i.test(message)) return { kind: 'lookUp', cause }
  return { kind: 'unknown', cause }
}

/** Returns what an answer to modifyorder says; where only the order itself tells, it has to be looked up. */
export function classifyModify(answer: ApiAnswer): ModifyVerdict {
  const verdict = classifyCancel(answer)
  switch (verdict.kind) {
    case 'requested':
      return { kind: 'modified' }
    case 'unknown':
    case 'lookUp': {
      const refusal = classifyPlace(answer)
      if (refusal.kind === 'refused') return refusal
      return { kind: 'lookUp', cause: verdict.cause }
    }
    case 'canceled':
      return { kind: 'tooLate' }
    default:
      return verdict
  }
}

/** Returns whether OpenAlgo turned the key or the broker's session away, before doing anything. */
export function isKeyRefused(answer: ApiAnswer): boolean {
  return (
    answer.kind === 'answered' && answer.status === 403 && /invalid openalgo apikey/i.test(answer.message)
  )
}

/** How brokers say that they take orders from registered addresses only; each has words of its own. */
const ADDRESS_REFUSALS: readonly RegExp[] = [
  /\bip\b.{0,80}\bnot (being |been )?(allowed|registered|whitelisted|permitted|authori[sz]ed)\b/i,
  /\b(invalid|unregistered|unauthori[sz]ed|unknown) (static )?ip\b/i,
  /\bip\b( address)? (mismatch|does not match)/i,
  /\bno (static )?ips? (is |are )?(configured|registered|whitelisted)\b/i,
]

/** Returns whether the broker takes no orders from the address that OpenAlgo has; it refuses them before anything else. */
export function isAddressRefused(answer: ApiAnswer): boolean {
  if (answer.kind !== 'answered' || answer.status < 400 || answer.body?.status !== 'error') return false
  return !contradicts(answer) && ADDRESS_REFUSALS.some((words) => words.test(answer.message))
}

/** Returns whether an answer says that the account cannot be used: a key that is refused, or a ban. */
export function isSessionLost(answer: ApiAnswer): boolean {
  if (answer.kind !== 'answered') return false
  if (answer.status === 401) return true
  // An account whose orders wait for approval forbids only some requests
  return answer.status === 403 && !/semi-auto/i.test(answer.message)
}

/** Returns whether a body says that all went well. */
export function saysSuccess(body: Fields): boolean {
  return typeof body.status === 'string' && body.status.toLowerCase() === 'success'
}

/**
 * A failure that tells of success, or of an order, proves nothing of either. The simulated account books what it refuses
 * as a rejected order, and names it.
 */
function contradicts({ body }: Extract<ApiAnswer, { kind: 'answered' }>): boolean {
  if (body === null) return false
  const namesOrder = ![undefined, null, ''].includes(body.orderid as null)
  return saysSuccess(body) || (namesOrder && body.mode !== 'analyze')
}
