const PLAIN = /^-?\d+(?:\.\d+)?$/
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/
/** Digits in threes, or as India groups them: the last three, then in twos. */
const GROUPED = /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3})(?:\.\d*)?$/
const CURRENCY = /^(?:[A-Z]{3,5}|[₹$€£¥₽])\s*|\s*(?:[A-Z]{3,5}|[₹$€£¥₽])$/g
/** What stands for "no value": a blank, a dash of any length, and the words of spreadsheets and Pine. */
const NOTHING = /^(?:|-|–|—|n\/a|nan|na|null|∅)$/i

/**
 * Returns the number that a field of an export spells, null when it is blank or a dash, and undefined when it is
 * something else. Reads 1,234.5 and 1,49,801.25 (grouped), (124.75) and −124.75 (below zero), ₹ and INR, and a trailing %.
 */
export function readNumber(field: string): number | null | undefined {
  if (PLAIN.test(field)) return Number(field)
  let text = field.replace(/[\u00a0\u202f\u2009]/g, ' ').trim()
  if (NOTHING.test(text)) return null
  const bracketed = /^\((.*)\)$/.exec(text)
  if (bracketed !== null) text = bracketed[1]!.trim()
  text = text.replace(/[−﹣－]/g, '-').replace(/\s*%$/, '')
  // The sign may stand before or after the currency: -₹5 and ₹-5.
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  text = sign + text.slice(sign.length).trim().replace(CURRENCY, '').trim()
  if (GROUPED.test(text)) text = text.replaceAll(',', '')
  if (!NUMBER.test(text)) return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || (bracketed !== null && value < 0)) return undefined
  return bracketed === null ? value : -value
}
