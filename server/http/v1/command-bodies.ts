import { z } from 'zod'
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
