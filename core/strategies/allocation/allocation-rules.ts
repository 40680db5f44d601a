import type { Zone } from '../../calendar/zone.js'
import { decimal } from '../../decimal.js'
import { type Asset, factsAt } from '../../instrument/instrument.js'
import { unreachable } from '../../invariant.js'
import type { PortfolioSettings } from '../../settings.js'
import type { Instant } from '../../time.js'
import { SECOND } from '../../time.js'
import type {
  AllocationSettings,
  DriftSettings,
  RuleSettings,
  ScheduleSettings,
  StyleSettings,
} from './allocation-settings.js'
import type { DriftMeasure, DriftRule, RunSchedule } from './drift.js'
import type { MarginSettings } from './margin.js'
import type { TradeRules } from './order-size.js'
import type { OrderStyle } from './plan.js'

/** Returns what a venue asks of orders of an asset at `at`. */
export function tradeRulesOf(asset: Asset, at: Instant): TradeRules {
  return {
    tick: decimal(factsAt(asset, at).tick),
    lot: decimal(asset.quantityStep),
    minimumQuantity: decimal(asset.minQuantity),
    minimumNotional: decimal(asset.minNotional),
  }
}

/** Returns what the venues ask of orders, by asset. */
export function tradeRules({ assets = [] }: PortfolioSettings, at: Instant): Map<string, TradeRules> {
  return new Map(assets.map((asset) => [asset.name, tradeRulesOf(asset, at)]))
}

/** Returns a configured measure of drift exactly. */
export function measureOf(settings: DriftSettings): DriftMeasure {
  return settings.kind === 'amount' ? { kind: 'amount', amount: decimal(settings.amount) } : settings
}

/** Returns when runs are due. */
export function ruleOf(settings: RuleSettings): DriftRule {
  switch (settings.kind) {
    case 'schedule':
      return { kind: 'schedule', schedule: scheduleOf(settings.schedule) }
    case 'drift':
      return { kind: 'drift', measure: measureOf(settings.measure) }
    case 'either':
    case 'both': {
      const { kind, schedule, measure } = settings
      return { kind, schedule: scheduleOf(schedule), measure: measureOf(measure) }
    }
    default:
      return unreachable(settings)
  }
}

function scheduleOf(settings: ScheduleSettings): RunSchedule {
  if (settings.kind === 'interval')
    return { kind: 'interval', milliseconds: Math.round(settings.seconds * SECOND) }
  const { kind, period, zone } = settings
  return { kind, period, zone: zone as Zone }
}

/** Returns how differences become orders. */
export function styleOf(settings: StyleSettings): OrderStyle {
  if (settings.kind === 'market') return settings
  const { kind, stepPct, clipPct, clip } = settings
  return { kind, stepPct, clipPct, clip }
}

/** Returns how a portfolio may borrow. */
export function marginOf({ margin }: AllocationSettings): MarginSettings {
  const { freeThreshold, maxMarginSize, ...rest } = margin
  return { ...rest, freeThreshold: decimal(freeThreshold), maxMarginSize: decimal(maxMarginSize) }
}
