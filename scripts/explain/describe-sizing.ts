import type { EntrySizing, ExecutionLook, PyramidSizing, Sizing } from '../../core/decision.js'
import { formatLots, formatMoney, formatNumber, formatPercent, formatPoints } from '../cli/format.js'
import type { Style } from '../cli/style.js'

/** What words depend on. */
export interface Words {
  readonly style: Style
  readonly currency: string
}

/**
 * Returns the arithmetic of a size, a line for each constraint, with the one that bound marked; then what the broker's
 * price made of it, where it told one.
 */
export function describeSizing(sizing: Sizing, words: Words): string[] {
  const { currency } = words
  const { execution, lots, boundBy } = sizing
  const stop = stopLine(sizing, currency)
  const constraints = sizing.kind === 'entry' ? entryLines(sizing, words) : pyramidLines(sizing, words)
  const together = `together ${formatLots(execution?.lotsBefore ?? lots)}, bound by ${boundBy}`
  const look = execution === undefined ? [] : secondLookLines(sizing, execution, currency)
  return [stop, ...constraints, together, ...look]
}

function secondLookLines(sizing: Sizing, look: ExecutionLook, currency: string): string[] {
  const { price, divergencePct, riskIncreasePct, maxRiskIncreasePct, lotsBefore } = look
  const { stopDistance, lots } = sizing
  const moved = price - sizing.price
  const number = (value: number): string => formatNumber(value, currency)
  const divergence = `${formatPercent(Math.abs(divergencePct))} ${moved < 0 ? 'below' : 'above'} the signal's`
  const distance = `${formatPoints(stopDistance, currency)} to the stop become ${number(stopDistance + moved)}`
  const growth = `${formatPercent(Math.abs(riskIncreasePct))} ${moved < 0 ? 'less' : 'more'} risk`
  const isKept = lots === lotsBefore
  const taken = isKept
    ? `still ${formatLots(lots)}`
    : `${formatLots(lotsBefore)} × ${number(stopDistance)} ÷ ${number(stopDistance + moved)}, floored = ${formatLots(lots)}`
  const sentence = isKept
    ? `at most ${formatPercent(maxRiskIncreasePct)} is let pass`
    : `more than ${formatPercent(maxRiskIncreasePct)}`
  return [
    `second look at the broker's price ${number(price)}: ${moved === 0 ? "the signal's" : divergence}`,
    `second look at the risk: ${distance}, ${growth} (${sentence}): ${taken}`,
  ]
}

function stopLine({ price, stop, stopDistance, atr, atrFrom }: Sizing, currency: string): string {
  const origin = { alert: 'of the alert', bar: 'of the last bar', derived: "from the alert's stop" }[atrFrom]
  const number = (value: number): string => formatNumber(value, currency)
  const multiple = atr > 0 ? `${number(stopDistance / atr)} × ATR ${number(atr)} (${origin})` : 'no ATR'
  return `stop = ${number(price)} − ${multiple} = ${number(stop)}, ${formatPoints(stopDistance, currency)} away`
}

function entryLines(sizing: EntrySizing, words: Words): string[] {
  const { equity, riskPct, volatilityPct, stopDistance, atr, pointValue, er, constraints } = sizing
  const { currency, style } = words
  const number = (value: number, digits = 2): string => formatNumber(value, currency, digits)
  const money = (value: number): string => formatMoney(value, currency)
  const formulas = {
    risk: [
      `${money(equity)} × ${number(riskPct, 4)} % ÷ (${number(stopDistance)} × ${number(pointValue)}) × ER ${number(er, 4)}`,
      sizing.riskLots,
    ],
    volatility: [
      `${money(equity)} × ${number(volatilityPct, 4)} % ÷ (${number(atr)} × ${number(pointValue)})`,
      sizing.volatilityLots,
    ],
    margin: [marginFormula(sizing, currency), sizing.marginLots],
  } as const
  return (['risk', 'volatility', 'margin'] as const).map((constraint) => {
    const [formula, lots] = formulas[constraint]
    const isApplied = constraints.includes(constraint)
    const line = `${constraint.padEnd(10)} ${formula} = ${formatLots(Math.floor(lots * 1000) / 1000)}`
    if (!isApplied) return style.faint(`${line}, not applied`)
    return markBound(line, constraint === sizing.boundBy, style)
  })
}

function pyramidLines(sizing: PyramidSizing, words: Words): string[] {
  const { baseLots, pyramidsOpened, profitBeyondRisk, stopDistance, pointValue, boundBy } = sizing
  const { currency, style } = words
  const number = (value: number): string => formatNumber(value, currency)
  const halves = formatMoney(profitBeyondRisk, currency)
  const lines = [
    ['margin', marginFormula(sizing, currency), sizing.marginLots],
    ['geometric', `${formatLots(baseLots)} of the base × ½^${pyramidsOpened + 1}`, sizing.geometricLots],
    [
      'riskBudget',
      `½ × ${halves} profit beyond risk ÷ (${number(stopDistance)} × ${number(pointValue)})`,
      sizing.riskBudgetLots,
    ],
  ] as const
  return lines.map(([constraint, formula, lots]) =>
    markBound(
      `${constraint.padEnd(10)} ${formula}, floored = ${formatLots(lots)}`,
      constraint === boundBy,
      style,
    ),
  )
}

function marginFormula({ availableMargin, freeMargin, marginPerLot }: Sizing, currency: string): string {
  const money = (value: number): string => formatMoney(value, currency)
  const origin = freeMargin === undefined ? '' : ` (${money(freeMargin)} free at the broker)`
  return `${money(availableMargin)} available${origin} ÷ ${money(marginPerLot)} per lot`
}

function markBound(line: string, isBound: boolean, style: Style): string {
  return isBound ? `${style.strong(line)}  ← bound` : line
}
