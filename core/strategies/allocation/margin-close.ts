import { sessionAt } from '../../calendar/calendar.js'
import { ZERO } from '../../decimal.js'
import { settledCash } from '../../portfolio/holding.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { type Instant, MINUTE, SECOND } from '../../time.js'
import { marginOf } from './allocation-rules.js'
import type { AllocationSettings } from './allocation-settings.js'
import { isMarginDue, type MarginSettings, shouldRemoveMargin } from './margin.js'
import type { Valuation } from './valuation.js'

/** So long before the close a debt is looked at in any case (seed 000). */
const LAST_LOOK_MS = 15 * MINUTE

/** Returns how long the first market that closes stays open; null where none ever closes, or the calendar does not know. */
export function untilClose({ calendar, settings }: Portfolio, now: Instant): number | null {
  if (settings === null || settings.hours !== 'exchange' || calendar === null) return null
  let least: number | null = null
  for (const exchange of new Set((settings.assets ?? []).map((asset) => asset.exchange))) {
    const session = sessionAt(calendar, exchange, now)
    if (session === 'unknown') continue
    const left = session === 'closed' ? 0 : session.closesAt - now
    least = least === null ? left : Math.min(least, left)
  }
  return least
}

/** Returns how the portfolio may borrow now: not at all near the close, where the strategy pays back by then. */
export function marginNow(
  portfolio: Portfolio,
  settings: AllocationSettings,
  { members }: Valuation,
): MarginSettings {
  const margin = marginOf(settings)
  const left = margin.enabled ? untilClose(portfolio, portfolio.now) : null
  if (left === null || !isMarginDue(left, intervalOf(settings))) return margin
  const positions = members.reduce((sum, { value }) => sum.plus(value), ZERO)
  return { ...margin, enabled: !shouldRemoveMargin(margin.strategy, positions, margin.maxMarginSize) }
}

/** Returns whether a debt is to be looked at before the close, by a run of its own. */
export function isMarginRunDue(portfolio: Portfolio, settings: AllocationSettings, now: Instant): boolean {
  const { margin } = settings
  if (!margin.enabled || margin.strategy === 'keep' || !settledCash(portfolio).isNegative()) return false
  const left = untilClose(portfolio, now)
  if (left === null || left <= 0 || left >= LAST_LOOK_MS) return false
  const { lastTriedAt } = portfolio.allocation
  return settingsOf(portfolio).hours === 'exchange' && (lastTriedAt ?? 0) < now + left - LAST_LOOK_MS
}

function intervalOf({ rule }: AllocationSettings): number {
  return rule.kind !== 'drift' && rule.schedule.kind === 'interval' ? rule.schedule.seconds * SECOND : 0
}
