import { regularCloseMinutes } from '../../core/calendar/regular-close.js'
import { isUsDaylightSaving } from '../../core/calendar/zone.js'
import { invariant } from '../../core/invariant.js'
import { DAY, HOUR, localDate } from '../../core/time.js'

/** How the regular close of an exchange follows from the date, as a script can say it; minutes after midnight there. */
export type CloseRule =
  | { readonly kind: 'newYorkClock'; readonly summer: number; readonly winter: number }
  | { readonly kind: 'dates'; readonly first: number; readonly later: readonly CloseChange[] }

/** From the start of `date` in the exchange's zone the regular session ends at `close`. */
export interface CloseChange {
  readonly date: string
  readonly close: number
}

const FROM = Date.UTC(2025, 0, 1)
const UNTIL = Date.UTC(2032, 0, 1)

/** Returns the rule by which our calendar closes an exchange from 2025 to 2031. Throws when no rule says it. */
export function closeRuleOf(exchange: string): CloseRule {
  const changes: CloseChange[] = []
  const byClock = { summer: new Set<number>(), winter: new Set<number>() }
  for (let day = FROM; day < UNTIL; day += DAY) {
    const date = localDate(day)
    const close = regularCloseMinutes(exchange, date)
    invariant(close !== null, () => `${exchange} has no regular close on ${date}`)
    byClock[isUsDaylightSaving(day + 17 * HOUR) ? 'summer' : 'winter'].add(close)
    if (changes.at(-1)?.close !== close) changes.push({ date, close })
  }
  const [first, ...later] = changes
  if (later.length <= 3) return { kind: 'dates', first: first!.close, later }
  const [summer, winter] = [[...byClock.summer], [...byClock.winter]]
  invariant(summer.length === 1 && winter.length === 1, () => `the close of ${exchange} follows no rule`)
  return { kind: 'newYorkClock', summer: summer[0]!, winter: winter[0]! }
}
