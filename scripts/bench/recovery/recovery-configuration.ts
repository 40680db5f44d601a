import type { PortfolioSettings } from '../../../core/settings.js'
import { readConfiguration } from '../../../server/config/configuration.js'
import { INSTRUMENT_CATALOG } from '../../../server/config/instrument-catalog.js'
import { settingsOf } from '../../../server/config/settings.js'

const UNITS_AN_INSTRUMENT = 100

/** A configuration file, and the settings that are in it. */
export interface BenchConfiguration {
  readonly text: string
  readonly settings: PortfolioSettings
}

/** Returns a configuration of one paper portfolio, with an instrument for each hundred of `units`, four at least. */
export function recoveryConfiguration(portfolio: string, units: number): BenchConfiguration {
  const count = Math.max(4, Math.ceil(units / UNITS_AN_INSTRUMENT))
  const gold = INSTRUMENT_CATALOG.GOLD_MINI!
  const instruments = Array.from({ length: count }, (_, index) => ({ name: `GOLD_${index}`, ...gold }))
  const text = JSON.stringify({ portfolios: [{ id: portfolio, instruments }] })
  const reading = readConfiguration(Buffer.from(text), () => 'unused')
  if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.problems))
  return { text, settings: settingsOf(reading.configuration.portfolios[0]!) }
}
