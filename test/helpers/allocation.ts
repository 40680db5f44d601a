import { decimal } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { Asset } from '../../core/instrument/instrument.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { AllocationSettings } from '../../core/strategies/allocation/allocation-settings.js'
import { Desk } from './desk.js'
import { settings } from './settings.js'

/** Returns an asset in whole lots of one, unless told otherwise. */
export function asset(name: string, changes: Partial<Asset> = {}): Asset {
  const facts = { from: '2020-01-01', fromInstant: 0, lotSize: 1, pointValue: 1, marginPerLot: 0, tick: 0.01 }
  return {
    ...{ name, exchange: 'MOEX', zone: 'Europe/Moscow', currency: 'RUB', facts: [facts] },
    ...{ quantityStep: 1, minQuantity: 0, minNotional: 0 },
    ...changes,
  }
}

/** Returns settings of the strategy: half and half in A and B, all cash spent, market orders, runs by hand. */
export function allocation(changes: Partial<AllocationSettings> = {}): AllocationSettings {
  return {
    weights: {
      mode: 'manual',
      targets: [
        { symbol: 'A', pct: 50 },
        { symbol: 'B', pct: 50 },
      ],
      metricsMaxAgeHours: 48,
      maxDisagreementPct: 5,
    },
    cash: 'included',
    rest: 'sell',
    automatic: false,
    rule: { kind: 'schedule', schedule: { kind: 'interval', seconds: 3600 } },
    band: null,
    style: { kind: 'market', minimumOneLot: false },
    maxOrders: null,
    pauseMs: 0,
    funding: { mode: 'proportional', feePct: 0 },
    prices: { source: 'mid', maxAgeSeconds: 300, outlierPct: 10 },
    maxDriftBps: 20,
    closedMarket: { mode: 'skip_iteration', updatesResult: false },
    margin: {
      enabled: false,
      multiplier: 4,
      freeThreshold: '5000',
      maxMarginSize: '5000',
      strategy: 'keep_if_small',
    },
    ...changes,
  }
}

/** Returns weights of a mode. */
export function weights(
  mode: AllocationSettings['weights']['mode'],
  targets: Readonly<Record<string, number>>,
): AllocationSettings['weights'] {
  const list = Object.entries(targets).map(([symbol, pct]) => ({ symbol, pct }))
  return { mode, targets: list, metricsMaxAgeHours: 48, maxDisagreementPct: 5 }
}

/** A portfolio that is kept at target weights, at a desk of its own; assets A, B and C, prices 100, 50 and 10. */
export class AllocationDesk extends Desk {
  constructor(
    changes: Partial<AllocationSettings> = {},
    others: Partial<PortfolioSettings> = {},
    deposit = 10_000,
    now?: number,
  ) {
    const assets = ['A', 'B', 'C'].map((name) => asset(name))
    const using = { currency: 'RUB', assets, instruments: [], allocation: allocation(changes), ...others }
    super(settings(using), deposit, now)
    this.prices({ A: 100, B: 50, C: 10 })
  }

  /** Lets a source tell prices. */
  prices(prices: Readonly<Record<string, number>>): readonly PortfolioEvent[] {
    const told = Object.entries(prices).map(([instrument, price]) => ({
      ...{ instrument, price, observedAt: this.now },
    }))
    return this.give({ type: 'PricesObserved', prices: told })
  }

  /** Executes a run by hand. */
  run(
    changes: Partial<{
      isDryRun: boolean
      targetWeights: Readonly<Record<string, number>>
      threshold: number
      maxOrders: number
    }> = {},
  ): readonly PortfolioEvent[] {
    const { isDryRun = false, targetWeights, threshold, maxOrders } = changes
    const given = targetWeights === undefined ? null : Object.entries(targetWeights)
    return this.command({
      ...{ kind: 'rebalance', isDryRun, quotes: {}, maxOrders: maxOrders ?? null },
      targetWeights: given?.map(([symbol, pct]) => ({ symbol, pct })) ?? null,
      threshold: threshold === undefined ? null : decimal(threshold),
    })
  }

  /** Lets the schedule ask for a run. */
  due(): readonly PortfolioEvent[] {
    return this.give({ type: 'AllocationDue', quotes: {} })
  }

  /** Takes cash out of the portfolio. */
  withdraw(amount: number): this {
    this.command({ kind: 'cash', movement: 'withdrawal', amount: decimal(amount), note: null })
    return this
  }

  /** What is held, by asset. */
  held(): Record<string, string> {
    const held: Record<string, string> = {}
    for (const { instrument, holding } of this.portfolio.books.values())
      if (holding?.quantity.isPositive()) held[instrument] = `${holding.quantity}`
    return held
  }

  /** The run that ended last. Throws when none has. */
  last() {
    const { last } = this.portfolio.allocation
    if (last === null) throw new Error('no run has ended')
    return last
  }
}
