import type { EntryAlert, ExitAlert, MarketDataAlert, ScoutAlert } from '../../core/alert/alert.js'
import { MORNING } from './sequenced.js'

/** Returns a wish to open the first unit. */
export function baseEntry(
  instrument: string,
  price: number,
  atr: number,
  changes: Partial<EntryAlert> = {},
): EntryAlert {
  return {
    type: 'BASE_ENTRY',
    instrument,
    price,
    atr,
    stop: null,
    er: 1,
    label: 'Long_1',
    timestamp: MORNING,
    barTime: null,
    ...changes,
  }
}

/** Returns a wish to close everything in an instrument. */
export function exitAll(instrument: string, changes: Partial<ExitAlert> = {}): ExitAlert {
  return {
    type: 'EXIT',
    instrument,
    label: 'ALL',
    price: null,
    reason: null,
    timestamp: MORNING,
    barTime: null,
    flags: [],
    ...changes,
  }
}

/** Returns a confirmed bar. */
export function marketData(
  instrument: string,
  price: number,
  atr: number,
  timestamp = MORNING,
): MarketDataAlert {
  return { type: 'MARKET_DATA', instrument, price, atr, timestamp, barTime: null }
}

/** Returns a scout's report whose conditions all hold. */
export function scout(instrument: string, price: number): ScoutAlert {
  const conditions = {
    rsi: true,
    ema: true,
    donchian: true,
    adx: true,
    efficiency: true,
    superTrend: true,
    notDoji: true,
    longEntry: true,
    longExit: false,
  }
  const rest = { atr: null, er: null, superTrend: null, timestamp: MORNING, barTime: null }
  return { type: 'EOD_MONITOR', instrument, price, conditions, ...rest }
}
