import { unreachable } from '../../../core/invariant.js'
import type { Instant } from '../../../core/time.js'
import type { OrderRequest, ReportListener, SubmitOutcome, Unknown } from '../broker.js'
import type { ApiAnswer } from './api-client.js'
import { classifyPlace } from './classify.js'
import type { Gateway } from './gateway.js'
import type { OpenAlgoIncident, OpenAlgoSettings } from './openalgo-settings.js'
import type { PreparedOrder } from './prepare-order.js'
import type { SentOrder, SentOrders } from './sent-orders.js'
import { modeOf } from './session.js'

/** What sending depends on. */
export interface OrderSenderOptions {
  readonly gateway: Gateway
  readonly sent: SentOrders
  readonly settings: OpenAlgoSettings
  readonly clock: { readonly now: () => Instant }
  readonly monotonic: () => number
  readonly onIncident: (incident: OpenAlgoIncident) => void
  /** Is told what an answer said that came after its deadline. */
  readonly report: ReportListener
}

/** Sends orders that are prepared, each once, and takes up what their answers say, however late they come. */
export class OrderSender {
  readonly #options: OrderSenderOptions

  constructor(options: OrderSenderOptions) {
    this.#options = options
  }

  /** Sends once. Who asked hears the answer until the deadline; one that comes later is reported, as it is evidence. */
  async send(
    order: SentOrder,
    request: OrderRequest,
    { prepared, deadline }: { readonly prepared: PreparedOrder; readonly deadline: AbortSignal },
  ): Promise<SubmitOutcome> {
    const { instrument, side } = request
    const { contract, quantity, price, priceType, triggerPrice, before } = prepared
    const { product } = this.#options.settings
    const { symbol, exchange } = contract
    const at = this.#options.clock.now()
    order.fingerprint = {
      ...{ instrument, side, symbol, quantity, price, priceType, triggerPrice, product, at, before },
    }
    const fields = {
      ...{ symbol, exchange, product, action: side === 'buy' ? 'BUY' : 'SELL', pricetype: priceType },
      ...{ quantity: quantity.toNumber(), price: price.toNumber() },
      ...{ trigger_price: triggerPrice.toNumber(), disclosed_quantity: 0 },
    }
    let isLate = false
    const answered = this.#options.gateway.send('placeorder', fields).then((answer) => {
      const outcome = this.#settle(order, answer, isLate)
      if (isLate) this.#reportLate(order, outcome)
      return outcome
    })
    const overdue = new Promise<Unknown>((resolve) => {
      const giveUp = () => {
        isLate = true
        resolve(unknown('OpenAlgo has not answered yet'))
      }
      if (deadline.aborted) giveUp()
      else deadline.addEventListener('abort', giveUp, { once: true })
    })
    return Promise.race([answered, overdue])
  }

  /** Takes up what an answer says about an order that was sent. */
  #settle(order: SentOrder, answer: ApiAnswer, isLate: boolean): SubmitOutcome {
    order.isSending = false
    order.touched = this.#options.monotonic()
    const verdict = classifyPlace(answer)
    switch (verdict.kind) {
      case 'placed':
        return this.#settlePlaced(order, verdict.venueOrderId, answer)
      case 'queued': {
        const message = `${order.clientOrderId}: ${verdict.cause}. Approve or reject it there, and switch OpenAlgo to automatic orders`
        this.#options.onIncident({ code: 'BROKER_ORDER_QUEUED', message, instrument: order.instrument })
        return unknown(verdict.cause)
      }
      case 'refused':
        this.#options.sent.drop(order)
        return verdict
      case 'notSent':
        // Who asked was told that nobody knows; only the venue's evidence ends that
        if (!isLate) this.#options.sent.drop(order)
        return verdict
      case 'unknown':
        return verdict
      default:
        return unreachable(verdict)
    }
  }

  #settlePlaced(order: SentOrder, venueOrderId: string, answer: ApiAnswer): SubmitOutcome {
    const isSimulated = modeOf(answer) === 'analyze'
    const { allowLive } = this.#options.settings
    if (isSimulated && allowLive) {
      this.#options.sent.drop(order)
      return {
        kind: 'refused',
        code: 'ANALYZE_MODE',
        message: 'OpenAlgo simulated the order; it was not sent',
      }
    }
    if (!isSimulated && !allowLive) this.#options.gateway.session.refuseMode('live')
    if (order.venueOrderId !== null && order.venueOrderId !== venueOrderId) {
      const message = `${order.clientOrderId} was taken for the order ${order.venueOrderId}, and is ${venueOrderId}: one of them is not ours`
      this.#options.onIncident({ code: 'BROKER_ORDER_AMBIGUOUS', message, instrument: order.instrument })
      return { kind: 'accepted', venueOrderId: order.venueOrderId, fills: [] }
    }
    this.#options.sent.learn(order, venueOrderId)
    return { kind: 'accepted', venueOrderId, fills: [] }
  }

  #reportLate({ clientOrderId }: SentOrder, outcome: SubmitOutcome): void {
    if (outcome.kind === 'accepted') {
      this.#options.report({ kind: 'accepted', clientOrderId, venueOrderId: outcome.venueOrderId })
    } else if (outcome.kind === 'refused') {
      const { code, message } = outcome
      this.#options.report({ kind: 'rejected', clientOrderId, code, message })
    }
  }
}

function unknown(cause: string): Unknown {
  return { kind: 'unknown', cause }
}
