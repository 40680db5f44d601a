import { simulateAllocation } from '../../core/backtest/allocation/simulate-allocation.js'
import { decimal } from '../../core/decimal.js'
import { DAY } from '../../core/time.js'
import { renderAllocationPage } from '../../server/backtest/allocation/allocation-page.js'
import { allocation, asset, weights } from '../helpers/allocation.js'
import { pricePath } from '../helpers/price-path.js'
import { settings } from '../helpers/settings.js'

/** Returns the page of a portfolio that was kept at its weights for 500 days, by limit orders once a week. */
export function generateAllocationPage(): Promise<string> {
  const names = ['A', 'B', 'C']
  const feeds = names.map((instrument, index) => {
    const bars = pricePath({ seed: 21 + index, bars: 500, start: 100, tick: 0.01, barMinutes: 1440 })
    return { instrument, bars, closesAt: bars.opensAt.map((at) => at + DAY), first: 0, end: 500 }
  })
  const schedule = { kind: 'calendar', period: 'weekly', zone: 'UTC' } as const
  const style = {
    kind: 'limit',
    stepPct: 0.2,
    clipPct: 20,
    clip: 'capped',
    switchBufferPct: 0.15,
    repriceBufferPct: 1,
    maxAgeSeconds: 1_000_000,
  } as const
  const using = settings({
    ...{ currency: 'USD', instruments: [], assets: names.map((name) => asset(name, { quantityStep: 0.5 })) },
    allocation: allocation({
      ...{ automatic: true, cash: 'target', rule: { kind: 'schedule', schedule }, style },
      weights: weights('manual', { A: 40, B: 30, C: 20, USD: 10 }),
      prices: { source: 'last', maxAgeSeconds: 1_000_000, outlierPct: 100 },
    }),
  })
  const result = simulateAllocation({
    ...{ settings: using, configurationHash: 'h', capital: decimal(100_000), feeds, fillAt: 'close' },
    costs: { commissionPct: 0.05, slippageTicks: 0 },
    onTrade: () => {},
  })
  const subject = {
    ...{ title: 'Allocation backtest: A, B, C', period: '2020-01-01 to 2021-05-15', currency: 'USD' },
    ...{ facts: [], notes: [] },
  }
  return renderAllocationPage({ subject, result, names, offsetMinutes: () => 0 })
}
