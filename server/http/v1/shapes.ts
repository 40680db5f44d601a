import { z } from 'zod'

/*
 * What /v1 answers. Quantities, cash, fees and order prices are decimal strings; market prices, stops, indicators and
 * ratios are numbers; instants are ISO 8601 in UTC. The OpenAPI document is made from these schemas.
 */

const exact = z.string().describe('An exact decimal number')
const instant = z.string().describe('ISO 8601 with offset')
const maybe = <T extends z.ZodType>(schema: T) => schema.nullable()

/** A quantity that counts against a limit. */
const usage = z.object({
  used: exact,
  /** Percent of the equity that sizing uses. */
  percent: z.number(),
  capPercent: z.number(),
})

/** Equity in the portfolio's currency. */
export const equityShape = z.object({ closed: exact, open: exact, blended: exact, high: exact })

/** A portfolio in a list. */
export const portfolioSummaryShape = z.object({
  id: z.string(),
  currency: z.string(),
  phase: z.string(),
  ready: z.boolean(),
  tradingState: z.enum(['active', 'reducing', 'halted', 'frozen']),
  tradingStateReason: z.string(),
  closedEquity: exact,
  openPositions: z.number().int(),
})

/** A portfolio with its risk. */
export const portfolioShape = portfolioSummaryShape.extend({
  configurationHash: z.string(),
  equityMode: z.enum(['closed', 'open', 'blended', 'high']),
  equity: equityShape,
  unrealizedPnl: exact,
  realizedPnl: exact,
  fees: exact,
  deposited: exact,
  heat: usage.extend({ pyramidCapPercent: z.number() }),
  volatility: usage.extend({ pyramidCapPercent: z.number() }),
  margin: usage.extend({ reserved: exact, available: exact }),
  cash: exact.describe('Closed equity less what the assets were bought for'),
  assets: z
    .array(
      z.object({
        asset: z.string(),
        quantity: exact,
        averageCost: maybe(exact),
        price: maybe(z.number()),
        priceAt: maybe(instant),
        value: maybe(exact),
        unrealizedPnl: maybe(exact),
        locked: maybe(z.object({ reason: z.string(), since: instant })),
        hours: z.enum(['open', 'closed', 'unknown']),
      }),
    )
    .describe('What is paid for in full and held'),
  instruments: z.array(
    z.object({
      instrument: z.string(),
      state: z.enum(['flat', 'opening', 'open', 'closing']),
      units: z.number().int(),
      lots: exact,
      price: maybe(z.number()),
      priceAt: maybe(instant),
      atr: maybe(z.number()),
      locked: maybe(z.object({ reason: z.string(), since: instant })),
      hours: z.enum(['open', 'closed', 'unknown']).describe('Whether it trades now'),
      scoutAt: maybe(instant).describe('When its last scout spoke'),
      rollover: maybe(
        z.object({
          from: z.string().describe('Month of the contract that is held'),
          to: z.string(),
          leaveOn: z.string().describe('Date on which it is left'),
          positionIds: z.array(z.string()),
        }),
      ).describe('What leaves its contract next; null where nothing is rolled'),
      rolled: maybe(
        z.object({ date: z.string(), from: z.string(), to: z.string(), outcome: maybe(z.string()) }),
      ).describe('The last run; its outcome is null while it is under way'),
      preClose: maybe(
        z.object({
          closesAt: instant,
          phase: z.enum(['monitor', 'decide', 'place', 'market', 'end']),
          outcome: maybe(
            z.enum(['nothing', 'refused', 'entered', 'exited', 'partial', 'unfilled', 'missed', 'uncertain']),
          ),
          detail: maybe(z.string()),
        }),
      ).describe('The last run before a close'),
    }),
  ),
})

/** A unit of a position; nothing in it changes by itself as time goes by. */
export const positionShape = z.object({
  id: z.string(),
  instrument: z.string(),
  unit: z.number().int(),
  label: maybe(z.string()),
  state: z.enum(['opening', 'open', 'closing', 'closed']),
  lots: exact,
  averagePrice: maybe(exact),
  initialStop: z.number(),
  stop: z.number(),
  highestClose: z.number(),
  pointValue: z.number(),
  realizedPnl: exact,
  fees: exact,
  openedAt: instant,
  closedAt: maybe(instant),
  exitReason: maybe(z.string()),
  entryOrderId: z.string(),
  contract: maybe(z.object({ strike: exact, expiry: z.string() })).describe(
    'The options that a synthetic future is held in',
  ),
})

/** An order of ours. */
export const orderShape = z.object({
  id: z.string(),
  clientOrderId: z.string(),
  venueOrderId: maybe(z.string()),
  instrument: z.string(),
  side: z.enum(['buy', 'sell']),
  type: z.enum(['market', 'limit', 'stop']),
  purpose: z.enum(['entry', 'pyramid', 'exit', 'peelOff', 'stop', 'rebalance']),
  lots: exact,
  limitPrice: maybe(exact),
  filledLots: exact,
  averagePrice: maybe(exact),
  state: z.string(),
  reason: maybe(z.string()),
  attempt: z.number().int(),
  chase: maybe(
    z.object({ parentId: z.string(), step: z.number().int(), referencePrice: z.number() }),
  ).describe('Where it stands in the chase of one wish; null outside of one'),
  decisionId: z.string(),
  positionId: z.string(),
  createdAt: instant,
  closedAt: maybe(instant),
  leg: maybe(
    z.object({
      of: z.string(),
      kind: z.enum(['call', 'put']),
      strike: exact,
      expiry: z.string(),
      isRollback: z.boolean(),
    }),
  ).describe('What it is a part of, where legs carry out another order'),
  hasLegs: z.boolean().describe('Orders for its legs carry it out'),
})

/** An entry that waits, or has waited, for a person. */
export const approvalShape = z.object({
  id: z.string(),
  decisionId: z.string().describe('The decision that asks'),
  instrument: z.string(),
  kind: z.enum(['entry', 'pyramid']),
  unit: z.number().int(),
  label: maybe(z.string()),
  lots: exact.describe('An answer never leads to more'),
  price: z.number(),
  stop: z.number(),
  priceBandPct: z.number().describe('How far from that price, in percent, an answer still counts'),
  askedAt: instant,
  expiresAt: instant,
  closesAt: maybe(instant).describe('The close whose run asks; null when an alert does'),
  state: z.enum(['open', 'approved', 'refused', 'rejected', 'expired', 'withdrawn']),
  reason: maybe(z.string()),
  answerId: maybe(z.string()).describe('The decision that answers'),
  closedAt: maybe(instant),
})

/** A trade of an order, exactly as the broker reported it. */
export const fillShape = z.object({
  id: z.string(),
  orderId: z.string(),
  tradeId: z.string(),
  lots: exact,
  price: exact,
  fee: exact,
  at: instant,
})

/** A decision in a list. */
export const decisionSummaryShape = z.object({
  id: z.string(),
  alertId: maybe(z.string()),
  at: instant,
  kind: z.string(),
  instrument: maybe(z.string()),
  outcome: z.enum(['executed', 'approved', 'blocked', 'ignored']),
  reasons: z.array(z.string()),
  boundBy: maybe(z.string()),
  lots: exact,
  filledLots: exact.describe('What its orders have traded so far'),
})

/** A rule that a decision met. */
const gateShape = z.object({
  gate: z.string(),
  passed: z.boolean(),
  measured: maybe(z.union([z.number(), z.string()])),
  limit: maybe(z.union([z.number(), z.string()])),
})

/** A decision with its arithmetic. */
export const decisionShape = decisionSummaryShape.extend({
  portfolio: z.string(),
  inputId: z.string(),
  price: maybe(z.number()),
  stop: maybe(z.number()),
  sizing: maybe(z.looseObject({ kind: z.string() })).describe('The arithmetic of the size, in doubles'),
  gates: z.array(gateShape),
  notes: z.array(z.string()),
  positionIds: z.array(z.string()),
  versions: z.object({ configuration: z.string() }),
})

/** What was decided, before anything is stored. */
export const proposedDecisionShape = decisionShape.extend({
  events: z.array(z.string()).describe('Names of the events that would be recorded, in order'),
})

/** An alert as the inbox keeps it. */
export const alertShape = z.object({
  id: z.string(),
  source: z.string(),
  receivedAt: instant,
  type: z.string(),
  instrument: z.string(),
  conflict: z.boolean(),
  state: z.enum(['waiting', 'decided', 'quarantined']),
  outcome: maybe(z.string()),
  decisionId: maybe(z.string()),
  reasons: z.array(z.string()),
  lots: maybe(exact),
  decidedAt: maybe(instant),
})

/** An alert with what it said, word for word. */
export const alertDetailShape = alertShape.extend({
  portfolio: z.string(),
  body: z.string().describe('The bytes as they came, read as UTF-8'),
  alert: z.unknown().describe('What was read from them'),
})

/** A posting of the cash ledger; amounts are signed. */
export const postingShape = z.object({
  id: z.string(),
  kind: z.string(),
  amount: exact,
  at: instant,
  orderId: maybe(z.string()),
  positionId: maybe(z.string()),
  note: maybe(z.string()),
})

/** Something that a person should look at. */
export const alarmShape = z.object({
  id: z.string(),
  portfolio: maybe(z.string()),
  code: z.string(),
  severity: z.enum(['warning', 'critical']),
  instrument: maybe(z.string()),
  subject: maybe(z.string()),
  message: z.string(),
  at: instant,
})

/** A difference between the book and the broker. */
export const breakShape = z.object({
  id: z.string(),
  portfolio: z.string(),
  instrument: z.string(),
  class: z
    .enum(['match', 'ghost', 'orphan', 'quantity', 'side', 'surplus', 'unknownOrder', 'external'])
    .describe('match: nothing differs, and the instrument is locked'),
  state: z
    .enum(['suspected', 'confirmed', 'ignored'])
    .describe('seen once, seen twice at rest, or accepted until it changes'),
  difference: z.string(),
  ours: exact.describe('Lots that the book holds, or that our order may still fill'),
  theirs: exact.describe('Lots that the broker holds, or of its order'),
  averagePrice: maybe(exact).describe('What the broker says was paid on average'),
  orderId: maybe(z.string()).describe('Our id of an unknown order, the id at the broker of an external one'),
  since: instant,
  lock: maybe(z.object({ reason: z.string(), since: instant })).describe('Only exits run meanwhile'),
})
