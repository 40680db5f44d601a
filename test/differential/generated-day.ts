import type { Alert, EntryAlert, ScoutConditions } from '../../core/alert/alert.js'
import { HOUR, type Instant, isoInstant, MINUTE, SECOND } from '../../core/time.js'
import { pick, randomFrom } from '../helpers/random.js'

/** An alert of a generated day, and when it comes. */
export interface DayAlert {
  readonly at: Instant
  readonly alert: Alert
}

interface Market {
  readonly instrument: string
  /** Of the start of the day. */
  readonly first: number
  price: number
  atr: number
  /** Units that the strategies would hold, as the alerts themselves know no better. */
  units: number
}

const MARKETS: readonly (readonly [instrument: string, price: number, atr: number])[] = [
  ['BANK_NIFTY', 51_600, 340],
  ['GOLD_MINI', 78_500, 420],
  ['SILVER_MINI', 95_000, 600],
  ['COPPER', 812, 4.4],
]

const HOURS = 24
const ALERTS_AN_HOUR = 6

/**
 * Returns a day of alerts for the four instruments, in order: every hour the bars of all of them, between them entries,
 * pyramids, exits and scouts. Prices run up for hours and then fall through their stops, ATRs double and come back; some
 * alerts are late, early, off the market, or about nothing that is held.
 */
export function generateDay(seed: number, start: Instant): DayAlert[] {
  const chance = randomFrom(seed)
  const markets = MARKETS.map(([instrument, price, atr]) => ({
    instrument,
    first: price,
    price,
    atr,
    units: 0,
  }))
  const day: DayAlert[] = []
  for (let hour = 1; hour <= HOURS; hour++) {
    const begun = start + (hour - 1) * HOUR
    const moments = Array.from(
      { length: ALERTS_AN_HOUR },
      () => begun + MINUTE + Math.floor(50 * MINUTE * chance()),
    )
    for (const at of moments.sort((left, right) => left - right)) {
      const market = pick(chance, markets)
      move(market, chance, 0.4)
      day.push({ at, alert: nextAlert(market, chance, at) })
    }
    for (const market of markets) {
      move(market, chance, 1)
      day.push({ at: start + hour * HOUR, alert: bar(market, start + hour * HOUR) })
    }
  }
  return day
}

/** Returns a night over which Bank Nifty is held: its lot changes from 35 to 30 at the midnight of India of 30 December 2025. */
export function changeOfLots(): DayAlert[] {
  const evening = Date.UTC(2025, 11, 29, 9)
  const morning = Date.UTC(2025, 11, 30, 5)
  const market = { instrument: 'BANK_NIFTY', first: 51_600, price: 51_600, atr: 340, units: 0 }
  const plain = () => 0.5
  const buys = {
    at: evening,
    alert: { ...entry(market, plain, { at: evening, isPyramid: false }), label: 'Long_1' },
  }
  const barAt = morning + HOUR
  const sells = {
    at: barAt + MINUTE,
    alert: { ...exit(market, plain, barAt + MINUTE), label: 'Long_1' } as Alert,
  }
  // The ATR has doubled overnight, which peels a part off
  return [buys, { at: barAt, alert: bar({ ...market, price: 51_700, atr: 700 }, barAt) }, sells]
}

/** The body of an alert as TradingView would send it. */
export function bodyOf(alert: Alert): object {
  const { timestamp, barTime, ...rest } = alert
  const times = {
    timestamp: timestamp === null ? undefined : isoInstant(timestamp),
    barTime: barTime === null ? undefined : isoInstant(barTime),
  }
  switch (rest.type) {
    case 'BASE_ENTRY':
    case 'PYRAMID': {
      const { label, ...fields } = rest
      return { ...withoutNulls(fields), position: label ?? undefined, ...times }
    }
    case 'EXIT': {
      const { label, flags: _, ...fields } = rest
      return { ...withoutNulls(fields), position: label, ...times }
    }
    case 'EOD_MONITOR': {
      const { conditions: is, atr, er, superTrend, ...fields } = rest
      const conditions = {
        ...{ rsi_condition: is.rsi, ema_condition: is.ema, dc_condition: is.donchian, adx_condition: is.adx },
        ...{ er_condition: is.efficiency, st_condition: is.superTrend, not_doji: is.notDoji },
        ...{ long_entry: is.longEntry, long_exit: is.longExit },
      }
      const indicators = { rsi: 60, ema: 1, dc_upper: 1, adx: 20, er, supertrend: superTrend, atr }
      return { ...fields, conditions, indicators, ...times }
    }
    case 'MARKET_DATA':
      return { ...rest, ...times }
  }
}

function withoutNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

/** A run upwards that a crash ends now and then; the day's prices stay within a tenth of the first. */
function move(market: Market, chance: () => number, weight: number): void {
  const crash = chance() < 0.08 * weight
  const step = crash ? -4 - 2 * chance() : 1.6 * chance() - 0.5
  const price = market.price + weight * step * market.atr
  market.price = Math.min(1.09 * market.first, Math.max(0.92 * market.first, Math.round(price * 100) / 100))
  const stretch = chance()
  if (stretch < 0.1 * weight)
    market.atr = Math.round(market.atr * (stretch < 0.05 * weight ? 1.9 : 0.6) * 100) / 100
  const [least, most] = [0.003 * market.first, 0.02 * market.first]
  market.atr = Math.min(most, Math.max(least, market.atr))
}

function bar({ instrument, price, atr }: Market, at: Instant): Alert {
  return { type: 'MARKET_DATA', instrument, price, atr, timestamp: at, barTime: null }
}

function nextAlert(market: Market, chance: () => number, at: Instant): Alert {
  const draw = chance()
  if (draw < 0.08) return scout(market, chance, at)
  if (draw < 0.3) return exit(market, chance, at)
  const isPyramid = market.units > 0 && chance() < 0.8
  return entry(market, chance, { at, isPyramid })
}

function entry(
  market: Market,
  chance: () => number,
  { at, isPyramid }: { readonly at: Instant; readonly isPyramid: boolean },
): EntryAlert {
  const { instrument, price, atr } = market
  const flaw = chance()
  market.units = isPyramid ? market.units + 1 : 1
  const distance = (0.8 + chance()) * atr
  const withStop = chance() < 0.3
  return {
    type: isPyramid ? 'PYRAMID' : 'BASE_ENTRY',
    instrument,
    // A slip of a digit
    price: flaw < 0.04 ? Math.round(price * 1.3) : price,
    atr: withStop && chance() < 0.5 ? null : atr,
    stop: withStop ? Math.round((price - distance) * 100) / 100 : null,
    er: chance() < 0.2 ? null : Math.round((flaw > 0.94 ? 1.2 : 0.4 + 0.6 * chance()) * 1000) / 1000,
    label: chance() < 0.05 ? null : `Long_${market.units}`,
    timestamp: at - (flaw > 0.9 && flaw < 0.94 ? 90 * SECOND : Math.floor(3 * chance()) * SECOND),
    barTime: null,
  }
}

function exit(market: Market, chance: () => number, at: Instant): Alert {
  const { instrument, price } = market
  const isAll = chance() < 0.4
  const label = isAll ? 'ALL' : `Long_${1 + Math.floor(chance() * (market.units + 1))}`
  if (isAll) market.units = 0
  const isOld = chance() < 0.15
  return {
    type: 'EXIT',
    instrument,
    label,
    price: chance() < 0.7 ? price : null,
    reason: chance() < 0.5 ? 'RULE' : null,
    timestamp: isOld ? at - 3 * HOUR : at,
    barTime: null,
    flags: [],
  }
}

function scout({ instrument, price, atr }: Market, chance: () => number, at: Instant): Alert {
  const isLong = chance() < 0.5
  const conditions: ScoutConditions = {
    ...{ rsi: isLong, ema: true, donchian: isLong, adx: true, efficiency: true, superTrend: isLong },
    ...{ notDoji: true, longEntry: isLong, longExit: !isLong },
  }
  const indicators = { atr, er: 0.7, superTrend: price - 2 * atr }
  return { type: 'EOD_MONITOR', instrument, price, conditions, ...indicators, timestamp: at, barTime: null }
}
