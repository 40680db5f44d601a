import { hash } from 'node:crypto'
import { canonicalJson } from '../canonical-json.js'
import type { ReadAlert } from './alert-schema.js'

/**
 * Returns the SHA-256, in hexadecimal, of what an alert says: every known field as it was understood. So the order of
 * keys, space, spellings of a number (`78500`, `"78500.0"`) and of a time, and the case of the type do not matter; a
 * changed price, lots or indicator does. Unknown keys do not count: whoever resends an alert may stamp it.
 */
export function contentHash(reading: Pick<ReadAlert, 'alert' | 'advice'>): string {
  // Both are made by the reader with their keys in one order, so that plain JSON is canonical
  return hash('sha256', JSON.stringify([reading.alert, reading.advice]), 'hex')
}

/** Returns the SHA-256, in hexadecimal, of a whole body, unknown keys included; of its bytes where it cannot be read. */
export function bodyHash(body: ReadAlert['body'], raw: Uint8Array): string {
  return hash('sha256', body === null ? raw : canonicalJson(body), 'hex')
}
