import type { Decision, Sizing } from '../../core/decision.js'
import type { Gate } from '../../core/risk/gate.js'
import type { Instant } from '../../core/time.js'
import { CsvWriter, numberField, repeatedTextField, roundedField, textField } from './csv-writer.js'

const COLUMNS = [
  'at',
  'id',
  'kind',
  'instrument',
  'outcome',
  'reasons',
  'boundBy',
  'lots',
  'price',
  'stop',
  'atr',
  'er',
  'equity',
  'availableMargin',
  'riskLots',
  'volatilityLots',
  'marginLots',
  'geometricLots',
  'riskBudgetLots',
  'shutGates',
  'positions',
  'notes',
] as const

/** Writes decisions.csv: one row a decision, in order, with its arithmetic and what stood in the way. */
export class DecisionsCsv {
  readonly #writer: CsvWriter
  readonly #spellTime: (instant: Instant) => string
  readonly #textField = repeatedTextField()

  constructor(path: string, spellTime: (instant: Instant) => string) {
    this.#writer = new CsvWriter(path, COLUMNS)
    this.#spellTime = spellTime
  }

  /** Writes a decision. */
  write(decision: Decision): void {
    const { kind, outcome, boundBy, price, stop, lots } = decision
    const text = this.#textField
    this.#writer.write(
      `${this.#spellTime(decision.at)},${idField(decision.id)},${kind},${text(decision.instrument ?? '')},${outcome},` +
        `${text(joined(decision.reasons, ' '))},${boundBy ?? ''},${lots},${numberField(price)},` +
        `${stop === null ? '' : roundedField(stop)},${sizingFields(decision.sizing)},` +
        `${outcome === 'blocked' ? shutGatesField(decision.gates) : ''},${idField(joined(decision.positionIds, ' '))},` +
        `${text(joined(decision.notes, '; '))}`,
    )
  }

  /** Completes the file. */
  close(): void {
    this.#writer.close()
  }
}

/** Ids begin with a letter and repeat seldom. */
function idField(text: string): string {
  return text === '' ? '' : textField(text)
}

function joined(texts: readonly string[], separator: string): string {
  if (texts.length === 0) return ''
  return texts.length === 1 ? texts[0]! : texts.join(separator)
}

function sizingFields(sizing: Sizing | null): string {
  if (sizing === null) return ',,,,,,,,'
  const { atr, equity, availableMargin, marginLots } = sizing
  const money = `${roundedField(equity)},${roundedField(availableMargin)}`
  if (sizing.kind === 'entry') {
    const lots = `${roundedField(sizing.riskLots)},${roundedField(sizing.volatilityLots)},${roundedField(marginLots)}`
    return `${numberField(atr)},${numberField(sizing.er)},${money},${lots},,`
  }
  const lots = `,,${roundedField(marginLots)},${roundedField(sizing.geometricLots)},${roundedField(sizing.riskBudgetLots)}`
  return `${numberField(atr)},,${money},${lots}`
}

/** Every gate that is shut, with what was measured and the limit: ONE_R 200 (limit 300). */
function shutGatesField(gates: readonly Gate[]): string {
  let text = ''
  for (const { gate, passed, measured, limit } of gates) {
    if (passed) continue
    text += `${text === '' ? '' : '; '}${gate} ${spell(measured)} (limit ${spell(limit)})`
  }
  return textField(text)
}

function spell(value: number | string | null): string {
  if (value === null) return 'nothing'
  return typeof value === 'number' ? roundedField(value) : value
}
