import { invariant } from './invariant.js'

/** How digits that do not fit are dropped: towards −∞, +∞ or zero, or to the nearest (ties to even, or away from zero). */
export type Rounding = 'floor' | 'ceil' | 'truncate' | 'halfEven' | 'halfUp'

const SYNTAX = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/
const POWERS: bigint[] = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent))

/** The powers of ten that a double holds exactly. */
const EXACT_POWERS: readonly number[] = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)

function power(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent)
}

/**
 * An exact decimal number, coefficient × 10^−scale with scale ≥ 0: for quantities, cash, fees and order prices.
 * Immutable. Sums, differences and products are exact; quotients and rescaling name their rounding.
 */
export class Decimal {
  readonly coefficient: bigint
  readonly scale: number

  constructor(coefficient: bigint, scale: number) {
    this.coefficient = coefficient
    this.scale = scale
  }

  /** Returns this + other, exactly. */
  plus(other: Decimal): Decimal {
    if (this.coefficient === 0n && this.scale <= other.scale) return other
    if (other.coefficient === 0n && other.scale <= this.scale) return this
    if (this.scale === other.scale) return new Decimal(this.coefficient + other.coefficient, this.scale)
    if (this.scale < other.scale) return other.plus(this)
    return new Decimal(this.coefficient + other.coefficient * power(this.scale - other.scale), this.scale)
  }

  /** Returns this − other, exactly. */
  minus(other: Decimal): Decimal {
    if (this.scale === other.scale) return new Decimal(this.coefficient - other.coefficient, this.scale)
    return this.plus(other.negated())
  }

  /** Returns this × other, exactly. */
  times(other: Decimal): Decimal {
    return new Decimal(this.coefficient * other.coefficient, this.scale + other.scale)
  }

  /** Returns this ÷ divisor with `scale` digits after the point. Throws when the divisor is zero. */
  dividedBy(divisor: Decimal, scale: number, rounding: Rounding): Decimal {
    invariant(divisor.coefficient !== 0n, 'division by zero')
    const shift = scale + divisor.scale - this.scale
    const numerator = shift >= 0 ? this.coefficient * power(shift) : this.coefficient
    const denominator = shift >= 0 ? divisor.coefficient : divisor.coefficient * power(-shift)
    return new Decimal(divide(numerator, denominator, rounding), scale)
  }

  /** Returns this with `scale` digits after the point. */
  toScale(scale: number, rounding: Rounding): Decimal {
    if (scale >= this.scale) return new Decimal(this.coefficient * power(scale - this.scale), scale)
    return new Decimal(divide(this.coefficient, power(this.scale - scale), rounding), scale)
  }

  /** Returns the multiple of `step` (above 0) that `rounding` chooses: ticks and lots. */
  toMultipleOf(step: Decimal, rounding: Rounding): Decimal {
    invariant(step.isPositive(), () => `a step must be above 0, not ${step}`)
    return this.dividedBy(step, 0, rounding).times(step)
  }

  /** Returns −this. */
  negated(): Decimal {
    return new Decimal(-this.coefficient, this.scale)
  }

  /** Returns the absolute value. */
  abs(): Decimal {
    return this.coefficient < 0n ? this.negated() : this
  }

  /** Returns a number below, equal to or above 0 as this is below, equal to or above `other`. */
  compare(other: Decimal): number {
    const left =
      this.scale < other.scale ? this.coefficient * power(other.scale - this.scale) : this.coefficient
    const right =
      other.scale < this.scale ? other.coefficient * power(this.scale - other.scale) : other.coefficient
    return left < right ? -1 : left > right ? 1 : 0
  }

  /** Returns whether both are the same number; 1.50 equals 1.5. */
  equals(other: Decimal): boolean {
    return this.compare(other) === 0
  }

  /** Returns whether this is below `other`. */
  isLessThan(other: Decimal): boolean {
    return this.compare(other) < 0
  }

  /** Returns whether this is 0. */
  isZero(): boolean {
    return this.coefficient === 0n
  }

  /** Returns whether this is above 0. */
  isPositive(): boolean {
    return this.coefficient > 0n
  }

  /** Returns whether this is below 0. */
  isNegative(): boolean {
    return this.coefficient < 0n
  }

  /** Returns the nearest double. */
  toNumber(): number {
    const coefficient = Number(this.coefficient)
    // Both exact, so the one division rounds once, to the nearest double.
    if (Number.isSafeInteger(coefficient) && this.scale <= 22) return coefficient / EXACT_POWERS[this.scale]!
    return Number(this.toString())
  }

  /** Returns plain digits, without exponent and without trailing zeros after the point. */
  toString(): string {
    if (this.scale === 0) return this.coefficient.toString()
    const negative = this.coefficient < 0n
    const digits = (negative ? -this.coefficient : this.coefficient).toString().padStart(this.scale + 1, '0')
    const point = digits.length - this.scale
    let end = digits.length
    while (end > point && digits.charCodeAt(end - 1) === 48) end--
    const text =
      end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`
    return negative && this.coefficient !== 0n ? `-${text}` : text
  }

  /** Returns the digits as text: JSON carries decimals as strings. */
  toJSON(): string {
    return this.toString()
  }
}

function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const quotient = numerator / denominator
  const remainder = numerator % denominator
  if (remainder === 0n) return quotient
  const negative = remainder < 0n !== denominator < 0n
  const away = negative ? quotient - 1n : quotient + 1n
  switch (rounding) {
    case 'truncate':
      return quotient
    case 'floor':
      return negative ? away : quotient
    case 'ceil':
      return negative ? quotient : away
    case 'halfUp':
    case 'halfEven': {
      const twice = (remainder < 0n ? -remainder : remainder) * 2n
      const size = denominator < 0n ? -denominator : denominator
      if (twice !== size) return twice < size ? quotient : away
      return rounding === 'halfUp' || quotient % 2n !== 0n ? away : quotient
    }
  }
}

/** The number 0. */
export const ZERO = new Decimal(0n, 0)

/** Returns the decimal that a text such as "-12.50" or "1e-8" spells, or null when it spells none. */
export function parseDecimal(text: string): Decimal | null {
  const match = SYNTAX.exec(text)
  if (match === null) return null
  const [, sign, whole, fraction = '', exponent = '0'] = match
  const coefficient = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n)
  const scale = fraction.length - Number(exponent)
  return scale >= 0 ? new Decimal(coefficient, scale) : new Decimal(coefficient * power(-scale), 0)
}

/** Returns `value` as a decimal; a number becomes its shortest decimal spelling. Throws on NaN, infinity or other text. */
export function decimal(value: number | string): Decimal {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return new Decimal(BigInt(value), 0)
  const parsed = parseDecimal(String(value))
  invariant(parsed !== null, () => `not a decimal number: ${value}`)
  return parsed
}
