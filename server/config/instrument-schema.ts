import { z } from 'zod'
import { localOffsetMinutes, ZONES, type Zone } from '../../core/calendar/zone.js'
import type { ContractFacts, Instrument } from '../../core/instrument/instrument.js'
import { DEFAULT_SIGNALS } from '../../core/instrument/signal-parameters.js'
import { STRIKE_STEP } from '../../core/instrument/strike.js'
import type { SyntheticSettings } from '../../core/instrument/synthetic.js'
import { parseInstant } from '../../core/time.js'
import { didYouMean } from './did-you-mean.js'
import { type CatalogInstrument, type DatedFacts, INSTRUMENT_CATALOG } from './instrument-catalog.js'
import { signalsSchema } from './signals-schema.js'
import { amount, currency, instrumentName, multiple, percent } from './values.js'

const knownNames = Object.keys(INSTRUMENT_CATALOG).join(', ')

const factsSchema = z
  .strictObject({
    from: z.iso.date().describe('First day, in the zone of the exchange, on which these facts hold'),
    lotSize: amount.describe('Units in one lot'),
    pointValue: amount.describe('Money per point of the price and lot'),
    marginPerLot: amount.describe('Money that the exchange blocks for one lot'),
    tick: amount.describe('Smallest step of the price, in points'),
  })
  .describe('Facts of the contract from a day on')

const trendSchema = z
  .strictObject({
    initialRiskPct: percent.describe('Risk of a base entry, in percent of equity'),
    ongoingRiskPct: percent.describe('Risk of an open unit beyond which lots are peeled off'),
    initialVolatilityPct: percent.describe('ATR × lots × point value of a base entry, in percent of equity'),
    ongoingVolatilityPct: percent.describe('The same of an open unit, beyond which lots are peeled off'),
    initialAtrMultiple: multiple.describe('Distance of the first stop, in ATRs'),
    trailingAtrMultiple: multiple.describe('Distance of the stop behind the highest close, in ATRs'),
    maxPyramids: z.int().min(0).max(100).describe('Most units that are added to the first'),
    pyramidSpacingAtr: z
      .number()
      .min(0)
      .max(100)
      .describe('Least distance from the last fill to a pyramid, in ATRs'),
  })
  .partial()
  .describe('Numbers of the trend strategy; what is left out is taken from the catalog')

const syntheticSchema = z
  .strictObject({
    strikeStep: z
      .number()
      .min(1)
      .max(100_000)
      .default(STRIKE_STEP)
      .describe('The strike is the nearest multiple of so many points'),
    legPolicy: z
      .enum(['complete', 'unwind'])
      .default('complete')
      .describe('When the put of an entry cannot be sold: try it again, or sell the call at once'),
    legAttempts: z
      .int()
      .min(1)
      .max(20)
      .default(3)
      .describe('Most orders for the put, before the call is sold'),
  })
  .describe(
    'Trades it as a synthetic future: a call that is bought and a put that is sold. Left out: as one contract',
  )

const instrumentInput = z.strictObject({
  name: instrumentName.describe(`As alerts spell it. ${knownNames} need nothing else`),
  exchange: z.string().min(1).max(32).optional().describe('Where it trades, such as MCX'),
  zone: z.enum(ZONES).optional().describe('Zone of the exchange: times without an offset are read there'),
  currency: currency.optional().describe('Currency of its prices: that of the portfolio'),
  barMinutes: z.int().min(1).max(1440).optional().describe('Length of the bar that alerts speak of'),
  facts: z.array(factsSchema).min(1).optional().describe('Facts of the contract, the oldest first'),
  trend: trendSchema.optional(),
  signals: signalsSchema.optional(),
  synthetic: syntheticSchema.optional(),
})

type InstrumentInput = z.output<typeof instrumentInput>
type Described = Partial<CatalogInstrument> & { readonly synthetic?: SyntheticSettings }

/** An instrument of a portfolio: a name of the catalog, with what differs from it, or a full description. */
export const instrumentSchema = instrumentInput.transform((input, context): Instrument => {
  const { name, ...own } = input
  const catalog = INSTRUMENT_CATALOG[name]
  const trend = { ...catalog?.trend, ...withoutAbsent(own.trend ?? {}) }
  const signals = { ...(catalog?.signals ?? DEFAULT_SIGNALS), ...withoutAbsent(own.signals ?? {}) }
  const described = { ...catalog, ...withoutAbsent({ ...own, trend, signals }) } as Described
  const isBareName = catalog === undefined && Object.keys(withoutAbsent(own)).length === 0
  const flaws = isBareName
    ? [unknownName(name)]
    : [...flawsOf(described), ...flawsOfSynthetic(name, described)]
  for (const { path, message } of flaws) context.issues.push({ code: 'custom', input, path, message })
  return flaws.length > 0 ? z.NEVER : toInstrument(name, described as CatalogInstrument & Described)
})

interface Flaw {
  readonly path: (string | number)[]
  readonly message: string
}

function unknownName(name: string): Flaw {
  const hint = didYouMean(name, Object.keys(INSTRUMENT_CATALOG))
  return {
    path: ['name'],
    message: `must be one of ${knownNames}, or be described in full, was "${name}"${hint}`,
  }
}

function flawsOf(described: Described): Flaw[] {
  return [...missingParts(described), ...orderOfFacts(described.facts ?? []), ...orderOfLimits(described)]
}

/** The exchange lists options on it, and their expiries are known. */
const SYNTHETICS: readonly string[] = ['BANK_NIFTY']

function flawsOfSynthetic(name: string, { synthetic }: Described): Flaw[] {
  if (synthetic === undefined || SYNTHETICS.includes(name)) return []
  const message = `is known of ${SYNTHETICS.join(', ')} only: leave it out`
  return [{ path: ['synthetic'], message }]
}

const PARTS = ['exchange', 'zone', 'currency', 'barMinutes', 'facts'] as const
const TREND_PARTS = Object.keys(trendSchema.shape) as (keyof z.output<typeof trendSchema>)[]

function missingParts(described: Described): Flaw[] {
  const message = `is required: only ${knownNames} are known without it`
  const parts = PARTS.filter((part) => described[part] === undefined).map((part) => [part])
  const trend = TREND_PARTS.filter((part) => described.trend?.[part] === undefined).map((part) => [
    'trend',
    part,
  ])
  return [...parts, ...trend].map((path) => ({ path, message }))
}

function orderOfFacts(facts: readonly DatedFacts[]): Flaw[] {
  return facts.flatMap(({ from }, index) => {
    const before = facts[index - 1]?.from
    if (before === undefined || before < from) return []
    return [
      {
        path: ['facts', index, 'from'],
        message: `must be after ${before}: facts stand in the order of their dates`,
      },
    ]
  })
}

/** A unit that breaks its ongoing limit the moment it is opened would be peeled at once. */
function orderOfLimits({ trend }: Described): Flaw[] {
  if (trend === undefined) return []
  const flaws: Flaw[] = []
  const compare = (
    initial: 'initialRiskPct' | 'initialVolatilityPct',
    ongoing: 'ongoingRiskPct' | 'ongoingVolatilityPct',
  ) => {
    if (!(trend[ongoing] < trend[initial])) return
    flaws.push({
      path: ['trend', ongoing],
      message: `must be at least ${initial}, which is ${trend[initial]}, was ${trend[ongoing]}`,
    })
  }
  compare('initialRiskPct', 'ongoingRiskPct')
  compare('initialVolatilityPct', 'ongoingVolatilityPct')
  return flaws
}

function toInstrument(name: string, described: CatalogInstrument & Described): Instrument {
  const { exchange, zone, currency: quote, barMinutes, trend, signals, synthetic } = described
  const facts = described.facts.map((dated) => datedFacts(dated, zone))
  const instrument = { name, exchange, zone, currency: quote, barMinutes, facts, trend, signals }
  return synthetic === undefined ? instrument : { ...instrument, synthetic }
}

function datedFacts(
  { from, lotSize, pointValue, marginPerLot, tick }: DatedFacts,
  zone: Zone,
): ContractFacts {
  const fromInstant = parseInstant(from, (local) => localOffsetMinutes(zone, local))!
  return { from, fromInstant, lotSize, pointValue, marginPerLot, tick }
}

function withoutAbsent(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined))
}

/** The instruments of the default portfolio. */
export const defaultInstruments: readonly InstrumentInput[] = Object.keys(INSTRUMENT_CATALOG).map((name) => ({
  name,
}))
