import type { Decision } from '../../core/decision.js'
import type { Gate } from '../../core/risk/gate.js'
import type { Instant } from '../../core/time.js'
import { CsvWriter, numberField, textField } from './csv-writer.js'

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

  constructor(path: string, spellTime: (instant: Instant) => string) {
    this.#writer = new CsvWriter(path, COLUMNS)
    this.#spellTime = spellTime
  }

  /** Writes a decision. */
  write(decision: Decision): void {
    this.#writer.write(
      `${this.#spellTime(decision.at)},${textField(decision.id)},${decision.kind},` +
        `${textField(decision.instrument ?? '')},${decision.outcome},${textField(decision.reasons.join(' '))},` +
        `${decision.boundBy ?? ''},${decision.lots},${numberField(decision.price)},${numberField(decision.stop)},` +
        `${sizingFields(decision)},${shutGatesField(decision.gates)},` +
        `${textField(decision.positionIds.join(' '))},${textField(decision.notes.join('; '))}`,
    )
  }

  /** Completes the file. */
  close(): void {
    this.#writer.close()
  }
}

function sizingFields({ sizing }: Decision): string {
  if (sizing === null) return ',,,,,,,,'
  const common = `${numberField(sizing.atr)},${sizing.kind === 'entry' ? numberField(sizing.er) : ''},`
  const money = `${numberField(sizing.equity)},${numberField(sizing.availableMargin)},`
  const lots =
    sizing.kind === 'entry'
      ? `${numberField(sizing.riskLots)},${numberField(sizing.volatilityLots)},${numberField(sizing.marginLots)},,`
      : `,,${numberField(sizing.marginLots)},${numberField(sizing.geometricLots)},${numberField(sizing.riskBudgetLots)}`
  return common + money + lots
}

/** Every gate that is shut, with what was measured and the limit: ONE_R 200 (limit 300). */
function shutGatesField(gates: readonly Gate[]): string {
  let text = ''
  for (const { gate, passed, measured, limit } of gates) {
    if (passed) continue
    text += `${text === '' ? '' : '; '}${gate} ${measured ?? 'nothing'} (limit ${limit ?? 'nothing'})`
  }
  return textField(text)
}
