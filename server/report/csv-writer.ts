import { closeSync, openSync, renameSync, writeSync } from 'node:fs'

const BUFFER_BYTES = 1 << 20
/** UTF-8 takes at most three bytes for a unit of a JavaScript string. */
const MOST_BYTES_PER_UNIT = 3

/**
 * Writes a CSV file row by row, in the order given, with bounded memory. The file has its name only once it is
 * complete: until then it ends in `.part`.
 */
export class CsvWriter {
  readonly #path: string
  readonly #file: number
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #used = 0

  constructor(path: string, header: readonly string[]) {
    this.#path = path
    this.#file = openSync(`${path}.part`, 'w')
    this.write(header.join(','))
  }

  /** Writes a row whose fields are joined and escaped already. */
  write(row: string): void {
    const text = `${row}\r\n`
    const most = text.length * MOST_BYTES_PER_UNIT
    if (this.#used + most > BUFFER_BYTES) this.#flush()
    if (most > BUFFER_BYTES) this.#writeOut(Buffer.from(text))
    else this.#used += this.#buffer.write(text, this.#used)
  }

  /** Completes the file. */
  close(): void {
    this.#flush()
    closeSync(this.#file)
    renameSync(`${this.#path}.part`, this.#path)
  }

  #flush(): void {
    this.#writeOut(this.#buffer.subarray(0, this.#used))
    this.#used = 0
  }

  #writeOut(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
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

/** Returns textField for a file whose texts repeat: each is escaped once. */
export function repeatedTextField(): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    let field = known.get(text)
    if (field === undefined) {
      field = textField(text)
      if (known.size < MOST_KNOWN_TEXTS) known.set(text, field)
    }
    return field
  }
}

const MOST_KNOWN_TEXTS = 10_000

/** Returns a number as a CSV field; nothing for null and for what is not finite. */
export function numberField(value: number | null | undefined): string {
  return value == null || !Number.isFinite(value) ? '' : String(value)
}

/**
 * Returns a computed number as a CSV field, to four digits after the point: nobody reads more of a fraction of a lot,
 * and spelling all of a double takes twice as long.
 */
export function roundedField(value: number): string {
  if (Number.isInteger(value)) return String(value)
  if (!Number.isFinite(value)) return ''
  return Math.abs(value) < 1 ? String(value) : value.toFixed(4)
}
