import { Decimal as Reference } from 'decimal.js'
import fc from 'fast-check'
import t from 'tap'
import { Decimal, decimal, parseDecimal, type Rounding, ZERO } from '../../core/decimal.js'
import { counts } from '../helpers/counts.js'

const Exact = Reference.clone({ precision: 400, toExpNeg: -9e15, toExpPos: 9e15 })
const runs = { numRuns: counts.propertyRuns }

const MODES: Readonly<Record<Rounding, Reference.Rounding>> = {
  floor: Reference.ROUND_FLOOR,
  ceil: Reference.ROUND_CEIL,
  truncate: Reference.ROUND_DOWN,
  halfEven: Reference.ROUND_HALF_EVEN,
  halfUp: Reference.ROUND_HALF_UP,
}
const ROUNDINGS = Object.keys(MODES) as Rounding[]

/** Coefficients with few and with many digits; small ones, so that ties are met, and those where doubles end. */
const coefficients = fc.oneof(
  fc.bigInt({ min: 2n ** 53n - 5n, max: 2n ** 53n + 5n }),
  fc.bigInt({ min: -(2n ** 53n) - 5n, max: -(2n ** 53n) + 5n }),
  fc.bigInt({ min: -(2n ** 27n), max: 2n ** 27n }),
  fc.bigInt({ min: -200n, max: 200n }),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
  fc.integer({ min: -30, max: 30 }).map((half) => BigInt(half) * 5n),
)
const decimals = fc
  .tuple(coefficients, fc.integer({ min: 0, max: 25 }))
  .map(([coefficient, scale]) => new Decimal(coefficient, scale))
const scales = fc.integer({ min: 0, max: 20 })
const roundings = fc.constantFrom(...ROUNDINGS)

const reference = (value: Decimal): Reference => new Exact(`${value.coefficient}e-${value.scale}`)

function isSame(actual: Decimal, expected: Reference): boolean {
  return reference(actual).equals(expected)
}

t.test('sums, differences and products are exact', async () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      const [x, y] = [reference(a), reference(b)]
      return isSame(a.plus(b), x.plus(y)) && isSame(a.minus(b), x.minus(y)) && isSame(a.times(b), x.times(y))
    }),
    runs,
  )
})

t.test('a quotient has the digits that were asked for, rounded as named', async () => {
  fc.assert(
    fc.property(decimals, decimals, scales, roundings, (a, b, scale, rounding) => {
      fc.pre(!b.isZero())
      const quotient = a.dividedBy(b, scale, rounding)
      // Both scaled to integers: the reference's own division would round twice.
      const places = Math.max(a.scale, b.scale)
      const numerator = BigInt(
        reference(a)
          .times(`1e${places + scale}`)
          .toFixed(),
      )
      const denominator = BigInt(reference(b).times(`1e${places}`).toFixed())
      return quotient.scale === scale && quotient.coefficient === quotientOf(numerator, denominator, rounding)
    }),
    runs,
  )
})

/** An independent division of integers: by floor and the distance to it. */
function quotientOf(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const [n, d] = denominator < 0n ? [-numerator, -denominator] : [numerator, denominator]
  const rest = ((n % d) + d) % d
  const floor = (n - rest) / d
  if (rest === 0n) return floor
  const isNegative = n < 0n
  const isTie = 2n * rest === d
  const isNearerUp = 2n * rest > d
  if (rounding === 'floor') return floor
  if (rounding === 'ceil') return floor + 1n
  if (rounding === 'truncate') return isNegative ? floor + 1n : floor
  if (!isTie) return isNearerUp ? floor + 1n : floor
  if (rounding === 'halfUp') return isNegative ? floor : floor + 1n
  return floor % 2n === 0n ? floor : floor + 1n
}

t.test('a number of digits is reached with the rounding that is named', async () => {
  fc.assert(
    fc.property(decimals, scales, roundings, (value, scale, rounding) => {
      const rounded = value.toScale(scale, rounding)
      return (
        rounded.scale === scale && isSame(rounded, reference(value).toDecimalPlaces(scale, MODES[rounding]))
      )
    }),
    runs,
  )
})

t.test('every rounding treats both sides of a tie as its name says', async (t) => {
  const rounded = (text: string, rounding: Rounding) => decimal(text).toScale(0, rounding).toString()
  const values = ['-2.5', '-1.5', '-0.5', '0.5', '1.5', '2.5', '2.51', '-2.49']
  const expected: Record<Rounding, string[]> = {
    floor: ['-3', '-2', '-1', '0', '1', '2', '2', '-3'],
    ceil: ['-2', '-1', '0', '1', '2', '3', '3', '-2'],
    truncate: ['-2', '-1', '0', '0', '1', '2', '2', '-2'],
    halfEven: ['-2', '-2', '0', '0', '2', '2', '3', '-2'],
    halfUp: ['-3', '-2', '-1', '1', '2', '3', '3', '-2'],
  }
  for (const rounding of ROUNDINGS) {
    t.same(
      values.map((value) => rounded(value, rounding)),
      expected[rounding],
      rounding,
    )
  }
})

t.test('a multiple of a step lies on the step, on the side that the rounding names', async () => {
  const steps = fc
    .tuple(fc.bigInt({ min: 1n, max: 10_000n }), fc.integer({ min: 0, max: 6 }))
    .map(([coefficient, scale]) => new Decimal(coefficient, scale))
  fc.assert(
    fc.property(decimals, steps, roundings, (value, step, rounding) => {
      const chosen = reference(value.toMultipleOf(step, rounding))
      return chosen.equals(reference(value).toNearest(reference(step), MODES[rounding]))
    }),
    runs,
  )
})

t.test('what is printed is plain, and reads back as the same number', async () => {
  fc.assert(
    fc.property(decimals, (value) => {
      const text = value.toString()
      const back = parseDecimal(text)
      return (
        text === reference(value).toFixed() &&
        JSON.stringify(value) === `"${text}"` &&
        back?.equals(value) &&
        back.toString() === text
      )
    }),
    runs,
  )
})

t.test('as a double a decimal is the nearest one: what Number makes of its text', async () => {
  fc.assert(
    fc.property(decimals, (value) => Object.is(value.toNumber(), Number(value.toString()))),
    runs,
  )
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      return Object.is(decimal(value).toNumber(), value + 0)
    }),
    runs,
  )
})

t.test('comparisons and signs agree with the numbers, whatever their scales', async () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      const [x, y] = [reference(a), reference(b)]
      return (
        a.compare(b) === x.comparedTo(y) &&
        a.equals(b) === x.equals(y) &&
        a.isLessThan(b) === x.lessThan(y) &&
        a.isZero() === x.isZero() &&
        a.isPositive() === x.greaterThan(0) &&
        a.isNegative() === x.lessThan(0) &&
        isSame(a.abs(), x.abs()) &&
        isSame(a.negated(), x.negated())
      )
    }),
    runs,
  )
})

t.test('the spellings of a number are read, and nothing else is', async (t) => {
  const spelled: [text: string, printed: string][] = [
    ['0', '0'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['007.50', '7.5'],
    ['+3', '3'],
    ['1e-8', '0.00000001'],
    ['1.5E3', '1500'],
    ['-12.3400e1', '-123.4'],
    ['12345678901234567890.123456789', '12345678901234567890.123456789'],
  ]
  for (const [text, printed] of spelled) t.equal(parseDecimal(text)?.toString(), printed, text)
  const wrong = ['', ' 1', '1 ', '.5', '5.', '1,000', '1e', '0x10', 'NaN', 'Infinity', '--1', '1e99999', '١']
  for (const text of wrong) t.equal(parseDecimal(text), null, JSON.stringify(text))
})

t.test('a number becomes its shortest spelling, and what is no number is refused', async (t) => {
  const short = fc
    .tuple(fc.maxSafeInteger(), fc.nat({ max: 9 }))
    .map(([coefficient, scale]) => coefficient / 10 ** scale)
  const sums = fc.tuple(short, short).map(([a, b]) => a + b)
  fc.assert(
    fc.property(fc.oneof(short, sums, fc.float({ noNaN: true, noDefaultInfinity: true })), (value) => {
      return decimal(value).equals(parseDecimal(String(value)) ?? ZERO)
    }),
    runs,
  )
  t.equal(decimal(0.1).toString(), '0.1')
  t.equal(decimal(1e21).toString(), '1000000000000000000000')
  t.equal(decimal(-0).toString(), '0')
  t.equal(decimal(1e-7).toString(), '0.0000001')
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'twelve']) {
    t.throws(() => decimal(value), { name: 'InvariantError', message: /not a decimal number/ })
  }
})

t.test('dividing by zero and stepping by nothing are mistakes of the caller', async (t) => {
  t.throws(() => decimal(1).dividedBy(ZERO, 2, 'floor'), { message: /division by zero/ })
  t.throws(() => decimal(1).toMultipleOf(ZERO, 'floor'), { message: /a step must be above 0, not 0/ })
  t.throws(() => decimal(1).toMultipleOf(decimal(-1), 'floor'), { message: /not -1/ })
})
