/** An amount between words or signs of a currency; a sign of its own, or brackets, spell something else than an amount. */
const AMOUNT = /^(?:[^\d+\-−()]*[^\d.,+\-−()])?(\d(?:[\d.,\s'’]*\d)?)(?:[^\d.,+\-−()][^\d+\-−()]*)?$/u

/**
 * Returns the amount of money that a statistics page spells, or null when it spells none above 0. Spaces and apostrophes
 * group. Of two kinds of separators the last one is the decimal point; the same one twice only groups. A lone dot is the
 * decimal point; a lone comma is one unless three digits follow, which it groups: 1,234 is 1234 and 12,5 is 12.5.
 */
export function parseAmount(text: string): number | null {
  const spelled = AMOUNT.exec(text.trim())?.[1]
  if (spelled === undefined) return null
  const digits = spelled.replace(/[\s'’]/g, '')
  const point = decimalPoint(digits)
  const [whole, fraction] = point === -1 ? [digits, ''] : [digits.slice(0, point), digits.slice(point + 1)]
  if (!/^\d+$|^\d{1,3}([.,]\d{3})+$/.test(whole) || !/^\d*$/.test(fraction)) return null
  const amount = Number(`${whole.replace(/[.,]/g, '')}.${fraction}`)
  return Number.isFinite(amount) && amount > 0 ? amount : null
}

/** Where the decimal point is, or −1 when there is none. */
function decimalPoint(digits: string): number {
  const last = Math.max(digits.lastIndexOf('.'), digits.lastIndexOf(','))
  if (last === -1) return -1
  const mark = digits[last]
  const others = digits.slice(0, last)
  if (others.includes(mark!)) return -1
  if (/[.,]/.test(others)) return last
  return mark === ',' && digits.length - last - 1 === 3 ? -1 : last
}
