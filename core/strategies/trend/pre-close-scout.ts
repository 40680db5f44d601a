import type { ScoutAlert } from '../../alert/alert.js'
import type { Book } from '../../portfolio/book.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import { type Gate, must } from '../../risk/gate.js'
import { SECOND } from '../../time.js'

const CONDITIONS = ['rsi', 'ema', 'donchian', 'adx', 'efficiency', 'superTrend', 'notDoji'] as const

/** Returns the names of the entry conditions that do not hold, of seven. */
export function unmetConditions({ conditions }: ScoutAlert): string[] {
  return CONDITIONS.filter((name) => !conditions[name])
}

/** Returns whether the scout's own verdict is not what its conditions add up to. */
export function contradicts(scout: ScoutAlert): boolean {
  return scout.conditions.longEntry !== (unmetConditions(scout).length === 0)
}

/** Returns the gates on what the scout says: its conditions hold, and its verdict is what they add up to. */
export function conditionGates(scout: ScoutAlert): Gate[] {
  const unmet = unmetConditions(scout)
  const says = scout.conditions.longEntry ? 'longEntry' : 'no longEntry'
  return [
    must('CONDITIONS', unmet.length === 0, unmet.join(', '), 'none unmet'),
    must('SCOUT_CONSISTENT', !contradicts(scout), says, unmet.length === 0 ? 'longEntry' : 'no longEntry'),
  ]
}

/** Returns the last scout when it spoke in the window before the close; null when none did. Whether it is fresh is a gate of its own. */
export function believedScout(portfolio: Portfolio, book: Book): ScoutAlert | null {
  const { scout, scoutAt } = book.market
  const monitored = (settingsOf(portfolio).preClose?.monitorSeconds ?? 0) * SECOND
  return scout !== null && portfolio.now - scoutAt < monitored ? scout : null
}
