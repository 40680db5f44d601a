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

/** Returns whether integer arithmetic in doubles that gave `result` was exact. */
function isExact(result: number): boolean {
  return result <= Number.MAX_SAFE_INTEGER && result >= Number.MIN_SAFE_INTEGER
}

/** Returns `digits` × 10^`places` in a double, or NaN when a double does not hold it exactly. */
function shifted(digits: number, places: number): number {
  if (places === 0) return digits
  const result = digits * (EXACT_POWERS[places] ?? Number.NaN)
  return isExact(result) ? result : Number.NaN
}

/**
 * An exact decimal number, digits × 10^−scale with scale ≥ 0: for quantities, cash, fees and order prices.
 * Immutable. Sums, differences and products are exact; quotients and rescaling name their rounding.
 */
export class Decimal {
  /** A double as long as that is exact, which is most of the time and several times faster; else a bigint. */
  readonly digits: number | bigint
  readonly scale: number

  constructor(digits: number | bigint, scale: number) {
    this.digits = typeof digits === 'bigint' ? narrowed(digits) : digits
    this.scale = scale
  }

  /** The digits as an integer of any size. */
  get coefficient(): bigint {
    return BigInt(this.digits)
  }

  /** Returns this + other, exactly. */
  plus(other: Decimal): Decimal {
    if (this.scale < other.scale) return other.plus(this)
    if (other.digits === 0) return this
    const places = this.scale - other.scale
    if (typeof this.digits === 'number' && typeof other.digits === 'number') {
      const sum = this.digits + shifted(other.digits, places)
      if (isExact(sum)) return new Decimal(sum, this.scale)
    }
    return new Decimal(this.coefficient + other.coefficient * power(places), this.scale)
  }

  /** Returns this − other, exactly. */
  minus(other: Decimal): Decimal {
    const { digits, scale } = this
    if (scale >= other.scale && typeof digits === 'number' && typeof other.digits === 'number') {
      const difference = digits - shifted(other.digits, scale - other.scale)
      if (isExact(difference)) return new Decimal(difference, scale)
    }
    return this.plus(other.negated())
  }

  /** Returns this × other, exactly. */
  times(other: Decimal): Decimal {
    const scale = this.scale + other.scale
    if (typeof this.digits === 'number' && typeof other.digits === 'number') {
      const product = this.digits * other.digits
      // A double knows −0, a decimal does not.
      if (isExact(product)) return new Decimal(product + 0, scale)
    }
    return new Decimal(this.coefficient * other.coefficient, scale)
  }

  /** Returns this ÷ divisor with `scale` digits after the point. Throws when the divisor is zero. */
  dividedBy(divisor: Decimal, scale: number, rounding: Rounding): Decimal {
    invariant(divisor.digits !== 0, 'division by zero')
    const places = scale + divisor.scale - this.scale
    if (typeof this.digits === 'number' && typeof divisor.digits === 'number') {
      const numerator = shifted(this.digits, Math.max(places, 0))
      const denominator = shifted(divisor.digits, Math.max(-places, 0))
      const quotient = divideDoubles(numerator, denominator, rounding)
      if (isExact(quotient)) return new Decimal(quotient, scale)
    }
    const numerator = this.coefficient * power(Math.max(places, 0))
    const denominator = divisor.coefficient * power(Math.max(-places, 0))
    return new Decimal(divide(numerator, denominator, rounding), scale)
  }

  /** Returns this with `scale` digits after the point. */
  toScale(scale: number, rounding: Rounding): Decimal {
    if (scale === this.scale) return this
    if (scale > this.scale) return new Decimal(this.coefficient * power(scale - this.scale), scale)
    return new Decimal(divide(this.coefficient, power(this.scale - scale), rounding), scale)
  }

  /** Returns the multiple of `step` (above 0) that `rounding` chooses: ticks and lots. */
  toMultipleOf(step: Decimal, rounding: Rounding): Decimal {
    invariant(step.isPositive(), () => `a step must be above 0, not ${step}`)
    return this.dividedBy(step, 0, rounding).times(step)
  }

  /** Returns −this. */
  negated(): Decimal {
    return new Decimal(typeof this.digits === 'number' ? 0 - this.digits : -this.digits, this.scale)
  }

  /** Returns the absolute value. */
  abs(): Decimal {
    return this.isNegative() ? this.negated() : this
  }

  /** Returns a number below, equal to or above 0 as this is below, equal to or above `other`. */
  compare(other: Decimal): number {
    const places = this.scale - other.scale
    if (typeof this.digits === 'number' && typeof other.digits === 'number') {
      const difference =
        shifted(this.digits, Math.max(-places, 0)) - shifted(other.digits, Math.max(places, 0))
      if (!Number.isNaN(difference)) return Math.sign(difference)
    }
    const left = this.coefficient * power(Math.max(-places, 0))
    const right = other.coefficient * power(Math.max(places, 0))
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
    return this.digits === 0
  }

  /** Returns whether this is above 0. */
  isPositive(): boolean {
    return this.digits > 0
  }

  /** Returns whether this is below 0. */
  isNegative(): boolean {
    return this.digits < 0
  }

  /** Returns the nearest double. */
  toNumber(): number {
    const divisor = EXACT_POWERS[this.scale]
    // Both exact, so the one division rounds once, to the nearest double.
    if (typeof this.digits === 'number' && divisor !== undefined) return this.digits / divisor
    return Number(this.toString())
  }

  /** Returns plain digits, without exponent and without trailing zeros after the point. */
  toString(): string {
    const text = this.digits.toString()
    if (this.scale === 0) return text
    const isNegative = this.isNegative()
    const digits = (isNegative ? text.slice(1) : text).padStart(this.scale + 1, '0')
    const point = digits.length - this.scale
    let end = digits.length
    while (end > point && digits.charCodeAt(end - 1) === 48) end--
    const plain =
      end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`
    return isNegative ? `-${plain}` : plain
  }

  /** Returns the digits as text: JSON carries decimals as strings. */
  toJSON(): string {
    return this.toString()
  }
}

function narrowed(digits: bigint): number | bigint {
  const isSafe = digits <= BigInt(Number.MAX_SAFE_INTEGER) && digits >= BigInt(Number.MIN_SAFE_INTEGER)
  return isSafe ? Number(digits) : digits
}

/** The same as `divide` for doubles that are exact integers; NaN gives NaN. */
function divideDoubles(numerator: number, denominator: number, rounding: Rounding): number {
  // Below 2^53 no quotient is so near to the next integer that it rounds to it. A decimal does not know −0.
  const quotient = Math.trunc(numerator / denominator) + 0
  const remainder = numerator - quotient * denominator
  if (remainder === 0 || Number.isNaN(remainder)) return quotient
  const isNegative = remainder < 0 !== denominator < 0
  const fromHalf = Math.abs(remainder) - (Math.abs(denominator) - Math.abs(remainder))
  if (!goesAway(rounding, { isNegative, fromHalf, isOdd: quotient % 2 !== 0 })) return quotient
  return isNegative ? quotient - 1 : quotient + 1
}

function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const quotient = numerator / denominator
  const remainder = numerator % denominator
  if (remainder === 0n) return quotient
  const isNegative = remainder < 0n !== denominator < 0n
  const twice = (remainder < 0n ? -remainder : remainder) * 2n
  const size = denominator < 0n ? -denominator : denominator
  const fromHalf = twice < size ? -1 : twice > size ? 1 : 0
  if (!goesAway(rounding, { isNegative, fromHalf, isOdd: quotient % 2n !== 0n })) return quotient
  return isNegative ? quotient - 1n : quotient + 1n
}

/** A truncated quotient: its sign, whether what was dropped is below, at or above a half, and whether it is odd. */
interface Truncated {
  readonly isNegative: boolean
  readonly fromHalf: number
  readonly isOdd: boolean
}

/** Returns whether `rounding` takes the next integer away from zero rather than the truncated one. */
function goesAway(rounding: Rounding, { isNegative, fromHalf, isOdd }: Truncated): boolean {
  switch (rounding) {
    case 'truncate':
      return false
    case 'floor':
      return isNegative
    case 'ceil':
      return !isNegative
    case 'halfUp':
      return fromHalf >= 0
    case 'halfEven':
      return fromHalf > 0 || (fromHalf === 0 && isOdd)
  }
}

/** Returns the lesser of two. */
export function least(left: Decimal, right: Decimal): Decimal {
  return right.isLessThan(left) ? right : left
}

/** The number 0. */
export const ZERO = new Decimal(0, 0)

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
  if (typeof value === 'number') {
    const short = shortDecimal(value)
    if (short !== null) return short
  }
  const parsed = parseDecimal(String(value))
  invariant(parsed !== null, () => `not a decimal number: ${value}`)
  return parsed
}

const SHORT_SCALE = 4
const SHORT_DIGITS = 1e15

/**
 * Returns the decimal of a number with few digits, as prices, ticks and lots are, without spelling it; else null. Two
 * decimals of up to 15 digits are never the same double, so the one that reads as `value` is its shortest spelling.
 */
function shortDecimal(value: number): Decimal | null {
  if (Number.isSafeInteger(value)) return new Decimal(value + 0, 0)
  for (let scale = 1; scale <= SHORT_SCALE; scale++) {
    const digits = Math.round(value * EXACT_POWERS[scale]!)
    if (!(Math.abs(digits) < SHORT_DIGITS)) return null
    if (digits / EXACT_POWERS[scale]! === value) return new Decimal(digits, scale)
  }
  return null
}
