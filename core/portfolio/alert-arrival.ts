import type { AlertArrival } from '../alert/misread-time.js'
import type { AlertAdmitted } from '../input.js'
import { instrumentOf, type Portfolio } from './portfolio.js'

/** Returns when the alert came, in the terms of its instrument; null when the portfolio does not trade that. */
export function arrivalOf(
  portfolio: Portfolio,
  { alert, at, receivedAt = at }: AlertAdmitted,
): AlertArrival | null {
  const instrument = instrumentOf(portfolio, alert.instrument)
  if (instrument === undefined) return null
  const { zone, barMinutes } = instrument
  // Clocks of instances differ, and nothing arrives after it is decided.
  return { arrivedAt: Math.min(receivedAt, at), zone, barMinutes }
}
