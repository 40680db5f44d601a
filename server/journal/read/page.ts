import { type RawBuilder, sql } from 'kysely'
import { ServiceError } from '../../errors.js'

/** Which part of a list is asked for. */
export interface PageQuery {
  readonly limit: number
  /** Where the previous page ended; null for the newest. */
  readonly cursor: string | null
}

/** Part of a list, newest first. */
export interface Page<T> {
  readonly items: readonly T[]
  /** The cursor of the next page; null when this is the last. */
  readonly next: string | null
}

/** Which of the things that end are listed. */
export type StatusFilter = 'open' | 'closed' | 'all'

/** A page of things that end. */
export interface FilteredPageQuery extends PageQuery {
  readonly status: StatusFilter
}

/** Where in a portfolio's logs something was made. */
export interface LogPlace {
  readonly seq: number
  readonly idx: number
}

/** Returns the condition that a row of the table `alias` comes after the page before. Throws on a foreign cursor. */
export function afterPlace(alias: string, cursor: string | null): RawBuilder<boolean> {
  if (cursor === null) return sql<boolean>`true`
  const [seq, idx] = decodeCursor(cursor, 2)
  return sql<boolean>`(${sql.ref(`${alias}.seq`)}, ${sql.ref(`${alias}.idx`)}) < (${seq}, ${idx})`
}

/** Returns the id before which the page begins, or null for the newest. Throws on a foreign cursor. */
export function afterId(cursor: string | null): number | null {
  return cursor === null ? null : decodeCursor(cursor, 1)[0]!
}

/** Returns the page of rows that were read with one more than the limit. */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  limit: number,
  show: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => readonly number[] },
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const next = rows.length > limit && last !== undefined ? encodeCursor(show.cursor(last)) : null
  return { items: shown.map(show.item), next }
}

/** Returns the numbers of a row's place as a cursor keeps them. */
export function placeOf({ seq, idx }: LogPlace): readonly number[] {
  return [seq, idx]
}

function encodeCursor(numbers: readonly number[]): string {
  return Buffer.from(numbers.join('.')).toString('base64url')
}

function decodeCursor(cursor: string, count: number): number[] {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const numbers = text.split('.').map((part) => (/^\d{1,15}$/.test(part) ? Number(part) : Number.NaN))
  if (numbers.length === count && numbers.every((number) => Number.isSafeInteger(number))) return numbers
  throw new ServiceError('CURSOR_INVALID', 'The cursor was not made by this list')
}
