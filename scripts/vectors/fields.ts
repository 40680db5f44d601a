import { type Decimal, decimal } from '../../core/decimal.js'
import { type AllocationHalt, describeHalt } from '../../core/strategies/allocation/halt.js'

/** The fields of a case's input or of its answer. */
export type Fields = Record<string, unknown>

/** Returns a number or a numeric text of a case as a decimal; throws when it is neither. */
export function exact(value: unknown): Decimal {
  return decimal(typeof value === 'string' ? value : Number(value))
}

/** Returns a decimal with at least `digits` digits after the point. */
export function spell(value: Decimal, digits: number): string {
  const text = value.toString()
  const present = text.includes('.') ? text.length - text.indexOf('.') - 1 : 0
  if (present >= digits) return text
  return `${text}${present === 0 ? '.' : ''}${'0'.repeat(digits - present)}`
}

/** Returns the entries of a field that is an object, none when it is left out. */
export function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries((value ?? {}) as Fields)
}

const weightReasons = {
  empty: 'weights_empty',
  notANumber: 'weights_not_numbers',
  outOfRange: 'weights_out_of_range',
  sumZero: 'weights_sum_zero',
  sumNot100: 'weights_sum_not_100',
  duplicate: 'weights_duplicate',
  unknownSymbol: 'weights_unknown_symbol',
  cashMissing: 'weights_without_cash',
} as const

/** Returns a halt as the fields under which the reference tells it. */
export function haltFields(halt: AllocationHalt): Fields {
  const message = describeHalt(halt)
  switch (halt.halt) {
    case 'weightData': {
      const { mode, missing, symbols } = halt
      return { error: 'BalancingDataError', mode, missingData: [missing], affectedTickers: symbols, message }
    }
    case 'weights':
      return { error: 'ConfigError', reason: weightReasons[halt.problem], message }
    case 'unknownSymbol':
      return { error: 'unknown_instrument', tickers: halt.symbols, orders: [], message }
    case 'unknownPair':
      return { error: 'unknown_pair', message }
    case 'price':
      return { error: `${halt.problem}_price`, assets: halt.symbols, message }
    case 'rate':
      return { error: 'missing_rate', message }
    case 'emptyPortfolio':
      return { error: 'empty_portfolio', message }
  }
}
