import type { AlertReading, ReadAlert } from '../../server/inbox/alert-schema.js'
import { createAlertReader } from '../../server/inbox/alert-schema.js'
import { type AlertIdentity, identifyAlert } from '../../server/inbox/dedupe-key.js'

/** The instruments of the tests. */
export const instruments = [
  { name: 'BANK_NIFTY', zone: 'Asia/Kolkata' },
  { name: 'GOLD_MINI', zone: 'Asia/Kolkata' },
  { name: 'SILVER_MINI', zone: 'Asia/Kolkata' },
  { name: 'SPY', zone: 'America/New_York' },
] as const

/** Reads bodies of a source that may say anything about them. */
export const readAny = createAlertReader({ instruments, allowedTypes: null, allowedInstruments: null })

/** A base entry as a strategy sends it: spaces after the separators, a time without offset. */
export const entryBody =
  '{"type":"BASE_ENTRY", "instrument":"GOLD_MINI", "position":"Long_1", "price":81240, "stop":80535.5, "lots":4, ' +
  '"atr":704.5, "er":0.8734, "supertrend":80410.25, "roc":2.14, "timestamp":"2026-02-10T16:00:01"}'

/** A pyramid as a strategy sends it. */
export const pyramidBody =
  '{"type":"PYRAMID", "instrument":"SILVER_MINI", "position":"Long_2", "price":248150, "stop":241900, "lots":1, ' +
  '"atr":2410, "er":0.91, "supertrend":241900, "roc":3.2, "timestamp":"2026-02-11T10:00:01"}'

/** An exit as a strategy sends it when its entry price is na: no JSON for JSON.parse. */
export const exitBody =
  '{"type":"EXIT", "instrument":"BANK_NIFTY", "position":"Long_2", "price":58340, "stop":58410.5, ' +
  '"entry_price":NaN, "lots":3, "reason":"TOM_BASSO_STOP", "atr":342, "er":0.37, "supertrend":58120, "roc":-0.8, ' +
  '"timestamp":"2026-02-12T14:15:01"}'

/** A scout's report: no spaces. */
export const scoutBody =
  '{"type":"EOD_MONITOR","instrument":"GOLD_MINI","timestamp":"2026-02-10T23:41:15","price":81310.5,' +
  '"conditions":{"rsi_condition":true,"ema_condition":true,"dc_condition":true,"adx_condition":true,' +
  '"er_condition":true,"st_condition":true,"not_doji":true,"long_entry":true,"long_exit":false},' +
  '"indicators":{"rsi":76.2,"ema":79120.75,"dc_upper":81150,"adx":13.4,"er":0.88,"supertrend":80410.5,"atr":699.1},' +
  '"position_status":{"in_position":false},"sizing":{"suggested_lots":4}}'

/** A confirmed bar. */
export const barBody =
  '{"type":"MARKET_DATA","instrument":"SILVER_MINI","timestamp":"2026-02-10T14:00:00","price":247300,"atr":2385.5,' +
  '"supertrend":240100}'

/** Reads a body. */
export function read(body: string | Buffer): AlertReading {
  return readAny(typeof body === 'string' ? Buffer.from(body) : body)
}

/** Returns a body with some members changed; undefined takes one away. */
export function changed(body: string, members: Readonly<Record<string, unknown>>): string {
  const object: Record<string, unknown> = { ...JSON.parse(body.replaceAll('NaN', 'null')), ...members }
  return JSON.stringify(object)
}

/** Returns a body in which the text of one member's value is another: for what JSON.stringify cannot write. */
export function spelled(body: string, member: string, text: string): string {
  return changed(body, { [member]: '@here@' }).replace('"@here@"', text)
}

/** Reads a body that must be an alert. */
export function readAlert(body: string | Buffer): ReadAlert {
  const reading = read(body)
  if (reading.kind === 'alert') return reading
  throw new Error(`refused: ${JSON.stringify(reading.problems)}`)
}

/** Returns the fields that a body is refused for; empty when it is an alert. */
export function wrongFields(body: string | Buffer): readonly string[] {
  const reading = read(body)
  return reading.kind === 'alert' ? [] : reading.problems.map((problem) => problem.field)
}

/** Returns what an alert of the source `tv`, received on 12 February 2026, is known by. */
export function identityOf(body: string | Buffer, receivedAt = Date.UTC(2026, 1, 12, 9)): AlertIdentity {
  const raw = typeof body === 'string' ? Buffer.from(body) : body
  return identifyAlert(readAlert(raw), { source: 'tv', raw, receivedAt, zone: 'Asia/Kolkata' })
}
