import { z } from 'zod'
import { parseInstant } from '../../../core/time.js'
import { pricesBody } from './allocation-bodies.js'

const instant = z
  .string()
  .refine((text) => parseInstant(text) !== null, 'must be an instant such as 2026-01-31T14:30:00Z')
const metric = z.number().positive().max(1e18).nullable().default(null)

/** The body of POST /v1/imports/metrics. */
export const metricsBody = z.strictObject({
  source: z.string().trim().min(1).max(100).default('import').describe('Where the metrics come from'),
  portfolio: z.string().optional().describe('Left out: every portfolio that is kept at target weights'),
  metrics: z
    .array(
      z
        .strictObject({
          symbol: z.string().trim().min(1).max(32),
          marketCap: metric.describe('In the currency of the portfolio; null where it is not known'),
          aum: metric.describe('Assets under management'),
          observedAt: instant.optional().describe('Left out: now'),
        })
        .refine(({ marketCap, aum }) => marketCap !== null || aum !== null, 'must have marketCap or aum'),
    )
    .min(1)
    .max(10_000),
})

/** The body of POST /v1/imports/prices. */
export const importedPricesBody = z.strictObject({
  portfolio: z.string().optional().describe('Left out: every portfolio that holds assets'),
  prices: pricesBody.min(1),
})
