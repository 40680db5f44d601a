import { z } from 'zod'
import { parseInstant } from '../../../core/time.js'

const name = z.string().trim().min(1).max(100)
const amount = z
  .union([
    z.string().regex(/^\d{1,15}(?:\.\d{1,8})?$/, 'must be digits with at most 8 after the point'),
    z.number().nonnegative().max(1e15),
  ])
  .transform((value) => `${value}`)
const instant = z
  .string()
  .refine(
    (text) => /(Z|[+-]\d{2}:?\d{2})$/.test(text) && parseInstant(text) !== null,
    'must be an instant with its offset, such as 2026-01-31T14:30:00Z',
  )

/** What a plan or a check may take instead of what is configured. */
export const overrideQuery = z.object({
  threshold: amount.optional().describe('Differences below so much of the currency are left alone'),
  maxOrders: z.coerce.number().int().min(1).max(10_000).optional(),
})

/** What that query holds. */
export type OverrideQuery = z.infer<typeof overrideQuery>

/** Prices of assets that somebody tells. */
export const pricesBody = z
  .array(
    z.strictObject({
      instrument: name,
      price: z.number().positive().max(1e12).describe('Above 0'),
      at: instant.optional().describe('When it was that; left out: now'),
    }),
  )
  .max(10_000)

/** The body of POST …/execute. Weights that cannot be targets are told by the decision. */
export const executeBody = z.strictObject({
  dryRun: z.boolean().default(true).describe('True plans and records the plan; false sends orders'),
  targetWeights: z
    .record(name, z.number())
    .optional()
    .describe('Percent by asset, for this run; cash under the name of the currency'),
  threshold: amount.optional().describe('Differences below so much of the currency are left alone'),
  maxOrders: z.int().min(1).max(10_000).optional().describe('Most orders of this run'),
  prices: pricesBody.default([]).describe('Where the broker tells none, as on paper'),
})
