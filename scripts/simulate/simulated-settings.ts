import type { PortfolioSettings } from '../../core/settings.js'
import { loadConfiguration } from '../../server/config/configuration.js'
import { settingsOf } from '../../server/config/settings.js'

/** Returns the settings that the simulation trades with: those of the portfolio that the product starts with. */
export async function simulatedSettings(): Promise<PortfolioSettings> {
  // Nobody sends alerts from outside, so any token will do
  const { portfolios } = await loadConfiguration(null, () => 'opens-nothing')
  return settingsOf(portfolios[0]!)
}
