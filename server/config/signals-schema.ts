import { z } from 'zod'
import type { SignalParameters } from '../../core/instrument/signal-parameters.js'
import { multiple, percent, share } from './values.js'

/** More bars than an indicator is ever measured over; a longer period is a slip of the keys. */
const bars = z.int().min(1).max(5000)

/** The numbers of an instrument’s signals in a configuration; what is left out is taken from the catalog. */
export const signalsSchema = z
  .strictObject({
    rsiPeriod: bars.describe('Bars of the RSI'),
    rsiAbove: z.number().min(0).lt(100).describe('RSI above which an entry may be'),
    emaPeriod: bars.describe('Bars of the exponential average that the close must be above'),
    donchianPeriod: bars.describe('Bars before, above whose highest high the close must be'),
    adxPeriod: bars.describe('Bars of the ADX, and of its smoothing'),
    adxBelow: percent.describe('ADX below which an entry may be'),
    efficiencyPeriod: z.int().min(1).max(100).describe('Bars of the efficiency ratio'),
    efficiencyAbove: z.number().min(0).lt(1).describe('Efficiency ratio above which an entry may be'),
    superTrendPeriod: bars.describe('Bars of the ATR of the SuperTrend'),
    superTrendFactor: multiple.describe('ATRs between the middle of a bar and its SuperTrend bands'),
    atrPeriod: bars.describe('Bars of the ATR of stops and sizes'),
    rocPeriod: bars.describe('Bars of the rate of change, which decides nothing'),
    dojiBodyShare: share.describe('Share of its range up to which the body of a bar makes it a doji'),
  } satisfies Record<keyof SignalParameters, z.ZodType>)
  .partial()
  .describe(
    'Conditions of the trend strategy, where the general measures bars itself; the rest is the catalog’s',
  )
