/** Spells amounts as people of a currency write them: ₹14,98,01,441 and $149,801,441. */
export interface MoneySpeller {
  /** With two digits after the point. */
  readonly exact: (amount: number) => string
  /** Whole units of the currency. */
  readonly whole: (amount: number) => string
  /** As short as a chart needs it: ₹1.5Cr. */
  readonly short: (amount: number) => string
}

/** Returns the speller of a currency (ISO 4217); another code is written in front. */
export function moneySpeller(currency: string): MoneySpeller {
  const locale = currency === 'INR' ? 'en-IN' : 'en-US'
  const options = { style: 'currency', currency, minimumFractionDigits: 0, maximumFractionDigits: 0 } as const
  try {
    const exact = new Intl.NumberFormat(locale, {
      ...options,
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    })
    const whole = new Intl.NumberFormat(locale, options)
    const short = new Intl.NumberFormat(locale, { ...options, notation: 'compact', maximumFractionDigits: 1 })
    return {
      exact: (amount) => exact.format(amount),
      whole: (amount) => whole.format(amount),
      short: (amount) => short.format(amount),
    }
  } catch {
    const exact = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
    const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
    const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
    return {
      exact: (amount) => `${currency} ${exact.format(amount)}`,
      whole: (amount) => `${currency} ${whole.format(amount)}`,
      short: (amount) => `${currency} ${short.format(amount)}`,
    }
  }
}
