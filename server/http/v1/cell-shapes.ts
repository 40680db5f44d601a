import { z } from 'zod'

/* What /v1 answers about cells; the rules are those of shapes.ts. */

const exact = z.string().describe('An exact decimal number')
const instant = z.string().describe('ISO 8601 with offset')
const maybe = <T extends z.ZodType>(schema: T) => schema.nullable()

/** One asset of a volatility portfolio, with cash of its own. */
export const cellShape = z.object({
  instrument: z.string(),
  state: z.enum(['notFunded', 'open', 'halted']),
  haltReason: maybe(z.string()),
  shares: exact,
  averagePrice: maybe(exact),
  cash: exact,
  receivable: exact,
  anchor: maybe(exact),
  price: maybe(z.number()),
  priceAt: maybe(instant),
  movePercent: maybe(z.number()).describe('From the anchor'),
  value: maybe(exact),
  stockShare: maybe(z.number()).describe('A fraction of the value'),
  minStock: z.number(),
  maxStock: z.number(),
  hours: z.enum(['open', 'closed', 'unknown']),
  orderId: maybe(z.string()).describe('The order at work'),
  ordersToday: z.number().int(),
  notionalToday: exact,
  realizedPnl: exact,
  fees: exact,
  lastOutcome: maybe(z.string()).describe('What the last recorded evaluation came to'),
})

/** A dividend of a cell. */
export const dividendShape = z.object({
  id: z.string(),
  instrument: z.string(),
  state: z.enum(['announced', 'receivable', 'paid']),
  perShare: exact,
  withholdingRate: exact,
  exDate: z.string(),
  payDate: z.string(),
  shares: maybe(exact).describe('Held at the close before the ex-date'),
  gross: maybe(exact),
  withheld: maybe(exact),
  net: maybe(exact),
  paidAt: maybe(instant),
})
