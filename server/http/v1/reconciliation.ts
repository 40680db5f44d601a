import { decimal } from '../../../core/decimal.js'
import type { OperatorCommand } from '../../../core/input.js'
import { ServiceError } from '../../errors.js'
import {
  type SettleBreakBody,
  type SettleOrderBody,
  settleBreakBody,
  settleOrderBody,
} from './command-bodies.js'
import { addCommandRoute } from './command-route.js'
import { unknownPortfolio } from './lists.js'
import { pageOf } from './paging.js'
import { breakShape } from './shapes.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

/** Adds the differences between books and brokers, and what is decided about them. */
export function addReconciliation(app: TypedApp, options: V1Options): void {
  const { reads, commands } = options
  const breaks = {
    security: [{ adminToken: [] }],
    summary: 'Differences between books and brokers, those first that somebody has to decide',
    response: { 200: pageOf(breakShape) },
  }
  app.get('/reconciliation', { schema: breaks }, async () => ({
    items: [...(await reads.breaks())],
    next: null,
  }))
  addCommandRoute(app, options, {
    url: '/reconciliation/breaks/:id',
    summary: "Decide a difference: take over the broker's count, book what filled unseen, or accept it",
    body: settleBreakBody,
    scopeOf: (breakId) => `POST /v1/reconciliation/breaks/${breakId}`,
    recordedIn: async () => (await reads.portfolios()).map(({ id }) => id),
    toOrder: async (body, breakId) => {
      const portfolio = commands.portfolioOfBreak(breakId)
      if (portfolio !== null) return { portfolio, command: toCommand(breakId, body) }
      const known = (await reads.breaks()).length
      const detail = `There is no difference ${breakId}; ${known === 0 ? 'there is none at all' : `${known} others are listed`}`
      throw new ServiceError('BREAK_UNKNOWN', detail)
    },
  })
}

/** Adds the word of a person on an order whose fate is unknown. */
export function addOrderSettlement(app: TypedApp, options: V1Options): void {
  const { commands } = options
  addCommandRoute(app, options, {
    url: '/portfolios/:id/orders/:orderId/settle',
    item: 'orderId',
    summary: 'Say what became of an order whose fate is unknown; what its broker tells later still counts',
    body: settleOrderBody,
    scopeOf: (portfolio, order) => `POST /v1/portfolios/${portfolio}/orders/${order}/settle`,
    recordedIn: async (portfolio) => [portfolio],
    toOrder: async (body, portfolio, orderId) => {
      if (commands.facts(portfolio) === null) throw unknownPortfolio(portfolio)
      const breakId = commands.breakOfOrder(portfolio, orderId)
      return { portfolio, command: toSettlement(breakId, body) }
    },
  })
}

const FOUND = { absent: 'it never arrived', canceled: 'it was cancelled', filled: 'it filled' } as const

/** That it is not there, or no longer, is the broker's count; a fill is one of ours that nobody has told of. */
function toSettlement(breakId: string, { outcome, reason, ...fill }: SettleOrderBody): OperatorCommand {
  const action = outcome === 'filled' ? ('book' as const) : ('adopt' as const)
  return toCommand(breakId, { ...fill, action, reason: `${FOUND[outcome]}: ${reason}` })
}

function toCommand(breakId: string, body: SettleBreakBody): OperatorCommand {
  const { action, price, stop, lots, fee, reason } = body
  const exact = (given: string | number | null | undefined) => (given == null ? null : decimal(given))
  return {
    kind: 'settleBreak',
    breakId,
    action,
    price: exact(price),
    stop: stop ?? null,
    lots: exact(lots),
    fee: exact(fee),
    reason,
  }
}
