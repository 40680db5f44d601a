import type { SyntheticSettings } from '../../core/instrument/synthetic.js'
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

const LEGS: SyntheticSettings = { strikeStep: 500, legPolicy: 'complete', legAttempts: 2 }

/**
 * Returns the settings that the simulation trades with: those of the portfolio that the product starts with, limit orders
 * that are chased, and Bank Nifty in two legs.
 */
export async function simulatedSettings(): Promise<PortfolioSettings> {
  // Nobody sends alerts from outside, so any token will do
  const { portfolios } = await loadConfiguration(null, () => 'opens-nothing')
  const settings = settingsOf(portfolios[0]!)
  const instruments = settings.instruments.map((one) =>
    one.name === 'BANK_NIFTY' ? { ...one, synthetic: LEGS } : one,
  )
  return { ...settings, instruments, execution: EXECUTION, protectiveStop: { limitPct: 1 } }
}
