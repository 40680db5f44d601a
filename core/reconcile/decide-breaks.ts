import type { AlarmCode } from '../alarm-code.js'
import type { PortfolioEvent } from '../event.js'
import { alarm } from '../portfolio/alarm.js'
import { type Portfolio, tradedOf } from '../portfolio/portfolio.js'
import { type Break, describeBreak } from './break.js'

/**
 * Returns what follows from differences that were seen twice: each is alarmed, and locks its instrument until someone
 * decides. An order of somebody else in an instrument that we do not trade locks nothing.
 */
export function decideBreaks(portfolio: Portfolio, confirmed: readonly Break[]): PortfolioEvent[] {
  return confirmed.flatMap((found) => [...lockFor(portfolio, found), alarmOf(portfolio, found)])
}

function lockFor(portfolio: Portfolio, found: Break): PortfolioEvent[] {
  const { id, instrument } = found
  if (found.class === 'external' && tradedOf(portfolio, instrument) === undefined) return []
  const lock = portfolio.books.get(instrument)?.lock ?? null
  // Another cause of a lock stays on record; a difference that is gone makes way for the one that took its place.
  if (lock !== null && (lock.breakId === null || isPresent(portfolio, lock.breakId))) return []
  return [
    {
      type: 'InstrumentLocked',
      instrument,
      reason: describeBreak(found),
      at: portfolio.now,
      breakId: id,
    },
  ]
}

function isPresent(portfolio: Portfolio, id: string): boolean {
  return [...portfolio.breaks.values()].some((present) => present.id === id)
}

function alarmOf(portfolio: Portfolio, found: Break): PortfolioEvent {
  const { id, instrument } = found
  return alarm(portfolio, {
    code: codeOf(found),
    severity: 'critical',
    instrument,
    subject: id,
    message: `${instrument}: ${describeBreak(found)}`,
  })
}

function codeOf({ class: found }: Break): AlarmCode {
  if (found === 'external') return 'EXTERNAL_ORDER'
  return found === 'unknownOrder' ? 'ORDER_MISSING' : 'POSITION_BREAK'
}
