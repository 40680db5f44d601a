import { z } from 'zod'
import { metricsRows } from '../../inbox/metrics-rows.js'
import { pricesBody } from './allocation-bodies.js'

/** The body of POST /v1/imports/metrics. */
export const metricsBody = z.strictObject({
  source: z.string().trim().min(1).max(100).default('import').describe('Where the metrics come from'),
  portfolio: z.string().optional().describe('Left out: every portfolio that is kept at target weights'),
  metrics: metricsRows,
})

/** The body of POST /v1/imports/prices. */
export const importedPricesBody = z.strictObject({
  portfolio: z.string().optional().describe('Left out: every portfolio that holds assets'),
  prices: pricesBody.min(1),
})
