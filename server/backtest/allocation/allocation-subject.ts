import type { AssetFeed } from '../../../core/backtest/allocation/run-allocation.js'
import type { TradingCosts } from '../../../core/backtest/fill.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import type {
  AllocationSettings,
  RuleSettings,
} from '../../../core/strategies/allocation/allocation-settings.js'
import { type Instant, localDate } from '../../../core/time.js'
import type { PortfolioConfiguration } from '../../config/configuration.js'
import type { TearSheetSubject } from '../../report/tear-sheet/tear-sheet.js'
import type { BacktestRequest } from '../backtest-request.js'

/** What a simulation ran on. */
export interface RanOn {
  readonly feeds: readonly AssetFeed[]
  readonly settings: PortfolioSettings
  readonly costs: TradingCosts
  readonly offsetAt: (instant: Instant) => number
}

/** Returns what the page of a simulation of runs is about, in words. */
export function subjectOf(
  { id, currency }: PortfolioConfiguration,
  request: BacktestRequest,
  { feeds, settings, costs, offsetAt }: RanOn,
): TearSheetSubject {
  const begin = Math.min(...feeds.map(({ bars, first }) => bars.opensAt[first]!))
  const last = Math.max(...feeds.map(({ closesAt, end }) => closesAt[end - 1]!))
  const files = feeds.map(
    ({ instrument, first, end }) =>
      `${request.bars.get(instrument)!.name} (${end - first} bars of ${instrument})`,
  )
  const { weights, rule } = settings.allocation!
  const { metrics } = request
  const targets = weights.targets.map(({ symbol, pct }) => `${symbol} ${pct} %`).join(', ')
  const { commissionPct, slippageTicks } = costs
  return {
    title: `Allocation backtest: ${feeds.map(({ instrument }) => instrument).join(', ')}`,
    period: `${localDate(begin, offsetAt(begin))} to ${localDate(last, offsetAt(last))}`,
    currency,
    facts: [
      ['Files', files.join(', ')],
      [
        'Weights',
        metrics === undefined ? `${weights.mode}: ${targets}` : `${weights.mode}, from ${metrics.name}`,
      ],
      ['Runs', `${spellRule(rule)}, by the rules of portfolio ${id}`],
      ['Fills', spellFills(settings.allocation!, request)],
      ['Costs', `commission ${commissionPct} % of the value each side, slippage ${slippageTicks} ticks`],
    ],
    notes: [
      'Prices should be adjusted for dividends and splits: nothing is paid into the portfolio besides what it began with.',
      'Bought and held is what the first run bought, and the cash that it left.',
      ...(settings.allocation!.style.kind === 'limit'
        ? ['Limit orders buy a clip at a time: what the first run left in cash stays cash in what is held.']
        : []),
    ],
  }
}

function spellFills({ style }: AllocationSettings, { fillAt }: BacktestRequest): string {
  if (style.kind === 'limit')
    return `limits ${style.stepPct} % from the market, once the range of a later bar reaches them`
  return fillAt === 'close' ? 'at the close of the run' : 'at the open of the next bar'
}

function spellRule(rule: RuleSettings): string {
  const drift = 'once an asset has drifted'
  if (rule.kind === 'drift') return drift
  const { schedule } = rule
  const when = schedule.kind === 'interval' ? `every ${schedule.seconds} seconds` : schedule.period
  if (rule.kind === 'schedule') return when
  return rule.kind === 'either' ? `${when}, or ${drift}` : `${when}, and only ${drift}`
}
