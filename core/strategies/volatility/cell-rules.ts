import { type Decimal, decimal, ZERO } from '../../decimal.js'
import type { Asset } from '../../instrument/instrument.js'
import type { Book } from '../../portfolio/book.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import type { PortfolioSettings } from '../../settings.js'
import type { Cell } from './cell.js'
import { commissionRate } from './commission.js'
import type { CellSettings } from './settings.js'
import type { CellConfiguration, VolatilitySettings } from './volatility-settings.js'

/** How one cell is traded, in exact numbers, with the asset that it holds. */
export interface CellRules {
  readonly asset: Asset
  readonly configuration: CellConfiguration
  readonly settings: CellSettings
  /** Whose commission rate it is. */
  readonly commissionScope: string
  readonly initialStock: Decimal | null
}

/** Memory of pure results: settings do not change, and it goes when they go. */
const known = new WeakMap<PortfolioSettings, ReadonlyMap<string, CellRules>>()

/** Returns the rules of every cell that the portfolio is configured to trade, by asset. */
export function rulesOfCells({ settings }: Pick<Portfolio, 'settings'>): ReadonlyMap<string, CellRules> {
  if (settings?.volatility === undefined) return NO_RULES
  const found = known.get(settings)
  if (found !== undefined) return found
  const rules = workOutRules(settings.assets ?? [], settings.volatility)
  known.set(settings, rules)
  return rules
}

const NO_RULES: ReadonlyMap<string, CellRules> = new Map()

/** Returns the book's cell as the arithmetic of the strategy sees it; null where it is none. */
export function cellOf({ cell, holding }: Book): Cell | null {
  if (cell === null) return null
  const { cash, receivable, anchor } = cell
  return { shares: holding?.quantity ?? ZERO, cash, receivable, anchor }
}

function workOutRules(assets: readonly Asset[], volatility: VolatilitySettings): Map<string, CellRules> {
  const byName = new Map(assets.map((asset) => [asset.name, asset]))
  const rules = new Map<string, CellRules>()
  for (const configuration of volatility.cells) {
    const asset = byName.get(configuration.asset)
    if (asset !== undefined) rules.set(asset.name, rulesOf(asset, configuration, volatility))
  }
  return rules
}

function rulesOf(asset: Asset, configuration: CellConfiguration, volatility: VolatilitySettings): CellRules {
  const { triggers, guardrails, orders, returnsToBand, initialStock } = configuration
  const { rate, scope } = commissionRate({
    tenantAsset: decimalOrNull(configuration.commissionRate),
    tenant: decimalOrNull(volatility.commission.tenant),
    global: decimalOrNull(volatility.commission.global),
  })
  const settings: CellSettings = {
    triggers: { upPct: decimal(triggers.upPct), downPct: decimal(triggers.downPct) },
    guardrails: {
      minStock: decimal(guardrails.minStock),
      maxStock: decimal(guardrails.maxStock),
      maxTrade: decimalOrNull(guardrails.maxTrade),
      maxDailyNotional: decimalOrNull(guardrails.maxDailyNotional),
      maxOrdersPerDay: guardrails.maxOrdersPerDay,
    },
    orders: {
      minShares: greater(decimal(orders.minShares), decimal(asset.minQuantity)),
      minNotional: greater(decimal(orders.minNotional), decimal(asset.minNotional)),
      lot: decimal(orders.lot),
      // What the asset trades in is a step that no policy makes finer.
      qtyStep: greater(decimal(orders.qtyStep), decimal(asset.quantityStep)),
      belowMinimum: orders.belowMinimum,
      sizing: orders.sizing,
      rebalanceRatio: decimal(orders.rebalanceRatio),
    },
    commissionRate: rate,
    returnsToBand,
  }
  return {
    asset,
    configuration,
    settings,
    commissionScope: scope,
    initialStock: decimalOrNull(initialStock),
  }
}

function decimalOrNull(value: number | string | null): Decimal | null {
  return value === null ? null : decimal(value)
}

function greater(left: Decimal, right: Decimal): Decimal {
  return left.isLessThan(right) ? right : left
}
