import { z } from 'zod'
import { ALERT_TYPES } from '../../core/alert/alert.js'
import type { NO_FAULTS } from '../brokers/paper/paper-settings.js'
import { allocationStrategySchema } from './allocation-schema.js'
import { assetSchema } from './asset-schema.js'
import { defaultInstruments, instrumentSchema } from './instrument-schema.js'
import { notificationsSchema } from './notification-schema.js'
import {
  currency,
  identifier,
  milliseconds,
  money,
  openAlgoStreamUrl,
  openAlgoUrl,
  percent,
  secretReference,
  share,
} from './values.js'
import { volatilityStrategySchema } from './volatility-schema.js'

const faultsSchema = z
  .strictObject({
    extraSlippageTicks: z.int().min(0).max(1000).describe('Most further ticks of slippage of a trade'),
    rejectRate: share.describe('Share of orders that the venue refuses'),
    lostRequestRate: share.describe('Share of requests that never arrive'),
    lostAnswerRate: share.describe('Share of requests whose answer never comes'),
    slowAnswerRate: share.describe('Share of requests that are answered late'),
    slowAnswerMs: milliseconds.describe('How late'),
    failedReadRate: share.describe('Share of reads that fail'),
    partialFillRate: share.describe('Share of orders that fill in several trades'),
    partialFillMs: milliseconds.describe('How long the last of them may take'),
    remainderCanceledRate: share.describe('Share of those whose remainder is canceled'),
    lateFillRate: share.describe('Share of trades that are shown late'),
    lateFillMs: milliseconds.describe('By how much at most'),
    lostReportRate: share.describe('Share of reports that never come'),
    duplicateReportRate: share.describe('Share of reports that come twice'),
    shuffledReportRate: share.describe('Share of reports that come in another order'),
  } satisfies Record<Exclude<keyof typeof NO_FAULTS, 'seed'>, z.ZodType>)
  .partial()
  .describe('How the paper venue misbehaves, to see that nothing is lost by it')

const paperBrokerSchema = z
  .strictObject({
    kind: z.literal('paper'),
    seed: z.string().max(64).default('').describe('The same seed meets the same faults'),
    slippageTicks: z
      .int()
      .min(0)
      .max(1000)
      .default(0)
      .describe('Ticks by which every fill is worse than its price'),
    commissionPct: z
      .number()
      .min(0)
      .max(10)
      .default(0)
      .describe('Commission in percent of the value, each side'),
    faults: faultsSchema.default({}),
  })
  .describe('A venue inside the service that fills every order')

const openAlgoBrokerSchema = z
  .strictObject({
    kind: z.literal('openalgo'),
    url: openAlgoUrl.describe('Where OpenAlgo listens, such as http://127.0.0.1:5000'),
    apiKey: secretReference.describe('Key of its API, by the name of the variable that holds it'),
    streamUrl: openAlgoStreamUrl
      .nullable()
      .optional()
      .describe(
        'Where its updates of orders come from; unset: port 8765 of the same host; null: books are polled only',
      ),
    product: z
      .enum(['NRML', 'MIS'])
      .default('NRML')
      .describe('Product of every order; NRML is kept overnight'),
    bufferPct: z
      .number()
      .min(0)
      .max(5)
      .default(0.25)
      .describe('How far beyond the price the limit of a market order goes, in percent'),
    commissionPct: z
      .number()
      .min(0)
      .max(10)
      .default(0)
      .describe('Estimated commission in percent of the value, each side: OpenAlgo tells no fees'),
    allowLive: z
      .boolean()
      .default(false)
      .describe('True trades real money; false trades only while OpenAlgo is in analyze mode, a simulation'),
  })
  .describe('An account behind OpenAlgo, for Gold Mini, Silver Mini and Copper; new, see docs/brokers.md')

const PYRAMID_CAPS = [
  ['pyramidMaxHeatPct', 'maxHeatPct'],
  ['pyramidMaxVolatilityPct', 'maxVolatilityPct'],
] as const

const capsSchema = z
  .strictObject({
    maxHeatPct: percent.default(15).describe('Most risk of all units'),
    maxVolatilityPct: percent.default(5).describe('Most volatility of all units'),
    maxMarginPct: percent.default(60).describe('Most margin in use'),
    pyramidMaxHeatPct: percent.default(12).describe('Risk below which a pyramid must leave the portfolio'),
    pyramidMaxVolatilityPct: percent.default(4).describe('Volatility below which it must'),
  })
  .superRefine((caps, context) => {
    for (const [own, whole] of PYRAMID_CAPS) {
      if (caps[own] <= caps[whole]) continue
      const message = `must be at most ${whole}, which is ${caps[whole]}, was ${caps[own]}`
      context.addIssue({ code: 'custom', path: [own], message })
    }
  })
  .describe('Caps in percent of equity')

const controlsSchema = z
  .strictObject({
    maxOrderValue: z
      .number()
      .gt(0)
      .nullable()
      .default(null)
      .describe('Largest value of an entry; null: no limit'),
    maxOrdersPerDay: z.int().min(1).max(1_000_000).default(1000).describe('Most entries of a UTC day'),
    maxOrdersPerSecond: z
      .int()
      .min(1)
      .max(1000)
      .nullable()
      .default(null)
      .describe('Most entries of a second; null: no limit'),
    duplicateGuardSeconds: z
      .number()
      .gt(0)
      .max(3600)
      .nullable()
      .default(null)
      .describe('So soon after an entry no other of the same instrument and lots; null: no guard'),
    priceCollarPct: percent
      .default(2)
      .describe('Largest distance of an entry’s price from the broker’s quote'),
  })
  .describe('Controls that every entry passes')

/** A chase of more steps than that is a mistake. */
const MOST_STEPS = 60

const seconds = z.number().min(1).max(3600)

/** Each part of the run comes after the one before it, so it is fewer seconds from the close. */
const RUN_ORDER = ['monitorSeconds', 'decideSeconds', 'placeSeconds', 'marketSeconds', 'endSeconds'] as const

const preCloseSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Whether to act before the close, where sessions are "exchange"'),
    exitMode: z
      .enum(['atr', 'supertrend'])
      .default('atr')
      .describe('What sells a unit: its own stop, or the scout’s long_exit, which sells all'),
    monitorSeconds: seconds.default(900).describe('From how long before the close scouts are expected'),
    decideSeconds: seconds.default(45).describe('How long before the close it is decided'),
    placeSeconds: seconds.default(30).describe('How long before the close limit orders are placed'),
    marketSeconds: seconds.default(10).describe('How long before the close they become market orders'),
    endSeconds: seconds.default(5).describe('How long before the close entries are cancelled'),
    scoutMaxAgeSeconds: seconds.default(90).describe('Age beyond which a scout opens nothing'),
    limitBufferPct: percent.default(0.1).describe('How far beyond the price a limit order goes'),
  })
  .superRefine((run, context) => {
    for (const [index, later] of RUN_ORDER.entries()) {
      const earlier = RUN_ORDER[index - 1]
      if (earlier === undefined || run[later] < run[earlier]) continue
      const message = `must be less than ${earlier}, which is ${run[earlier]}, was ${run[later]}`
      context.addIssue({ code: 'custom', path: [later], message })
    }
  })
  .describe('What is done in the minutes before the close')

const rolloverSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Whether units are rolled, where sessions are "exchange"; the chart must change its contract with them',
      ),
    at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 15:00')
      .default('15:00')
      .describe('From when on the date, at the exchange'),
  })
  .describe('What is done with units whose contract is near its expiry')

const executionSchema = z
  .strictObject({
    stepSeconds: z.number().min(1).max(600).default(5).describe('How long each limit order rests'),
    stepPct: z
      .number()
      .min(0.001)
      .max(5)
      .default(0.05)
      .describe('How much further from the reference price each next one goes, in percent of it'),
    maxSlippagePct: z
      .number()
      .min(0)
      .max(10)
      .default(0.2)
      .describe('Hard limit: no entry goes further from its reference price'),
    marketableBufferPct: z
      .number()
      .min(0)
      .max(5)
      .default(0.25)
      .describe('How far beyond the latest price the marketable limit goes'),
    partialFill: z
      .enum(['chase', 'cancel'])
      .default('chase')
      .describe('What becomes of the rest of an entry that has filled in part'),
  })
  .refine(({ maxSlippagePct, stepPct }) => maxSlippagePct / stepPct <= MOST_STEPS, {
    path: ['stepPct'],
    message: `must be at least maxSlippagePct ÷ ${MOST_STEPS}`,
  })
  .describe('Limit orders that go after the price step by step; exits never give up')

const entryLimits = (entry: number, pyramid: number) =>
  z.strictObject({ entry: percent.default(entry), pyramid: percent.default(pyramid) }).prefault({})

const validationSchema = z
  .strictObject({
    warnAgeSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(10)
      .describe('Age from which an entry is told as late'),
    elevatedAgeSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(30)
      .describe('Age from which an entry may diverge by half as much'),
    quoteMaxAgeSeconds: z
      .number()
      .positive()
      .max(3_600)
      .default(10)
      .describe('Age up to which the broker’s price counts; with an older one nothing is opened'),
    maxDivergencePct: entryLimits(2, 1).describe('Largest distance of the broker’s price from the signal’s'),
    maxRiskIncreasePct: entryLimits(50, 20).describe(
      'Growth of the distance to the stop beyond which lots are taken off',
    ),
  })
  .describe('How an entry is judged a second time, at the broker’s price')

const approvalSchema = z
  .strictObject({
    mode: z
      .enum(['auto', 'manual'])
      .default('auto')
      .describe('Whether an entry or pyramid is ordered at once, or waits for a person’s approval'),
    expireSeconds: z.number().min(5).max(86_400).default(300).describe('How long it may be approved'),
    priceBandPct: percent
      .default(0.5)
      .describe('How far the price may have moved from the one that was asked about, in percent'),
  })
  .describe('Who decides on entries; exits and peel-offs never wait')

const CONSTRAINTS = ['risk', 'volatility', 'margin'] as const

/** The trend strategy. */
export const trendStrategySchema = z
  .strictObject({
    kind: z.literal('trend'),
    equityMode: z
      .enum(['closed', 'open', 'blended', 'high'])
      .default('blended')
      .describe('What sizing takes as equity'),
    blendedWeight: share.default(0.5).describe('Share of the unrealized profit in blended equity'),
    constraints: z
      .array(z.enum(CONSTRAINTS))
      .min(1)
      .refine((given) => new Set(given).size === given.length, 'must name each constraint once')
      .default([...CONSTRAINTS])
      .describe('What limits the lots of a base entry'),
    defaultEr: share.default(1).describe('Efficiency ratio of an alert that carries none'),
    entryMaxAgeSeconds: z
      .number()
      .gt(0)
      .max(86_400)
      .default(60)
      .describe('Age beyond which an entry is refused'),
    entryMaxAheadSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(30)
      .describe('How far ahead of the clock it may be'),
    preClose: preCloseSchema.prefault({}),
    rollover: rolloverSchema.prefault({}),
    validation: validationSchema.prefault({}),
    approval: approvalSchema.prefault({}),
    caps: capsSchema.prefault({}),
    controls: controlsSchema.prefault({}),
  })
  .describe('Trend following, sized by risk, volatility and margin')

const portfolioSchema = z
  .strictObject({
    id: identifier.describe('Name of the portfolio; its records carry it for ever'),
    currency: currency.default('INR').describe('The one currency of its ledger'),
    initialDeposit: money
      .default('10000000')
      .describe('Booked as a deposit when the ledger is empty: at the first start'),
    sessions: z
      .enum(['always', 'exchange'])
      .default('always')
      .describe('When orders may be sent: around the clock, or in the sessions of the exchange'),
    broker: z
      .discriminatedUnion('kind', [paperBrokerSchema, openAlgoBrokerSchema])
      .prefault({ kind: 'paper' }),
    execution: executionSchema
      .nullable()
      .default(null)
      .describe('How orders are executed; null for market orders'),
    protectiveStop: z
      .strictObject({
        limitPct: z.number().min(0).max(20).default(1).describe('How far below its trigger the limit lies'),
      })
      .nullable()
      .default(null)
      .describe('A stop order at the broker for each unit, at its stop; null: stops are kept here alone'),
    strategy: z
      .discriminatedUnion('kind', [trendStrategySchema, volatilityStrategySchema, allocationStrategySchema])
      .prefault({ kind: 'trend' }),
    instruments: z
      .array(instrumentSchema)
      .min(1)
      .prefault([...defaultInstruments])
      .describe('What the strategy trend trades'),
    assets: z.array(assetSchema).default([]).describe('What the strategies volatility and allocation hold'),
  })
  .describe('One account at one broker, in one currency')

const sourceSchema = z
  .strictObject({
    id: identifier.describe('Name of the source; it is part of the identity of its alerts'),
    portfolio: identifier.optional().describe('Portfolio that it feeds; may be left out when there is one'),
    tokens: z
      .array(secretReference)
      .min(1)
      .max(2)
      .default([`\${WEBHOOK_TOKEN}`])
      .describe(
        'Token of its webhook URL, by the name of the variable that holds it; two while one replaces the other',
      ),
    types: z
      .array(z.enum(ALERT_TYPES))
      .min(1)
      .optional()
      .describe('Types of alert that it may send; all when left out'),
    instruments: z
      .array(z.string().min(1).max(32))
      .min(1)
      .optional()
      .describe('Instruments that it may name; all when left out'),
  })
  .describe('A sender of alerts with a webhook URL of its own')

/** The configuration file. */
export const configurationSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where this schema is, for editors'),
    portfolios: z
      .array(portfolioSchema)
      .min(1)
      .prefault([{ id: 'paper' }]),
    sources: z
      .array(sourceSchema)
      .min(1)
      .prefault([{ id: 'tradingview' }]),
    notifications: notificationsSchema.default([]).describe('Who is told what happens'),
  })
  .describe('Configuration of the smart general')

/** The configuration with every default filled in; secrets are still names. */
export type ParsedConfiguration = z.output<typeof configurationSchema>

/** A portfolio of the configuration. */
export type ParsedPortfolio = ParsedConfiguration['portfolios'][number]
