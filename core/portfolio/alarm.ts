import type { AlarmRaised } from '../event.js'
import type { Portfolio } from './portfolio.js'

/** What an alarm says, its time apart. */
export type AlarmText = Omit<AlarmRaised, 'type' | 'at'>

/** Returns an alarm at the portfolio's present. */
export function alarm(portfolio: Portfolio, text: AlarmText): AlarmRaised {
  const { code, severity, instrument, subject, message } = text
  return { type: 'AlarmRaised', code, severity, instrument, subject, message, at: portfolio.now }
}
