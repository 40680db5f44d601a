import { z } from 'zod'
import { parseInstant } from '../../../core/time.js'

const reason = z.string().trim().min(1).max(500)
const name = z.string().trim().min(1).max(100)
const decimalText = z
  .string()
  .regex(/^\d{1,15}(?:\.\d{1,8})?$/, 'must be digits with at most 8 after the point')
const exactAbove0 = z
  .union([decimalText, z.number().positive().max(1e15)])
  .refine((value) => Number(value) > 0, 'must be above 0')
const fraction = z
  .union([decimalText, z.number().min(0).max(1)])
  .refine((value) => Number(value) <= 1, 'must be from 0 to 1')
const date = z
  .string()
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && parseInstant(text) !== null,
    'must be a date such as 2026-01-31',
  )
const instant = z
  .string()
  .refine(
    (text) => /(Z|[+-]\d{2}:?\d{2})$/.test(text) && parseInstant(text) !== null,
    'must be an instant with its offset, such as 2026-01-31T14:30:00Z',
  )

const priceBody = z.strictObject({
  instrument: name,
  price: z.number().positive().max(1e12).describe('Above 0'),
  at: instant.optional().describe('When it was that; left out: now'),
})

/** The body of POST …/evaluate: what is evaluated, and at which prices; without one the broker's, else the last known. */
export const evaluateBody = z
  .strictObject({
    instruments: z.array(name).min(1).max(10_000).optional().describe('Left out: every cell'),
    prices: z.array(priceBody).max(10_000).default([]),
  })
  .describe('With prices and no instruments, those that have a price are evaluated')

/** The body of POST …/anchor. */
export const anchorBody = z.strictObject({ instrument: name, price: exactAbove0, reason })

/** The body of POST …/orders: an operator's order of a cell. */
export const cellOrderBody = z.strictObject({
  instrument: name,
  side: z.enum(['buy', 'sell']),
  quantity: exactAbove0,
  reason,
})

/** The body of POST …/funding: cash into a cell out of what is in none, or back. */
export const fundingBody = z.strictObject({
  instrument: name,
  kind: z.enum(['deposit', 'withdrawal']),
  amount: exactAbove0,
  reason,
})

/** The body of POST …/dividends. A dividend is named by its asset and its ex-date. */
export const dividendBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('announce'),
    instrument: name,
    perShare: exactAbove0.describe('In the currency of the portfolio'),
    withholdingRate: fraction.default('0.25'),
    exDate: date,
    payDate: date,
    currency: z
      .string()
      .regex(/^[A-Z]{3,5}$/, 'must be a currency code such as USD')
      .optional(),
  }),
  z.strictObject({ kind: z.literal('exDate'), instrument: name, exDate: date }),
  z.strictObject({ kind: z.literal('pay'), instrument: name, exDate: date }),
  z.strictObject({
    kind: z.literal('correct'),
    instrument: name,
    exDate: date,
    perShare: exactAbove0.optional(),
    withholdingRate: fraction.optional(),
    payDate: date.optional(),
    reason,
  }),
  z.strictObject({
    kind: z.literal('split'),
    instrument: name,
    exDate: date,
    ratio: exactAbove0.describe('New shares for one old one'),
  }),
])

/** What that body holds. */
export type DividendBody = z.infer<typeof dividendBody>
