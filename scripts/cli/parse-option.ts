import { InvalidArgumentError } from 'commander'

/** Returns a whole number above 0 from the command line. Throws a usage error otherwise. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

/** Returns the digits of an amount above 0 from the command line. Throws a usage error otherwise. */
export function parseAmount(text: string): string {
  if (/^\d{1,15}(\.\d{1,8})?$/.test(text) && Number(text) > 0) return text
  throw new InvalidArgumentError(
    'It must be an amount above 0, such as 250000 or 1250.50, without separators.',
  )
}

/** Returns an amount of 0 or more, as digits, from the command line. Throws a usage error otherwise. */
export function parseFee(text: string): string {
  if (/^\d{1,15}(\.\d{1,8})?$/.test(text)) return text
  throw new InvalidArgumentError('It must be 0 or an amount such as 12.50, without separators.')
}

/** Returns a text that says something. Throws a usage error when it is blank. */
export function parseText(text: string): string {
  if (text.trim() !== '') return text.trim()
  throw new InvalidArgumentError('It must not be blank.')
}
