import { z } from 'zod'
import { BREAK_ACTIONS } from '../../../core/reconcile/break.js'
import { ORDER_OUTCOMES } from '../../../core/reconcile/order-outcome.js'
import { TRADING_STATES } from '../../../core/risk/trading-state.js'

const reason = z.string().trim().min(1).max(500)
const name = z.string().trim().min(1).max(100)
const decimalText = z
  .string()
  .regex(/^\d{1,15}(?:\.\d{1,8})?$/, 'must be digits with at most 8 after the point')

/** The body of POST …/trading-state. */
export const tradingStateBody = z.strictObject({ state: z.enum(TRADING_STATES), reason })

/** The body of POST …/cash. A number is taken at its shortest decimal spelling. */
export const cashBody = z.strictObject({
  kind: z.enum(['deposit', 'withdrawal']),
  amount: z
    .union([decimalText, z.number().positive().max(1e15)])
    .refine((amount) => Number(amount) > 0, 'must be above 0'),
  currency: z.string().regex(/^[A-Z]{3,5}$/, 'must be a currency code such as INR'),
  note: z.string().trim().max(500).nullish(),
})

/** The body of POST …/unlock: the instrument that someone has looked at. */
export const unlockBody = z.strictObject({ instrument: name, reason })

/** The body of POST …/approvals/:id. */
export const approvalBody = z.strictObject({ approve: z.boolean(), reason })

const exactAbove0 = z
  .union([decimalText, z.number().positive().max(1e15)])
  .refine((value) => Number(value) > 0, 'must be above 0')
const exactFrom0 = z.union([decimalText, z.number().nonnegative().max(1e15)])

const pricedActions: readonly string[] = ['adopt', 'book']

/** The body of POST /v1/reconciliation/breaks/:id: what is done about the difference, and why. */
export const settleBreakBody = z
  .strictObject({
    action: z.enum(BREAK_ACTIONS),
    reason,
    price: exactAbove0
      .nullish()
      .describe('At which lots were bought or sold; left out where the broker tells it'),
    stop: z.number().positive().nullish().describe('Of lots that are taken up; left out: from the last ATR'),
    lots: exactAbove0.nullish().describe('That an unknown order filled; left out: all that it could'),
    fee: exactFrom0.nullish().describe('Of what is booked as filled'),
  })
  .superRefine(({ action, price, stop, lots, fee }, context) => {
    const refuse = (field: string, fits: string) =>
      context.addIssue({ code: 'custom', path: [field], message: `goes with ${fits}, not with ${action}` })
    if (price != null && !pricedActions.includes(action)) refuse('price', 'adopt and book')
    if (stop != null && action !== 'adopt') refuse('stop', 'adopt')
    if (lots != null && action !== 'book') refuse('lots', 'book')
    if (fee != null && action !== 'book') refuse('fee', 'book')
  })

/** What that body holds. */
export type SettleBreakBody = z.infer<typeof settleBreakBody>

/** The body of POST …/orders/:id/settle: what became of an order whose fate is unknown, as somebody has found out. */
export const settleOrderBody = z
  .strictObject({
    outcome: z
      .enum(ORDER_OUTCOMES)
      .describe('It never arrived, it ended with what it had filled, or it filled'),
    lots: exactAbove0.nullish().describe('That it filled; left out: all that it could'),
    price: exactAbove0.nullish().describe('At which they filled'),
    fee: exactFrom0.nullish().describe('Of what they filled'),
    reason,
  })
  .superRefine(({ outcome, lots, price, fee }, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message })
    if (outcome === 'filled') {
      if (price == null) refuse('price', 'is required: at which it filled')
      return
    }
    for (const [field, value] of Object.entries({ lots, price, fee }))
      if (value != null) refuse(field, `goes with filled, not with ${outcome}`)
  })

/** What that body holds. */
export type SettleOrderBody = z.infer<typeof settleOrderBody>

/** The body of POST …/exit: what to close, and why. */
export const exitBody = z
  .strictObject({
    instrument: name.optional(),
    positionId: name.optional(),
    all: z.literal(true).optional(),
    reason,
  })
  .refine(
    ({ instrument, positionId, all }) =>
      [instrument, positionId, all].filter((target) => target !== undefined).length === 1,
    'name one of instrument, positionId and "all": true',
  )
