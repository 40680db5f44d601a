import type { PortfolioSettings } from '../../../core/settings.js'
import { readConfiguration } from '../../../server/config/configuration.js'
import { settingsOf } from '../../../server/config/settings.js'

/** Returns the name of the nth cell. */
export function cellName(index: number): string {
  return `S${index}`
}

/** Returns the settings of a portfolio of so many cells, each with 10,000 of which half are to be stock. */
export function manyCells(id: string, count: number): PortfolioSettings {
  const names = Array.from({ length: count }, (_, index) => cellName(index))
  const guardrails = { maxOrdersPerDay: null }
  const cells = names.map((asset) => ({ asset, cash: 10_000, initialStock: 0.5, guardrails }))
  const portfolio = {
    ...{ id, currency: 'USD', initialDeposit: 10_000 * count },
    assets: names.map((name) => ({ name, exchange: 'NYSE', quantityStep: 0.001 })),
    strategy: { kind: 'volatility', cells, priceMaxAgeSeconds: 3600 },
  }
  const reading = readConfiguration(Buffer.from(JSON.stringify({ portfolios: [portfolio] })), () => 'unused')
  if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.problems.slice(0, 3)))
  return settingsOf(reading.configuration.portfolios[0]!)
}
