import type { ExchangeCalendar } from '../../../core/calendar/exchange-calendar.js'
import { BFO, BSE, NFO, NSE } from './india.js'
import { MCX } from './mcx.js'
import { MOEX } from './moex.js'
import { NASDAQ, NYSE } from './united-states.js'

/** Returns the facts of an exchange of coins. */
function aroundTheClock(name: string): ExchangeCalendar {
  return {
    name,
    zone: 'UTC',
    knownFrom: '2009-01-03',
    knownUntil: '9999-12-31',
    isAlwaysOpen: true,
    weekend: [],
    hours: [],
    days: [],
    sources: [
      {
        facts: 'Hours',
        source: 'Coins trade around the clock; maintenance is not a session',
        confidence: 'confirmed',
      },
    ],
  }
}

const EXCHANGES: readonly ExchangeCalendar[] = [
  ...[NSE, NFO, BSE, BFO, MCX, MOEX, NYSE, NASDAQ],
  ...['CRYPTO', 'KRAKEN', 'BINANCE'].map(aroundTheClock),
]

/** What the service knows of exchanges by itself, by name. */
export const BUILT_IN_EXCHANGES: Readonly<Record<string, ExchangeCalendar>> = Object.fromEntries(
  EXCHANGES.map((exchange) => [exchange.name, exchange]),
)

/** Exchanges whose special days are also those of others: a holiday that is imported for NSE closes NFO too. */
export const SAME_DAYS: Readonly<Record<string, readonly string[]>> = {
  NSE: ['NSE', 'NFO'],
  BSE: ['BSE', 'BFO'],
}
