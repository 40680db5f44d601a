import { modelFill } from '../../../core/backtest/fill.js'
import { type Decimal, decimal } from '../../../core/decimal.js'
import { modelOptionPrice } from '../../../core/instrument/synthetic.js'
import type { Instant } from '../../../core/time.js'
import type { OrderRequest } from '../broker.js'
import { drawWhole, happens } from './draw.js'
import type { PaperOrder, PaperOrderEnd, PaperTrade } from './paper-order.js'
import { FAR_AHEAD } from './paper-order.js'
import { NO_FAULTS, type PaperSettings } from './paper-settings.js'

/** Why the paper venue refuses an order: the kinds of refusal that Indian brokers give. */
const REFUSALS: readonly { readonly code: string; readonly message: string }[] = [
  { code: 'INSUFFICIENT_MARGIN', message: 'The account has too little free margin for the order' },
  { code: 'PRICE_BAND', message: 'The price is outside of the band of the day' },
  { code: 'FREEZE_QUANTITY', message: 'The order is larger than the exchange takes in one piece' },
  { code: 'INSTRUMENT_BANNED', message: 'The exchange takes no orders for the contract' },
]

/** Most trades that one order fills in. */
const TRADES_MAX = 4

/** Returns all that will happen to an order that arrives at `now`. The same order and settings give the same plan. */
export function planOrder(asked: OrderRequest, settings: PaperSettings, now: Instant): PaperOrder {
  const request = atItsPrice(asked)
  const venueOrderId = `V${request.clientOrderId.replaceAll('-', '').slice(0, 20)}`
  const rejection = planRejection(request, settings, now)
  const isWaiting = request.triggerPrice !== undefined && !isReached(request, request.triggerPrice)
  if (rejection === null && isWaiting) return planStop(request, settings, now)
  const parts = rejection === null && isMarketable(request) ? planParts(request, settings) : []
  const remainder = rejection === null ? planRemainder(request, settings, parts, now) : null
  const trading = remainder === null ? parts : parts.slice(0, -1)
  return {
    clientOrderId: request.clientOrderId,
    venueOrderId,
    instrument: request.instrument,
    side: request.side,
    type: request.type,
    lots: request.lots,
    limitPrice: request.limitPrice,
    triggerPrice: request.triggerPrice ?? null,
    acceptedAt: now,
    end: rejection ?? remainder,
    trades: trading.map((lots, index) => planTrade({ request, settings, now, venueOrderId, lots, index })),
  }
}

/** An option has no price here but the one that makes a synthetic future trade at the price that its decision saw. */
function atItsPrice(request: OrderRequest): OrderRequest {
  const { option, referencePrice } = request
  if (option === undefined) return request
  return { ...request, referencePrice: modelOptionPrice(option, referencePrice).toNumber() }
}

/** Its trade lies ahead of every instant until the price is reached. */
function planStop(request: OrderRequest, settings: PaperSettings, now: Instant): PaperOrder {
  const at = FAR_AHEAD
  const order = planOrder({ ...request, referencePrice: request.triggerPrice!.toNumber() }, settings, now)
  const [trade] = order.trades
  if (trade === undefined) return order
  const quiet = { ...settings, faults: NO_FAULTS }
  const whole = planTrade({
    ...{ request: { ...request, referencePrice: request.triggerPrice!.toNumber() }, settings: quiet },
    ...{ now, venueOrderId: order.venueOrderId, lots: request.lots, index: 0 },
  })
  return { ...order, end: null, trades: [{ ...whole, at, shownAt: at }] }
}

/** Whether the price that comes with the order is at or beyond the trigger. */
function isReached({ side, referencePrice }: OrderRequest, trigger: Decimal): boolean {
  const market = decimal(referencePrice)
  return side === 'buy' ? !market.isLessThan(trigger) : !trigger.isLessThan(market)
}

function planRejection(request: OrderRequest, settings: PaperSettings, now: Instant): PaperOrderEnd | null {
  const { seed, rejectRate } = settings.faults
  if (!happens(rejectRate, seed, request.clientOrderId, 'reject')) return null
  const refusal = REFUSALS[drawWhole(0, REFUSALS.length - 1, seed, request.clientOrderId, 'refusal')]!
  return { status: 'rejected', at: now, ...refusal }
}

/** The decision's price is the only market that the paper venue knows: a limit beyond it trades, others rest. */
function isMarketable(request: OrderRequest): boolean {
  if (request.limitPrice === null) return true
  const market = decimal(request.referencePrice)
  return request.side === 'buy'
    ? !request.limitPrice.isLessThan(market)
    : !market.isLessThan(request.limitPrice)
}

function planParts(request: OrderRequest, settings: PaperSettings): Decimal[] {
  const { seed, partialFillRate } = settings.faults
  const key = request.clientOrderId
  const whole = Math.floor(request.lots.toNumber())
  if (whole < 2 || !happens(partialFillRate, seed, key, 'partial')) return [request.lots]
  const count = drawWhole(2, Math.min(TRADES_MAX, whole), seed, key, 'parts')
  const parts: Decimal[] = []
  let left = request.lots
  for (let index = 1; index < count; index++) {
    const most = Math.floor(left.toNumber()) - (count - index)
    const part = decimal(drawWhole(1, most, seed, key, 'part', index))
    parts.push(part)
    left = left.minus(part)
  }
  return [...parts, left]
}

function planRemainder(
  request: OrderRequest,
  settings: PaperSettings,
  parts: readonly Decimal[],
  now: Instant,
): PaperOrderEnd | null {
  const { seed, remainderCanceledRate, partialFillMs } = settings.faults
  if (parts.length < 2) return null
  if (!happens(remainderCanceledRate, seed, request.clientOrderId, 'remainder')) return null
  const message = 'The venue canceled what had not traded'
  return { status: 'canceled', at: now + partialFillMs, code: 'REMAINDER_CANCELED', message }
}

interface PlannedTrade {
  readonly request: OrderRequest
  readonly settings: PaperSettings
  readonly now: Instant
  readonly venueOrderId: string
  readonly lots: Decimal
  readonly index: number
}

function planTrade({ request, settings, now, venueOrderId, lots, index }: PlannedTrade): PaperTrade {
  const { seed, extraSlippageTicks, partialFillMs, lateFillRate, lateFillMs } = settings.faults
  const key = request.clientOrderId
  const extra = extraSlippageTicks > 0 ? drawWhole(0, extraSlippageTicks, seed, key, 'slippage', index) : 0
  const costs = {
    slippageTicks: settings.slippageTicks + extra,
    commissionPct: settings.commissionPct,
  }
  // A limit that slippage would break is filled at the limit.
  const limit = request.limitPrice
  const free = modelFill({ ...request, lots }, costs)
  const broken =
    limit !== null && (request.side === 'buy' ? limit.isLessThan(free.price) : free.price.isLessThan(limit))
  const fill = broken
    ? modelFill({ ...request, lots, referencePrice: limit.toNumber() }, { ...costs, slippageTicks: 0 })
    : free
  const at = index === 0 ? now : now + drawWhole(1, Math.max(1, partialFillMs), seed, key, 'at', index)
  const late = happens(lateFillRate, seed, key, 'late', index)
  const shownAt = late ? at + drawWhole(1, Math.max(1, lateFillMs), seed, key, 'shown', index) : at
  return { tradeId: `${venueOrderId}-${index + 1}`, lots, price: fill.price, fee: fill.fee, at, shownAt }
}
