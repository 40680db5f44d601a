import { z } from 'zod'
import type { CellConfiguration } from '../../core/strategies/volatility/volatility-settings.js'
import { instrumentName, money, percent, share } from './values.js'

const rate = z.number().min(0).max(0.1)
const limit = z.number().gt(0).max(1)

const triggersSchema = z
  .strictObject({
    upPct: percent.default(3).describe('A rise of so much from the anchor sells'),
    downPct: percent.default(3).describe('A fall of so much from the anchor buys'),
  })
  .describe('How far the price may be from the anchor, in percent of it')

const guardrailsSchema = z
  .strictObject({
    minStock: share.default(0.25).describe('Least share of the value in stock, a fraction'),
    maxStock: limit.default(0.75).describe('Largest share of the value in stock, a fraction'),
    maxTrade: limit
      .nullable()
      .default(null)
      .describe('Largest order as a share of the value; null: no limit'),
    maxDailyNotional: money
      .nullable()
      .default(null)
      .describe('Most value of the orders of a day of the exchange; null: no limit'),
    maxOrdersPerDay: z
      .int()
      .min(1)
      .max(10_000)
      .nullable()
      .default(5)
      .describe('Most orders of a day of the exchange; null: no limit'),
  })
  .superRefine(({ minStock, maxStock }, context) => {
    if (minStock < maxStock) return
    const message = `must be below maxStock, which is ${maxStock}, was ${minStock}`
    context.addIssue({ code: 'custom', path: ['minStock'], message })
  })
  .describe('What the cell may hold and do')

const ordersSchema = z
  .strictObject({
    minShares: money.default('0').describe('Least quantity of an order'),
    minNotional: money.default('100').describe('Least value of an order'),
    lot: money.default('0').describe('Orders are whole multiples of it; 0: of the step'),
    qtyStep: money.default('0').describe('Orders are whole multiples of it; 0: of the step of the asset'),
    belowMinimum: z
      .enum(['hold', 'reject', 'clip'])
      .default('hold')
      .describe(
        'What becomes of an order below the minimum: left out, refused, or raised to it where that is allowed',
      ),
    sizing: z
      .enum(['proportional', 'fixedPercentage'])
      .default('proportional')
      .describe('By the move from the anchor, or a fixed share of the cash or of the shares'),
    rebalanceRatio: z
      .number()
      .gt(0)
      .max(100)
      .default(5 / 3)
      .describe('How much is traded: the share of the value for a move of 100 %'),
  })
  .describe('What its orders are like')

const cellSchema = z
  .strictObject({
    asset: instrumentName.describe('One of the assets of the portfolio'),
    cash: money.describe('Cash of its own, out of the initial deposit'),
    initialStock: limit
      .nullable()
      .default(null)
      .describe('Share of its value that it buys at its first price; null: none'),
    triggers: triggersSchema.prefault({}),
    guardrails: guardrailsSchema.prefault({}),
    orders: ordersSchema.prefault({}),
    commissionRate: rate
      .nullable()
      .default(null)
      .describe(
        'Commission of this asset, a fraction of the value; null: that of the owner, else the global one',
      ),
    returnsToBand: z
      .boolean()
      .default(true)
      .describe('Whether it trades back into the guardrails when nothing else triggers'),
    afterHours: z
      .boolean()
      .default(false)
      .describe('Whether it also trades before the open and after the close'),
  })
  .describe('One asset with cash of its own') satisfies z.ZodType<CellConfiguration>

/** The volatility strategy: cells that sell rises and buy falls. */
export const volatilityStrategySchema = z
  .strictObject({
    kind: z.literal('volatility'),
    cells: z.array(cellSchema).min(1).describe('What it trades: one cell for each asset'),
    commission: z
      .strictObject({
        tenant: rate.nullable().default(null).describe('Of this owner; null: the global one'),
        global: rate.nullable().default(null).describe('Of everybody; null: 0.0001'),
      })
      .prefault({})
      .describe('Commission as a fraction of the value, for cells that have none of their own'),
    priceMaxAgeSeconds: z
      .number()
      .gt(0)
      .max(86_400)
      .default(60)
      .describe('A price older than this is not traded on'),
    maxDriftBps: z
      .number()
      .gt(0)
      .max(10_000)
      .default(20)
      .describe('An order whose price moved by more basis points before it is sent is decided again'),
    evaluateEverySeconds: z
      .number()
      .min(1)
      .max(86_400)
      .nullable()
      .default(null)
      .describe('How often prices are asked for while the exchange trades; null: only told ones count'),
    maxOrderValue: z
      .number()
      .gt(0)
      .nullable()
      .default(null)
      .describe('Largest value of one order; null: no limit'),
  })
  .describe('Selling rises and buying falls from an anchor price, inside guardrails')

/** The strategy with every default filled in. */
export type VolatilityStrategy = z.output<typeof volatilityStrategySchema>
