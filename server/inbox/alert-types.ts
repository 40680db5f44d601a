import type {
  Alert,
  EntryAlert,
  ExitAlert,
  MarketDataAlert,
  ScoutAlert,
  ScoutConditions,
} from '../../core/alert/alert.js'
import type { Zone } from '../../core/calendar/zone.js'
import {
  type FieldProblem,
  type Fields,
  readBarTime,
  readLabel,
  readNumber,
  readRatio,
  readText,
  refuseValue,
  requireFields,
  requireFlag,
  requireNumber,
  requireTime,
} from './fields.js'

/** What an alert says: what decisions read, and the rest of its known fields. */
export interface AlertContent<A extends Alert = Alert> {
  readonly alert: A
  /** Known fields that no decision reads; null when absent or na. */
  readonly advice: Readonly<Record<string, number | string | null>>
}

interface NamedInstrument {
  readonly name: string
  readonly zone: Zone
}

/** Returns a base entry or a pyramid; what is wrong is added to the problems of the fields. */
export function readEntry(
  fields: Fields,
  type: EntryAlert['type'],
  instrument: NamedInstrument,
): AlertContent<EntryAlert> {
  const price = requireNumber(fields, 'price', 'positive')
  const before = fields.problems.length
  const atr = readNumber(fields, 'atr', 'positive')
  const stop = readNumber(fields, 'stop', 'positive')
  if (atr === null && stop === null && fields.problems.length === before) {
    fields.problems.push({
      field: 'atr',
      message: 'atr or stop is required: the distance of the stop needs one',
    })
  }
  // An entry that is stopped out before it begins contradicts itself; whoever wrote the alert should see it in its log.
  if (stop !== null && price > 0 && stop >= price) {
    fields.problems.push({ field: 'stop', message: `must be below the price ${price}, was ${stop}` })
  }
  const er = readRatio(fields, 'er')
  const label = readLabel(fields, 'position')
  const timestamp = requireTime(fields, 'timestamp', instrument.zone)
  const barTime = readBarTime(fields, 'barTime', instrument.zone)
  const advice = readAdvice(fields)
  return {
    alert: { type, instrument: instrument.name, price, atr, stop, er, label, timestamp, barTime },
    advice,
  }
}

/**
 * Returns an exit. Nothing in it but the instrument must be right: what is wrong becomes a flag, a price or a time that
 * cannot be read is null, and a position that is no label means every unit, as an absent one does.
 */
export function readExit(fields: Fields, instrument: NamedInstrument): AlertContent<ExitAlert> {
  const { doubtful } = fields
  const label = readLabel(fields, 'position')
  const price = readNumber(fields, 'price', 'positive')
  const reason = readText(fields, 'reason')
  const timestamp = requireTime(fields, 'timestamp', instrument.zone)
  const barTime = doubtful.has('barTime') ? null : readBarTime(fields, 'barTime', instrument.zone)
  const stop = readNumber(fields, 'stop', 'finite')
  const advice = {
    stop,
    atr: readNumber(fields, 'atr', 'positive'),
    er: readRatio(fields, 'er'),
    ...readAdvice(fields),
  }
  const everyUnit = label === null || doubtful.has('position') || label.toUpperCase() === 'ALL'
  return {
    alert: {
      type: 'EXIT',
      instrument: instrument.name,
      label: everyUnit ? 'ALL' : label,
      price,
      reason,
      timestamp: doubtful.has('timestamp') || Number.isNaN(timestamp) ? null : timestamp,
      barTime,
      flags: fields.problems.map(flag),
    },
    advice,
  }
}

/** Returns a scout's report; what is wrong is added to the problems of the fields. */
export function readScout(fields: Fields, instrument: NamedInstrument): AlertContent<ScoutAlert> {
  const price = requireNumber(fields, 'price', 'positive')
  const timestamp = requireTime(fields, 'timestamp', instrument.zone)
  const barTime = readBarTime(fields, 'barTime', instrument.zone)
  const conditions = readConditions(requireFields(fields, 'conditions'))
  const indicators = requireFields(fields, 'indicators')
  requireIndicators(indicators)
  const atr = readNumber(indicators, 'atr', 'positive')
  const er = readRatio(indicators, 'er')
  const superTrend = readNumber(indicators, 'supertrend', 'finite')
  const advice = {
    rsi: readNumber(indicators, 'rsi', 'finite'),
    ema: readNumber(indicators, 'ema', 'finite'),
    dcUpper: readNumber(indicators, 'dc_upper', 'finite'),
    adx: readNumber(indicators, 'adx', 'finite'),
    roc: readNumber(indicators, 'roc', 'finite') ?? readNumber(fields, 'roc', 'finite'),
  }
  return {
    alert: {
      type: 'EOD_MONITOR',
      instrument: instrument.name,
      price,
      conditions,
      atr,
      er,
      superTrend,
      timestamp,
      barTime,
    },
    advice,
  }
}

/** Returns a confirmed bar; what is wrong is added to the problems of the fields. */
export function readMarketData(fields: Fields, instrument: NamedInstrument): AlertContent<MarketDataAlert> {
  const price = requireNumber(fields, 'price', 'positive')
  const atr = requireNumber(fields, 'atr', 'positive')
  const timestamp = requireTime(fields, 'timestamp', instrument.zone)
  const barTime = readBarTime(fields, 'barTime', instrument.zone)
  const advice = {
    supertrend: readNumber(fields, 'supertrend', 'finite'),
    open: readNumber(fields, 'open', 'finite'),
    high: readNumber(fields, 'high', 'finite'),
    low: readNumber(fields, 'low', 'finite'),
    close: readNumber(fields, 'close', 'finite'),
    volume: readNumber(fields, 'volume', 'finite'),
  }
  return {
    alert: { type: 'MARKET_DATA', instrument: instrument.name, price, atr, timestamp, barTime },
    advice,
  }
}

function readAdvice(fields: Fields) {
  return {
    lots: readNumber(fields, 'lots', 'finite'),
    supertrend: readNumber(fields, 'supertrend', 'finite'),
    roc: readNumber(fields, 'roc', 'finite'),
    id: readId(fields),
  }
}

/** Some number their alerts, some name them. */
function readId(fields: Fields): string | number | null {
  const value = fields.object.get('id')
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number') return value
  refuseValue(fields, 'id', 'must be a text or a number')
  return null
}

function readConditions(fields: Fields): ScoutConditions {
  return {
    rsi: requireFlag(fields, 'rsi_condition'),
    ema: requireFlag(fields, 'ema_condition'),
    donchian: requireFlag(fields, 'dc_condition'),
    adx: requireFlag(fields, 'adx_condition'),
    efficiency: requireFlag(fields, 'er_condition'),
    superTrend: requireFlag(fields, 'st_condition'),
    notDoji: requireFlag(fields, 'not_doji'),
    longEntry: requireFlag(fields, 'long_entry'),
    longExit: requireFlag(fields, 'long_exit'),
  }
}

const INDICATORS = ['rsi', 'ema', 'dc_upper', 'adx', 'er', 'supertrend', 'atr'] as const

/** Each must be there; NaN is allowed, since a chart with a short history still reports its price. */
function requireIndicators(fields: Fields): void {
  for (const name of INDICATORS) {
    const value = fields.object.get(name)
    if (value === undefined || value === null) {
      fields.problems.push({ field: `${fields.prefix}${name}`, message: 'is required' })
    }
  }
}

function flag({ field, message }: FieldProblem): string {
  return field === '' ? message : `${field}: ${message}`
}
