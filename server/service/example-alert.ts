/** A base entry as a strategy sends it, without its time. */
export interface ExampleAlert {
  readonly type: 'BASE_ENTRY'
  readonly instrument: string
  readonly position: string
  readonly price: number
  readonly atr: number
  readonly er: number
}

/** A price and an ATR of about the right size, by instrument. */
const prices: Readonly<Record<string, readonly [price: number, atr: number]>> = {
  GOLD_MINI: [78_500, 700],
  BANK_NIFTY: [52_000, 350],
  SILVER_MINI: [90_000, 900],
  COPPER: [800, 8],
}

/** Returns an entry to try the service with, for one of the instruments; Gold Mini where it is traded. */
export function exampleAlert(instruments: readonly string[]): ExampleAlert {
  const instrument = instruments.includes('GOLD_MINI') ? 'GOLD_MINI' : (instruments[0] ?? 'GOLD_MINI')
  const [price, atr] = prices[instrument] ?? [100, 1]
  return { type: 'BASE_ENTRY', instrument, position: 'Long_1', price, atr, er: 0.85 }
}
