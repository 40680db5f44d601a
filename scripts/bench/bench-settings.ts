import type { Instrument } from '../../core/instrument/instrument.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { loadConfiguration } from '../../server/config/configuration.js'
import { settingsOf } from '../../server/config/settings.js'

/** Returns the settings of the default paper portfolio under another id. */
export async function defaultSettings(portfolio: string): Promise<PortfolioSettings> {
  const configuration = await loadConfiguration(null, () => 'unused')
  return { ...settingsOf(configuration.portfolios[0]!), portfolio }
}

/**
 * Returns settings of a portfolio of `count` instruments, each like Gold Mini. Their units are small enough for all of
 * them to be held at once.
 */
export async function manyInstruments(portfolio: string, count: number): Promise<PortfolioSettings> {
  const settings = await defaultSettings(portfolio)
  const gold = settings.instruments.find(({ name }) => name === 'GOLD_MINI')!
  const trend = { ...gold.trend, initialRiskPct: 0.01, ongoingRiskPct: 1, initialVolatilityPct: 0.002 }
  const instruments = Array.from(
    { length: count },
    (_, index): Instrument => ({ ...gold, name: `GOLD_${index}`, trend }),
  )
  const controls = { ...settings.controls, maxOrdersPerDay: 1_000_000 }
  return { ...settings, controls, instruments }
}
