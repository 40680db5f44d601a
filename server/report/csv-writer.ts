import { closeSync, openSync, renameSync, writeSync } from 'node:fs'

const BUFFERED_CHARACTERS = 1 << 18

/**
 * Writes a CSV file row by row, in the order given, with bounded memory. The file has its name only once it is
 * complete: until then it ends in `.part`.
 */
export class CsvWriter {
  readonly #path: string
  readonly #file: number
  #buffer = ''

  constructor(path: string, header: readonly string[]) {
    this.#path = path
    this.#file = openSync(`${path}.part`, 'w')
    this.write(header.join(','))
  }

  /** Writes a row whose fields are joined and escaped already. */
  write(row: string): void {
    this.#buffer += `${row}\r\n`
    if (this.#buffer.length > BUFFERED_CHARACTERS) this.#flush()
  }

  /** Completes the file. */
  close(): void {
    this.#flush()
    closeSync(this.#file)
    renameSync(`${this.#path}.part`, this.#path)
  }

  #flush(): void {
    const bytes = Buffer.from(this.#buffer)
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.#buffer = ''
  }
}

const NEEDS_QUOTES = /[",\r\n]/
const LOOKS_LIKE_A_FORMULA = /^[=+\-@\t\r]/

/**
 * Returns a text as a CSV field (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in
 * front; numbers are written without this function and stay numbers.
 */
export function textField(text: string): string {
  const safe = LOOKS_LIKE_A_FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Returns a number as a CSV field; nothing for null and for what is not finite. */
export function numberField(value: number | null | undefined): string {
  return value == null || !Number.isFinite(value) ? '' : String(value)
}
