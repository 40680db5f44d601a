import { decimal } from '../../../core/decimal.js'
import { step } from '../../../core/kernel.js'
import { emptyPortfolio, type Portfolio } from '../../../core/portfolio/portfolio.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { readConfiguration } from '../../../server/config/configuration.js'
import { settingsOf } from '../../../server/config/settings.js'

/** How a generated portfolio is made. */
export interface GeneratedPortfolio {
  readonly id: string
  readonly assets: number
  readonly now: number
}

const DEPOSIT = 10_000_000

/** Returns a portfolio that holds all but a few of its assets, has a price of each, and is off its targets. */
export function generatePortfolio({ id, assets: count, now }: GeneratedPortfolio): Portfolio {
  const portfolio = emptyPortfolio(id)
  const settings = generatedSettings(id, count)
  step(portfolio, { type: 'ConfigurationActivated', id: 'C-1', at: now, hash: 'h', settings })
  const deposit = { kind: 'cash', movement: 'deposit', amount: decimal(DEPOSIT), note: null } as const
  step(portfolio, { type: 'OperatorCommanded', id: 'C-2', at: now, command: deposit })
  const names = (settings.assets ?? []).map(({ name }) => name)
  const prices = names.map((instrument, index) => ({ instrument, price: 10 + (index % 97), observedAt: now }))
  step(portfolio, { type: 'PricesObserved', id: 'C-3', at: now, prices })
  for (const [index, name] of names.entries()) {
    if (index % 10 === 9) continue
    const quantity = decimal(Math.floor(DEPOSIT / count / (12 + (index % 97))))
    const cost = quantity.times(decimal(10 + (index % 97)))
    portfolio.books.get(name)!.holding = {
      quantity,
      cost,
      realizedPnl: decimal(0),
      fees: decimal(0),
      exit: null,
    }
  }
  return portfolio
}

/** A file says it once for all: what is measured is planned by settings that a file can give. */
function generatedSettings(id: string, count: number): PortfolioSettings {
  const names = Array.from({ length: count }, (_, index) => `A${index}`)
  const weight = Math.floor((100 / count) * 1e8) / 1e8
  const targets = Object.fromEntries(names.map((name) => [name, weight]))
  const strategy = {
    ...{ kind: 'allocation', cash: 'included', rest: 'sell', automatic: true, weights: { targets } },
    rule: { kind: 'drift', measure: { kind: 'points', points: 5 } },
    prices: { maxAgeSeconds: 604_800 },
    funding: { feePct: 0.05 },
  }
  const assets = names.map((name) => ({ name, exchange: 'always', quantityStep: 0.01 }))
  const file = { portfolios: [{ id, assets, strategy }] }
  const reading = readConfiguration(Buffer.from(JSON.stringify(file)), () => 'token-of-a-benchmark')
  if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.problems))
  return settingsOf(reading.configuration.portfolios[0]!)
}

/** Returns as many portfolios of the same settings: each has a state of its own. */
export function generatePortfolios(count: number, assets: number, now: number): Portfolio[] {
  return Array.from({ length: count }, (_, index) => generatePortfolio({ id: `p${index}`, assets, now }))
}
