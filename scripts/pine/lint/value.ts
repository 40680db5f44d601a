/** Pine's na. */
export const NA = Symbol('na')
/** What cannot be told from the script alone. */
export const UNKNOWN = Symbol('unknown')

/** What an expression comes to, as far as it can be told. */
export type Value = number | string | boolean | typeof NA | typeof UNKNOWN

/** Returns a plausible number for what a name stands for, so that prices, stops and ratios fit together. */
export function sampleNumber(name: string): number {
  const last = name.toLowerCase().split('.').at(-1)!
  const known = SAMPLES.find(([pattern]) => pattern.test(last))
  return known === undefined ? 100 : known[1]
}

const SAMPLES: readonly (readonly [RegExp, number])[] = [
  [/stop|trail/, 95.5],
  [/super_?trend|^st$|ema|sma|lowest/, 96.25],
  [/atr|^tr$/, 2.125],
  [/^er$|efficien/, 0.85],
  [/rsi/, 75.5],
  [/adx|dmi/, 12.5],
  [/roc/, 1.75],
  [/lots|qty|count|size|pyramid/, 3],
  [/volume/, 1000],
  [/highest|dc_?upper|^high$/, 101.5],
  [/^low$/, 98.75],
  [/^open$/, 99.25],
]

/** Returns the value of `left operator right`; na makes arithmetic na and every comparison false. */
export function combine(operator: string, left: Value, right: Value): Value {
  if (operator === 'and') return both(left, right)
  if (operator === 'or') return negate(both(negate(left), negate(right)))
  const isComparison = /^[=!<>]/.test(operator)
  const hasNa = left === NA || right === NA
  if (hasNa && isComparison) return operator === '!='
  // na joined to a text prints as NaN, which the text's own function has to say
  if (hasNa) return operator === '+' && (typeof left === 'string' || typeof right === 'string') ? UNKNOWN : NA
  if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) {
    return typeof left === 'string' && typeof right === 'string' ? left + right : UNKNOWN
  }
  if (operator === '==') return left === right
  if (operator === '!=') return left !== right
  if (typeof left !== 'number' || typeof right !== 'number') return UNKNOWN
  return isComparison ? compare(operator, left, right) : calculate(operator, left, right)
}

function both(left: Value, right: Value): Value {
  if (left === false || right === false) return false
  return left === true && right === true ? true : UNKNOWN
}

/** Returns the opposite of a truth value. */
export function negate(value: Value): Value {
  return typeof value === 'boolean' ? !value : UNKNOWN
}

function compare(operator: string, left: number, right: number): Value {
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  if (operator === '>') return left > right
  return operator === '>=' ? left >= right : UNKNOWN
}

function calculate(operator: string, left: number, right: number): Value {
  const value = arithmetic(operator, left, right)
  return Number.isFinite(value) ? value : NA
}

function arithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    default:
      return left % right
  }
}
