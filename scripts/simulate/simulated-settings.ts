import type { ExecutionSettings, PortfolioSettings } from '../../core/settings.js'
import { loadConfiguration } from '../../server/config/configuration.js'
import { settingsOf } from '../../server/config/settings.js'

/** Orders that rest are chased, in steps short enough for several of them between two faults. */
const EXECUTION: ExecutionSettings = {
  stepSeconds: 3,
  stepPct: 0.05,
  maxSlippagePct: 0.15,
  marketableBufferPct: 0.25,
  partialFill: 'chase',
}

/**
 * Returns the settings that the simulation trades with: those of the portfolio that the product starts with, and limit
 * orders that are chased.
 */
export async function simulatedSettings(): Promise<PortfolioSettings> {
  // Nobody sends alerts from outside, so any token will do
  const { portfolios } = await loadConfiguration(null, () => 'opens-nothing')
  return { ...settingsOf(portfolios[0]!), execution: EXECUTION }
}
