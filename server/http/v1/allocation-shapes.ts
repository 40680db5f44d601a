import { z } from 'zod'

/* What /v1 answers about runs towards target weights. Money and quantities are decimal strings, shares are percent. */

const exact = z.string().describe('An exact decimal number')
const instant = z.string().describe('ISO 8601 with offset')
const side = z.enum(['buy', 'sell'])
const share = z.object({ value: z.number(), percentage: z.number() })

/** One position of a plan. */
export const plannedPositionShape = z.object({
  symbol: z.string(),
  quantity: exact,
  price: z.number(),
  value: exact,
  currentPct: z.number(),
  targetPct: z.number(),
  expectedPct: z.number().describe('Once every order has filled at its price'),
  target: exact,
  difference: exact.describe('Target − value: above 0 to buy'),
  order: z
    .object({
      side,
      quantity: exact,
      limitPrice: exact.nullable(),
      value: exact,
      wantedValue: exact.nullable().describe('Where there was money for less; null otherwise'),
    })
    .nullable(),
  held: z.string().nullable().describe('Why nothing is ordered'),
  metrics: z.object({
    aum: share.nullable(),
    marketCap: share.nullable(),
    decorrelation: z
      .object({
        value: z.number(),
        percentage: z.number().nullable(),
        interpretation: z.enum(['overvalued', 'undervalued', 'neutral']),
      })
      .nullable(),
  }),
})

/** What a run would order. */
export const planShape = z.object({
  mode: z.string(),
  isDryRun: z.boolean(),
  currency: z.string(),
  equity: exact,
  cash: exact,
  cashTarget: exact,
  cashPct: z.object({ current: z.number(), target: z.number(), expected: z.number() }),
  positions: z.array(plannedPositionShape),
  funding: z.object({
    available: exact,
    required: exact,
    outcome: z.enum(['full', 'proportional', 'partial']),
  }),
  margin: z
    .object({
      used: exact,
      maximum: exact,
      isWithin: z.boolean(),
      level: z.enum(['low', 'medium', 'high']),
      transferCost: exact,
    })
    .nullable(),
  maxDeviation: z.number(),
})

/** Whether a run is needed. */
export const checkShape = z.object({
  needsRebalancing: z.boolean(),
  drifted: z.array(z.string()),
  equity: exact,
  currency: z.string(),
  maxDeviation: z.number(),
  deviations: z.array(
    z.object({
      symbol: z.string(),
      currentPct: z.number(),
      targetPct: z.number(),
      deviation: z.number().describe('In points of the equity; above 0 when there is too much'),
    }),
  ),
  summary: z.object({
    ordersRequired: z.int(),
    buyOrders: z.int(),
    sellOrders: z.int(),
    valueToTrade: exact.describe('The larger of what is bought and what is sold'),
  }),
})

/** A run in progress, or one that is over. */
export const runShape = z.object({
  id: z.string(),
  decisionId: z.string(),
  trigger: z.enum(['scheduled', 'manual']),
  startedAt: instant,
  endedAt: instant.nullable(),
  outcome: z
    .enum(['executed', 'partial', 'failed', 'nothing', 'halted', 'dryRun'])
    .nullable()
    .describe('Null while it is in progress'),
  reason: z.string().nullable(),
  summary: z.object({
    planned: z.int(),
    executed: z.int(),
    failed: z.int(),
    skipped: z.int(),
    open: z.int(),
    valueTraded: exact.describe('One way: the larger of what was bought and what was sold'),
    fees: exact,
  }),
  orders: z.array(
    z.object({
      symbol: z.string(),
      side,
      quantity: exact,
      filled: exact,
      filledValue: exact,
      fate: z.string(),
      orderId: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
})

/** The run in progress, and the last one. */
export const runsShape = z.object({ running: runShape.nullable(), last: runShape.nullable() })

/** What fund metrics a portfolio has. */
export const metricsShape = z.object({
  items: z.array(
    z.object({
      symbol: z.string(),
      source: z.string(),
      marketCap: z.number().nullable(),
      aum: z.number().nullable(),
      observedAt: instant,
    }),
  ),
})
