import { type Instant, MINUTE, parseInstant } from '../../core/time.js'

/** An alert of the day, and when it arrives. */
export interface DemoStep {
  /** Names the step for the checks. */
  readonly name: string
  /** When it arrives, India time. */
  readonly at: string
  /** When TradingView made it, India time; default: when it arrives. */
  readonly madeAt?: string
  /** What happened, for people. */
  readonly caption: string
  /** The body without its timestamp. */
  readonly alert: Readonly<Record<string, unknown>>
}

const DATE = '2026-01-05'
const INDIA = 330 * MINUTE

/** The day, as it is shown. */
export const DAY_TITLE = 'Monday 5 January 2026'

/**
 * The configuration of the demonstration: the paper portfolio of ₹1,00,00,000 as it is by default, run tightly (heat
 * at most 2 %, 0.8 % with a pyramid), at a venue that takes a tick and a commission.
 */
export const DEMO_CONFIGURATION = {
  portfolios: [
    {
      id: 'paper',
      broker: { kind: 'paper', slippageTicks: 1, commissionPct: 0.01 },
      strategy: { kind: 'trend', caps: { maxHeatPct: 2, pyramidMaxHeatPct: 0.8 } },
    },
  ],
}

/** Returns the instant of a time of the day, India time. */
export function instantOf(time: string): Instant {
  return parseInstant(`${DATE}T${time}`, () => INDIA / MINUTE)!
}

/** Returns the body of a step's alert, word for word as TradingView would send it. */
export function bodyOf({ alert, at, madeAt }: DemoStep): string {
  return JSON.stringify({ ...alert, timestamp: `${DATE}T${madeAt ?? at}` })
}

const gold = { instrument: 'GOLD_MINI' } as const
const bankNifty = { instrument: 'BANK_NIFTY' } as const
const silver = { instrument: 'SILVER_MINI' } as const
const copper = { instrument: 'COPPER' } as const

const conditions = {
  rsi_condition: true,
  ema_condition: true,
  dc_condition: false,
  adx_condition: true,
  er_condition: true,
  st_condition: true,
  not_doji: true,
  long_entry: false,
  long_exit: false,
}
const indicators = {
  rsi: 61.2,
  ema: 52_100,
  dc_upper: 53_040,
  adx: 24.8,
  er: 0.7,
  supertrend: 52_300,
  atr: 262,
}

/** The day's alerts, in order. */
export const DEMO_DAY: readonly DemoStep[] = [
  {
    name: 'volatility-binds',
    at: '10:00:00',
    caption: 'Gold Mini enters: the least of the three constraints sets the size',
    alert: { type: 'BASE_ENTRY', ...gold, position: 'Long_1', price: 78_500, atr: 420, er: 0.85 },
  },
  {
    name: 'risk-binds',
    at: '10:30:00',
    caption: 'Bank Nifty enters with a middling efficiency ratio, which scales down what may be risked',
    alert: { type: 'BASE_ENTRY', ...bankNifty, position: 'Long_1', price: 52_000, atr: 260, er: 0.7 },
  },
  {
    name: 'duplicate',
    at: '10:30:06',
    madeAt: '10:30:00',
    caption: 'TradingView sends the same alert once more',
    alert: { type: 'BASE_ENTRY', ...bankNifty, position: 'Long_1', price: 52_000, atr: 260, er: 0.7 },
  },
  {
    name: 'gold-ratchet',
    at: '11:00:00',
    caption: 'A bar of Gold Mini is confirmed',
    alert: { type: 'MARKET_DATA', ...gold, price: 78_980, atr: 420 },
  },
  {
    name: 'bank-nifty-ratchet',
    at: '11:45:00',
    caption: 'A bar of Bank Nifty is confirmed',
    alert: { type: 'MARKET_DATA', ...bankNifty, price: 52_420, atr: 262 },
  },
  {
    name: 'gold-locks-in',
    at: '12:00:00',
    caption: 'Gold Mini closes higher: its stop passes the entry',
    alert: { type: 'MARKET_DATA', ...gold, price: 79_400, atr: 425 },
  },
  {
    name: 'pyramid-approved',
    at: '12:00:05',
    caption: 'The strategy adds to Gold Mini',
    alert: { type: 'PYRAMID', ...gold, position: 'Long_2', price: 79_400, atr: 425, er: 0.88 },
  },
  {
    name: 'pyramid-refused',
    at: '12:30:00',
    caption: 'It wants to add again, too soon after the last unit',
    alert: { type: 'PYRAMID', ...gold, position: 'Long_3', price: 79_560, atr: 425, er: 0.9 },
  },
  {
    name: 'silver-entry',
    at: '13:00:00',
    caption: 'Silver Mini enters',
    alert: { type: 'BASE_ENTRY', ...silver, position: 'Long_1', price: 95_000, atr: 640, er: 0.9 },
  },
  {
    name: 'bank-nifty-locks-in',
    at: '13:00:10',
    caption: 'Bank Nifty goes on',
    alert: { type: 'MARKET_DATA', ...bankNifty, price: 52_700, atr: 262 },
  },
  {
    name: 'margin-binds',
    at: '14:00:00',
    caption: 'Copper enters on a very quiet chart: risk and volatility would allow more, margin does not',
    alert: { type: 'BASE_ENTRY', ...copper, position: 'Long_1', price: 820, atr: 1.15, er: 0.9 },
  },
  {
    name: 'bank-nifty-high',
    at: '14:15:00',
    caption: 'Bank Nifty makes its high of the day',
    alert: { type: 'MARKET_DATA', ...bankNifty, price: 53_000, atr: 270 },
  },
  {
    name: 'cap-refuses',
    at: '14:15:05',
    caption: 'The strategy wants to add to Bank Nifty, but the portfolio carries enough heat',
    alert: { type: 'PYRAMID', ...bankNifty, position: 'Long_2', price: 53_000, atr: 270, er: 0.75 },
  },
  {
    name: 'scout',
    at: '15:29:00',
    caption: 'A scout reports the forming bar before the close: it says what it sees, and decides nothing',
    alert: { type: 'EOD_MONITOR', ...bankNifty, price: 52_640, conditions, indicators },
  },
  {
    name: 'scout-again',
    at: '15:29:15',
    caption: 'The next scout, 15 seconds later',
    alert: { type: 'EOD_MONITOR', ...bankNifty, price: 52_410, conditions, indicators },
  },
  {
    name: 'stop-hit',
    at: '15:30:00',
    caption: 'Bank Nifty closes its last bar below the trailing stop',
    alert: { type: 'MARKET_DATA', ...bankNifty, price: 52_290, atr: 275 },
  },
  {
    name: 'peel-off',
    at: '16:00:00',
    caption:
      'Gold Mini turns wild: the stop does not fall with the ATR, but the unit outgrows its volatility',
    alert: { type: 'MARKET_DATA', ...gold, price: 79_900, atr: 900 },
  },
  {
    name: 'exit-by-label',
    at: '17:00:00',
    caption: 'The strategy closes its second unit of Gold Mini, by its label',
    alert: { type: 'EXIT', ...gold, position: 'Long_2', price: 79_850, reason: 'TRAIL' },
  },
  {
    name: 'stale-entry',
    at: '18:00:00',
    madeAt: '17:48:00',
    caption: 'A pyramid of Silver Mini was held up for twelve minutes on its way',
    alert: { type: 'PYRAMID', ...silver, position: 'Long_2', price: 95_400, atr: 640, er: 0.9 },
  },
  {
    name: 'exit-all',
    at: '20:00:00',
    caption: 'Silver Mini was a false start: the strategy closes all of it',
    alert: { type: 'EXIT', ...silver, position: 'ALL', price: 94_300, reason: 'SUPERTREND' },
  },
  {
    name: 'exit-unmatched',
    at: '21:00:00',
    caption: 'An exit names a unit that nobody holds',
    alert: { type: 'EXIT', ...gold, position: 'Long_7', price: 79_700 },
  },
]
