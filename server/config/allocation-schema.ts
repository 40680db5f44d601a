import { z } from 'zod'
import type { AllocationSettings } from '../../core/strategies/allocation/allocation-settings.js'
import { WEIGHT_MODES } from '../../core/strategies/allocation/weights.js'
import { metricsUrl, money, percent, secretReference } from './values.js'

const pct = z.number().min(0).max(100)

const measureSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('amount'),
      amount: money.describe('In the currency of the portfolio'),
    }),
    z.strictObject({ kind: z.literal('percentOfTarget'), pct: percent.describe('Of the target value') }),
    z.strictObject({ kind: z.literal('points'), points: percent.describe('Of the equity') }),
  ])
  .describe('How far a position may be from its target')

const scheduleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('interval'),
      seconds: z.number().min(30).max(31_536_000).describe('Between two runs, at least 30'),
    }),
    z.strictObject({
      kind: z.literal('calendar'),
      period: z.enum(['daily', 'weekly', 'monthly']),
      zone: z
        .enum(['UTC', 'Asia/Kolkata', 'Europe/Moscow', 'America/New_York'])
        .default('UTC')
        .describe('Days, weeks from Monday and months are those of this zone'),
    }),
  ])
  .describe('When the clock asks for a run')

const ruleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('schedule'), schedule: scheduleSchema }),
    z.strictObject({ kind: z.literal('drift'), measure: measureSchema }),
    z.strictObject({ kind: z.literal('either'), schedule: scheduleSchema, measure: measureSchema }),
    z.strictObject({ kind: z.literal('both'), schedule: scheduleSchema, measure: measureSchema }),
  ])
  .describe('When a run is due: by the clock, by drift, by either, or by drift when the clock asks')

const styleSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('market'),
        minimumOneLot: z
          .boolean()
          .default(false)
          .describe('Whether every weight above 0 holds one lot at least'),
      })
      .describe('The full difference, at the market'),
    z
      .strictObject({
        kind: z.literal('limit'),
        stepPct: z.number().min(0.01).max(5).default(0.4).describe('How far from the market a limit rests'),
        clipPct: z.number().min(0.1).max(100).default(10).describe('Size of one order, of the equity'),
        clip: z
          .enum(['capped', 'fixed'])
          .default('capped')
          .describe('Whether an order is at most the difference, or always as large as the clip'),
        switchBufferPct: z
          .number()
          .min(0)
          .max(5)
          .default(0.15)
          .describe('How far beyond a resting order the price must be before it gives way to the other side'),
        repriceBufferPct: z
          .number()
          .gt(0)
          .max(100)
          .nullable()
          .default(null)
          .describe('How far from it the wanted price may be before it is priced anew; null: any'),
        maxAgeSeconds: z
          .number()
          .min(30)
          .max(31_536_000)
          .nullable()
          .default(null)
          .describe('How long it may rest; null: for ever'),
      })
      .describe('A clip of the difference, resting below or above the market'),
  ])
  .describe('How a difference becomes an order')

const targetsSchema = z
  .record(z.string().min(1).max(32), pct)
  .refine((targets) => Object.keys(targets).length > 0, 'must name at least one asset')
  .describe(
    'Percent by asset, cash under the name of the currency; in other modes than manual the members alone',
  )

const marginSchema = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether money is borrowed'),
    multiplier: z.number().min(1).max(4).default(4).describe('Times the own money that positions may be'),
    freeThreshold: money.default('5000').describe('A position up to this is carried over night for nothing'),
    maxMarginSize: money.default('5000').describe('Most that is borrowed in all'),
    strategy: z
      .enum(['remove', 'keep', 'keep_if_small'])
      .default('keep_if_small')
      .describe('What becomes of it before the close'),
  })
  .superRefine(({ enabled, freeThreshold, maxMarginSize }, context) => {
    if (!enabled) return
    const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['maxMarginSize'], message })
    if (!(Number(maxMarginSize) > 0)) refuse('must be above 0 where margin is enabled')
    else if (Number(maxMarginSize) < Number(freeThreshold))
      refuse(`must be at least freeThreshold, which is ${freeThreshold}, was ${maxMarginSize}`)
  })
  .describe('How the portfolio borrows')

const metricsSourceSchema = z
  .strictObject({
    url: metricsUrl.describe(
      'What answers with the JSON of POST /v1/imports/metrics, or its rows alone; https, or http on this machine',
    ),
    everyMinutes: z.number().min(1).max(10_080).default(60).describe('Between two questions'),
    token: secretReference
      .optional()
      .describe(
        'Sent as Authorization: Bearer, by the name of the variable that holds it; none when left out',
      ),
  })
  .describe('Where fund metrics are read; left out: they are imported')

/** The allocation strategy: assets are kept at target weights. */
export const allocationStrategySchema = z
  .strictObject({
    kind: z.literal('allocation'),
    weights: z
      .strictObject({
        mode: z.enum(WEIGHT_MODES).default('manual').describe('Where the weights come from'),
        targets: targetsSchema,
        metricsMaxAgeHours: z
          .number()
          .gt(0)
          .max(8760)
          .default(48)
          .describe('Fund metrics older than this are not used'),
        maxDisagreementPct: percent.default(5).describe('By how much two sources of a metric may differ'),
        source: metricsSourceSchema.optional(),
      })
      .superRefine(({ source, metricsMaxAgeHours }, context) => {
        if (source === undefined || source.everyMinutes <= metricsMaxAgeHours * 60) return
        const message = `must be at most ${metricsMaxAgeHours * 60}: metrics older than metricsMaxAgeHours are not used`
        context.addIssue({ code: 'custom', path: ['source', 'everyMinutes'], message })
      })
      .describe('What the portfolio is to hold'),
    cash: z
      .enum(['target', 'included', 'excluded'])
      .describe('Cash has a weight of its own, is counted and spent, or is not the strategy’s'),
    rest: z
      .enum(['sell', 'keep'])
      .describe('Holdings without a weight are sold, or left alone and not counted'),
    automatic: z.boolean().default(false).describe('Whether runs begin by themselves'),
    rule: ruleSchema.prefault({ kind: 'schedule', schedule: { kind: 'interval', seconds: 3600 } }),
    band: measureSchema
      .nullable()
      .default(null)
      .describe('A position that has drifted less is left alone; null: none is'),
    style: styleSchema.prefault({ kind: 'market' }),
    maxOrders: z.int().min(1).max(10_000).nullable().default(null).describe('Most orders of one run'),
    pauseMs: z.int().min(0).max(3_600_000).default(0).describe('Between two orders of a run'),
    funding: z
      .strictObject({
        mode: z
          .enum(['proportional', 'priority'])
          .default('proportional')
          .describe('Buys share what there is in proportion, or the largest difference goes first'),
        feePct: z.number().min(0).max(10).default(0).describe('Fee of every order, kept back from buys'),
      })
      .prefault({})
      .describe('What buys are paid from'),
    prices: z
      .strictObject({
        source: z
          .enum(['mid', 'last'])
          .default('mid')
          .describe('The middle of bid and ask, or the last trade'),
        maxAgeSeconds: z.number().gt(0).max(604_800).default(60).describe('An older price stops the run'),
        outlierPct: percent
          .default(10)
          .describe('Farthest from the last price before a second one must agree'),
      })
      .prefault({})
      .describe('Which price counts'),
    maxDriftBps: z
      .number()
      .gt(0)
      .max(10_000)
      .default(20)
      .describe('A market order whose price moved by more basis points before it is sent is decided again'),
    closedMarket: z
      .strictObject({
        mode: z
          .enum(['skip_iteration', 'dry_run', 'force_orders'])
          .default('skip_iteration')
          .describe('Whether a run waits for the open, is only planned, or orders all the same'),
        updatesResult: z.boolean().default(false).describe('Whether such a run is kept as the last one'),
      })
      .prefault({})
      .describe('What a run does while an exchange is closed'),
    margin: marginSchema.prefault({}),
  })
  .describe('Keeping assets at target weights')

/** The strategy with every default filled in. */
export type AllocationStrategy = z.output<typeof allocationStrategySchema>

/** Returns the settings of the strategy as they are recorded. */
export function allocationSettings({
  kind: _kind,
  weights,
  ...others
}: AllocationStrategy): AllocationSettings {
  // Where metrics are read changes no decision
  const { source: _source, ...rules } = weights
  const targets = Object.entries(weights.targets).map(([symbol, weight]) => ({ symbol, pct: weight }))
  return { ...others, weights: { ...rules, targets } }
}
