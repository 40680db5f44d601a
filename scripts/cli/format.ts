/** A number, or the digits of an exact one. */
export type Amount = number | string

/** India groups lakh and crore: ₹1,00,00,000. Everybody else who is served here groups thousands. */
function localeOf(currency: string): string {
  return currency === 'INR' ? 'en-IN' : 'en-US'
}

/** Returns an amount of money as people of its currency write it, with two digits after the point. */
export function formatMoney(amount: Amount, currency: string): string {
  const grouping = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const
  // Digits given as text are formatted exactly, however many there are.
  const exact = amount as number
  try {
    const format = { ...grouping, style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const
    return new Intl.NumberFormat(localeOf(currency), format).format(exact)
  } catch {
    // Coins have no ISO 4217 code.
    return `${new Intl.NumberFormat(localeOf(currency), grouping).format(exact)} ${currency}`
  }
}

/** Returns a number grouped as people of `currency` do, with at most `digits` after the point (default 2). */
export function formatNumber(value: Amount, currency = 'INR', digits = 2): string {
  return new Intl.NumberFormat(localeOf(currency), { maximumFractionDigits: digits }).format(value as number)
}

/** Returns a percentage with two digits after the point: 12.30 %. */
export function formatPercent(value: number): string {
  return `${value.toFixed(2)} %`
}

/** Returns "1 point", "3.5 points". */
export function formatPoints(value: number, currency: string): string {
  const text = formatNumber(value, currency)
  return `${text} ${text === '1' ? 'point' : 'points'}`
}

/** Returns "1 lot", "3 lots". */
export function formatLots(lots: Amount): string {
  return `${formatNumber(lots, 'INR', 8)} ${Number(lots) === 1 ? 'lot' : 'lots'}`
}

/** Returns an instant as the local time of this machine with its offset: 2026-01-05 15:00:00 +05:30. */
export function formatTime(at: string | number | Date): string {
  const date = new Date(at)
  const offset = -date.getTimezoneOffset()
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19).replace('T', ' ')
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const size = Math.abs(offset)
  return `${local} ${offset < 0 ? '-' : '+'}${pad(size / 60)}:${pad(size % 60)}`
}
