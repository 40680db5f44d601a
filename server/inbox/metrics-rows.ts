import { z } from 'zod'
import type { ReportedMetrics } from '../../core/portfolio/allocation-state.js'
import { type Instant, parseInstant } from '../../core/time.js'

const instant = z
  .string()
  .refine((text) => parseInstant(text) !== null, 'must be an instant such as 2026-01-31T14:30:00Z')
const metric = z.number().positive().max(1e18).nullable().default(null)

/** What is told of funds, from 1 to 10,000 of them; one line that cannot be used refuses them all. */
export const metricsRows = z
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
  .max(10_000)

/** What is told of one fund. */
export type MetricsRow = z.output<typeof metricsRows>[number]

/** What reads rows: who tells them, and the instant of those that have none. */
export interface MetricsOrigin {
  readonly source: string
  readonly now: Instant
}

/** Returns a row as it is recorded. */
export function reportedMetrics(
  { symbol, marketCap, aum, observedAt }: MetricsRow,
  { source, now }: MetricsOrigin,
): ReportedMetrics {
  return {
    ...{ symbol: symbol.toUpperCase(), source, marketCap, aum },
    observedAt: observedAt === undefined ? now : parseInstant(observedAt)!,
  }
}

const shownIssues = 3

/** Returns the rows of a JSON value, a list of them or an object with one as `metrics`, or what is wrong with it. */
export function readMetricsRows(value: unknown): readonly MetricsRow[] | string {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const parsed = metricsRows.safeParse(isObject ? (value as { metrics?: unknown }).metrics : value)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const told = issues
    .slice(0, shownIssues)
    .map(({ path, message }) => `${['metrics', ...path].join('.')}: ${message}`)
  const more = issues.length > shownIssues ? `; and ${issues.length - shownIssues} more` : ''
  return `${told.join('; ')}${more}`
}
