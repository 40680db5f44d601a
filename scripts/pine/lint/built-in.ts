import { ZONES, type Zone, zoneOffsetMinutes } from '../../../core/calendar/zone.js'
import { civilDate, DAY, isoInstant, MINUTE, parseInstant } from '../../../core/time.js'
import { NA, UNKNOWN, type Value } from './value.js'

/** Returns what a function of Pine gives, UNKNOWN for those that are not followed. `zone` is that of the exchange. */
export function callBuiltIn(name: string, values: readonly Value[], zone: Zone): Value {
  const known = FUNCTIONS[name]
  return known === undefined ? UNKNOWN : known(values, zone)
}

type BuiltIn = (values: readonly Value[], zone: Zone) => Value

const FUNCTIONS: Readonly<Record<string, BuiltIn>> = {
  na: ([value]) => (value === UNKNOWN || value === undefined ? UNKNOWN : value === NA),
  nz: ([value = UNKNOWN, instead = 0]) => (value === NA ? instead : value),
  int: ([value]) => (typeof value === 'number' ? Math.trunc(value) : (value ?? UNKNOWN)),
  float: ([value]) => value ?? UNKNOWN,
  bool: ([value]) => value ?? UNKNOWN,
  string: ([value]) => value ?? UNKNOWN,
  'str.tostring': ([value = UNKNOWN, format]) => textOf(value, format),
  'str.format': ([pattern, ...values]) => formatMessage(pattern, values),
  'str.format_time': ([at, pattern = "yyyy-MM-dd'T'HH:mm:ssZ", named], zone) => {
    return formatTime(at, pattern, zoneOf(named, zone))
  },
  'str.upper': ([value]) => (typeof value === 'string' ? value.toUpperCase() : UNKNOWN),
  'str.lower': ([value]) => (typeof value === 'string' ? value.toLowerCase() : UNKNOWN),
  'str.replace_all': ([text, from, to]) => {
    return typeof text === 'string' && typeof from === 'string' && typeof to === 'string'
      ? text.replaceAll(from, to)
      : UNKNOWN
  },
  'math.round': ([value, digits = 0]) => onNumbers([value, digits], (x, n) => round(x!, n!)),
  'math.floor': (values) => onNumbers(values, (x) => Math.floor(x!)),
  'math.ceil': (values) => onNumbers(values, (x) => Math.ceil(x!)),
  'math.abs': (values) => onNumbers(values, (x) => Math.abs(x!)),
  'math.max': (values) => onNumbers(values, Math.max),
  'math.min': (values) => onNumbers(values, Math.min),
  'math.pow': (values) => onNumbers(values, (x, y) => x! ** y!),
  hour: (values, zone) => clockField(values, zone, (minutes) => Math.floor(minutes / 60)),
  minute: (values, zone) => clockField(values, zone, (minutes) => minutes % 60),
  second: ([at]) => onNumbers([at], (x) => Math.floor(x! / 1000) % 60),
  year: (values, zone) => dateField(values, zone, 0),
  month: (values, zone) => dateField(values, zone, 1),
  dayofmonth: (values, zone) => dateField(values, zone, 2),
  // 1970 began on a Thursday; Pine counts from Sunday, which is 1
  dayofweek: (values, zone) => atLocal(values, zone, (local) => ((Math.floor(local / DAY) + 4) % 7) + 1),
  timestamp: (values, zone) => instantOf(values, zone),
}

function onNumbers(values: readonly (Value | undefined)[], f: (...numbers: number[]) => number): Value {
  if (values.some((value) => value === NA)) return NA
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length === values.length ? f(...numbers) : UNKNOWN
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(Math.min(20, Math.max(0, digits))))
}

function textOf(value: Value, format: Value | undefined): Value {
  if (value === UNKNOWN) return UNKNOWN
  if (value === NA) return 'NaN'
  if (typeof value !== 'number') return String(value)
  const digits = typeof format === 'string' ? (/\.([#0]+)/.exec(format)?.[1]?.length ?? 0) : 10
  return String(round(value, digits))
}

/** As Java's MessageFormat: {0} and {0,number,#.##} are replaced, quotes keep what is inside as it is. */
function formatMessage(pattern: Value | undefined, values: readonly Value[]): Value {
  if (typeof pattern !== 'string') return UNKNOWN
  let isKnown = true
  const text = pattern.replace(
    /''|'([^']*)'|\{(\d+)(?:,[^}]*)?\}/g,
    (whole, kept: string | undefined, index) => {
      if (whole === "''") return "'"
      if (kept !== undefined) return kept
      const shown = textOf(values[Number(index)] ?? UNKNOWN, undefined)
      if (typeof shown !== 'string') isKnown = false
      return String(shown === UNKNOWN ? '' : shown.toString())
    },
  )
  return isKnown ? text : UNKNOWN
}

function zoneOf(named: Value | undefined, zone: Zone): Zone | null {
  if (named === undefined) return zone
  if (named === 'GMT' || named === 'Etc/UTC') return 'UTC'
  return ZONES.find((known) => known === named) ?? null
}

function atLocal([at, named]: readonly Value[], zone: Zone, f: (local: number) => number): Value {
  const wanted = zoneOf(named, zone)
  if (at === NA) return NA
  if (typeof at !== 'number' || wanted === null) return UNKNOWN
  return f(at + zoneOffsetMinutes(wanted, at) * MINUTE)
}

function clockField(values: readonly Value[], zone: Zone, f: (minutes: number) => number): Value {
  return atLocal(values, zone, (local) => f(Math.floor((local % DAY) / MINUTE)))
}

function dateField(values: readonly Value[], zone: Zone, field: number): Value {
  return atLocal(values, zone, (local) => civilDate(Math.floor(local / DAY))[field]!)
}

function formatTime(at: Value | undefined, pattern: Value, zone: Zone | null): Value {
  if (at === NA) return 'NaN'
  if (typeof at !== 'number' || typeof pattern !== 'string' || zone === null) return UNKNOWN
  const offset = zoneOffsetMinutes(zone, at)
  const local = isoInstant(at + offset * MINUTE)
  const [year, month, day, hour, minute, second, thousandth] = local.split(/[-T:.Z]/)
  const fields: Readonly<Record<string, string>> = {
    yyyy: year!,
    MM: month!,
    dd: day!,
    HH: hour!,
    mm: minute!,
    ss: second!,
    SSS: thousandth!,
    Z: offsetText(offset),
  }
  return pattern.replace(
    /'([^']*)'|yyyy|MM|dd|HH|mm|SSS|ss|Z/g,
    (whole: string, kept: string | undefined) => kept ?? fields[whole]!,
  )
}

function offsetText(minutes: number): string {
  const pad = (value: number) => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${pad(size % 60)}`
}

/** timestamp(text), timestamp(year, month, day, hour, minute, second), and the same after the name of a zone. */
function instantOf(values: readonly Value[], zone: Zone): Value {
  const [first] = values
  if (values.length === 1 && typeof first === 'string') return parseInstant(first) ?? UNKNOWN
  const named = typeof first === 'string' ? zoneOf(first, zone) : zone
  const parts = typeof first === 'string' ? values.slice(1) : values
  const numbers = parts.filter((value) => typeof value === 'number')
  if (named === null || numbers.length !== parts.length || numbers.length < 3) return UNKNOWN
  const [year, month, day, hour = 0, minute = 0, second = 0] = numbers
  const local = Date.UTC(year!, month! - 1, day!, hour, minute, second)
  return local - zoneOffsetMinutes(named, local - zoneOffsetMinutes(named, local) * MINUTE) * MINUTE
}
