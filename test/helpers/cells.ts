import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { Asset } from '../../core/instrument/instrument.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type {
  CellConfiguration,
  VolatilitySettings,
} from '../../core/strategies/volatility/volatility-settings.js'
import { Desk } from './desk.js'
import { settings } from './settings.js'

/** Returns a share of a company in New York, of which any fraction to a thousandth is traded. */
export function share(name: string, changes: Partial<Asset> = {}): Asset {
  const facts = { from: '2000-01-01', fromInstant: 0, lotSize: 1, pointValue: 1, marginPerLot: 0, tick: 0.01 }
  return {
    ...{ name, exchange: 'NYSE', zone: 'America/New_York', currency: 'USD', facts: [facts] },
    ...{ quantityStep: 0.001, minQuantity: 0, minNotional: 0 },
    ...changes,
  }
}

/** What is changed of a cell in a test, part by part. */
export interface CellChanges extends Partial<Omit<CellConfiguration, 'guardrails' | 'orders'>> {
  readonly guardrails?: Partial<CellConfiguration['guardrails']>
  readonly orders?: Partial<CellConfiguration['orders']>
}

/** Returns a cell of 10,000 in cash with the strategy's defaults and no commission. */
export function cell(asset: string, changes: CellChanges = {}): CellConfiguration {
  const { guardrails, orders, ...others } = changes
  return {
    ...{ asset, cash: '10000', initialStock: null, triggers: { upPct: 3, downPct: 3 } },
    guardrails: {
      ...{ minStock: 0.25, maxStock: 0.75, maxTrade: null, maxDailyNotional: null, maxOrdersPerDay: 5 },
      ...guardrails,
    },
    orders: {
      ...{ minShares: '0', minNotional: '100', lot: '0', qtyStep: '0', belowMinimum: 'hold' as const },
      ...{ sizing: 'proportional' as const, rebalanceRatio: 1.6667 },
      ...orders,
    },
    ...{ commissionRate: 0, returnsToBand: false, afterHours: false },
    ...others,
  }
}

/** Returns the settings of a portfolio of cells of these shares. */
export function cellSettings(
  cells: readonly CellConfiguration[],
  changes: Partial<PortfolioSettings> & { readonly trading?: Partial<VolatilitySettings> } = {},
): PortfolioSettings {
  const { trading, ...others } = changes
  return settings({
    currency: 'USD',
    instruments: [],
    assets: cells.map(({ asset }) => share(asset)),
    volatility: {
      cells,
      commission: { tenant: null, global: null },
      priceMaxAgeSeconds: 60,
      maxDriftBps: 20,
      evaluateEverySeconds: null,
      ...trading,
    },
    ...others,
  })
}

/** A portfolio of cells at a desk of its own. */
export class CellDesk extends Desk {
  /** Observes a price at the present moment, as a source tells it. */
  price(instrument: string, price: number, observedAt = this.now): readonly PortfolioEvent[] {
    return this.give({ type: 'PricesObserved', prices: [{ instrument, price, observedAt }] })
  }

  /** Has a cell evaluated at a price by a person. */
  evaluate(instrument: string, price: number, observedAt = this.now): readonly PortfolioEvent[] {
    return this.command({
      kind: 'evaluate',
      instruments: [instrument],
      prices: [{ instrument, price, observedAt }],
    })
  }

  /** Sends what waits and fills it whole at its reference price, with `fee` of its value. */
  settle(fee = 0): readonly PortfolioEvent[] {
    const events: PortfolioEvent[] = []
    for (const id of this.send()) events.push(...this.fillWhole(id, fee))
    return events
  }

  /** Fills what is left of an order at its reference price, or at `price`. */
  fillWhole(orderId: string, fee = 0, price?: number): readonly PortfolioEvent[] {
    const order = this.portfolio.orders.get(orderId)!
    const lots = order.lots.minus(order.filledLots)
    const at = decimal(price ?? order.referencePrice)
    return this.report({
      ...{ kind: 'fill', orderId, tradeId: `t-${orderId}-${order.tradeIds.length + 1}`, lots, price: at },
      ...{ fee: lots.times(at).times(decimal(fee)), at: this.now },
    })
  }
}
