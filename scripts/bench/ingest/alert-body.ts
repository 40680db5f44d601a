const INSTRUMENTS = ['GOLD_MINI', 'BANK_NIFTY', 'SILVER_MINI', 'COPPER'] as const
const FIRST = Date.UTC(2026, 0, 5, 4)

/**
 * Returns the body of the nth alert, each another: bars, entries and exits of four instruments in turn. Their times
 * are long past, so that entries are refused as stale and nothing is held: what is measured is taking alerts in.
 */
export function alertBody(index: number): string {
  const instrument = INSTRUMENTS[index % INSTRUMENTS.length]
  const timestamp = new Date(FIRST + index * 1000).toISOString()
  switch (index % 3) {
    case 0:
      return JSON.stringify({ type: 'MARKET_DATA', instrument, price: 52_000.5, atr: 350.25, timestamp })
    case 1:
      return JSON.stringify({
        type: 'BASE_ENTRY',
        instrument,
        position: 'Long_1',
        price: 52_000.5,
        stop: 51_475.25,
        lots: 4,
        atr: 350.25,
        er: 0.82,
        supertrend: 51_650,
        timestamp,
      })
    default:
      return JSON.stringify({
        type: 'EXIT',
        instrument,
        position: 'Long_1',
        price: 52_000.5,
        reason: 'SUPERTREND',
        timestamp,
      })
  }
}

/**
 * Returns the body of the nth alert, each another, of four instruments in turn: an entry, a bar and an exit of all, sent
 * at `now`. An instrument that is flat buys, and one that holds sells.
 */
export function tradingBody(index: number, now: number): string {
  const instrument = INSTRUMENTS[index % INSTRUMENTS.length]
  const barTime = new Date(FIRST + index * 60_000).toISOString()
  const common = { instrument, price: 52_000, timestamp: new Date(now).toISOString(), barTime }
  switch (Math.floor(index / INSTRUMENTS.length) % 3) {
    case 0:
      return JSON.stringify({ type: 'BASE_ENTRY', ...common, position: 'Long_1', atr: 350, er: 0.9 })
    case 1:
      return JSON.stringify({ type: 'MARKET_DATA', ...common, atr: 350 })
    default:
      return JSON.stringify({ type: 'EXIT', ...common, position: 'ALL' })
  }
}
