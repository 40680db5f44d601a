import { Decimal } from '../decimal.js'

/** A number as T-Invest sends it: whole units and billionths, both of the same sign. */
export interface Quotation {
  readonly units: number
  readonly nano: number
}

const NANO_DIGITS = 9

/** Returns units + nano ÷ 10⁹, exactly; a part that is left out is 0. */
export function quotationToDecimal({ units = 0, nano = 0 }: Partial<Quotation>): Decimal {
  return new Decimal(units, 0).plus(new Decimal(nano, NANO_DIGITS))
}

/** Returns the quotation nearest to a decimal, ties to even; both parts have its sign. */
export function decimalToQuotation(value: Decimal): Quotation {
  const units = value.toScale(NANO_DIGITS, 'halfEven').toScale(0, 'truncate')
  const nano = value.minus(units).toScale(NANO_DIGITS, 'halfEven').coefficient
  return { units: units.toNumber(), nano: Number(nano) }
}
