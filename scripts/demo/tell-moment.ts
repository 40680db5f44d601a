import type { Sizing } from '../../core/decision.js'
import { comparisonOf } from '../../core/explain/gate-opening.js'
import type { Gate } from '../../core/risk/gate.js'
import { formatLots, formatMoney, formatNumber, formatPercent } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { describeSizing } from '../explain/describe-sizing.js'
import { comparisonWords, gateTitle, gateValue } from '../explain/gate-words.js'
import type { DecisionDetail, DemoMoment } from './moment.js'

const CURRENCY = 'INR'
const MARGIN = ' '.repeat(10)

/** Returns an alert of the day and everything that came of it, for people. */
export function tellMoment(moment: DemoMoment, style: Style): string {
  const { step } = moment
  const lines = [
    `${style.strong(step.at)}  ${style.strong(alertWords(step.alert))}`,
    ...[
      step.caption,
      ...answerLines(moment, style),
      ...moment.decisions.flatMap((decision) => decisionLines(decision, style)),
      ...fillLines(moment),
      ...stopLines(moment),
      ...closingLines(moment, style),
      ...moment.alarms.map(({ code, message }) => style.warning(`alarm ${code}: ${message}`)),
      style.faint(standing(moment)),
    ].map((line) => `${MARGIN}${line}`),
  ]
  return `${lines.join('\n')}\n\n`
}

function alertWords(alert: Readonly<Record<string, unknown>>): string {
  const { type, instrument, position, price, atr, er } = alert
  const facts = [
    price === undefined ? null : `at ${number(price)}`,
    atr === undefined ? null : `ATR ${number(atr)}`,
    er === undefined ? null : `ER ${number(er)}`,
    position === undefined ? null : String(position),
  ]
  return `${type} ${instrument} ${facts.filter((fact) => fact !== null).join(', ')}`
}

function answerLines({ answer, decisions, raised }: DemoMoment, style: Style): string[] {
  if (answer.status !== 'accepted') {
    const outcome = answer.decision === undefined ? '' : `: it was ${answer.decision.outcome} the first time`
    return [style.warning(`${answer.status}, nothing is done twice${outcome}`)]
  }
  return decisions.length === 0 && raised.length === 0 ? ['noted, nothing to decide'] : []
}

function decisionLines(decision: DecisionDetail, style: Style): string[] {
  const { kind, outcome, reasons, boundBy, lots, notes } = decision
  const paint = outcome === 'blocked' ? style.bad : outcome === 'ignored' ? style.warning : style.good
  const bound = boundBy === null || outcome === 'blocked' ? '' : `, bound by ${boundBy}`
  const size = Number(lots) > 0 ? ` ${formatLots(lots)}${bound}` : ''
  const sizing = decision.sizing as Sizing | null
  return [
    `${paint(`${outcome}:`)} ${kindWords[kind] ?? kind}${size} (${reasons.join(', ')})`,
    ...(sizing === null ? [] : describeSizing(sizing, { style, currency: CURRENCY })).map(indented),
    ...(decision.gates as readonly Gate[])
      .filter(({ passed }) => !passed)
      .map((gate) => shutGate(gate, style)),
    ...(kind === 'peelOff' ? notes.map(indented) : []),
  ]
}

const kindWords: Readonly<Record<string, string>> = {
  entry: 'base entry',
  peelOff: 'peel-off',
  stop: 'stop hit',
}

function shutGate({ gate, measured, limit }: Gate, style: Style): string {
  const found = gateValue(gate, measured, CURRENCY)
  const allowed = `${comparisonWords(comparisonOf(gate))} ${gateValue(gate, limit, CURRENCY)}`
  return indented(`${style.bad(`shut ${gate}`)}: ${gateTitle(gate)} ${found}, ${allowed} is allowed`)
}

function fillLines({ fills, opened }: DemoMoment): string[] {
  return fills.map(({ fill, order }) => {
    const position = opened.find(({ id }) => id === order.positionId)
    const stop = position === undefined ? '' : `; stop ${number(position.stop)}`
    const verb = order.side === 'buy' ? 'bought' : 'sold'
    const price = `${formatLots(fill.lots)} of ${order.instrument} at ${number(fill.price)}`
    return `${verb} ${price}, fee ${formatMoney(fill.fee, CURRENCY)}${stop}`
  })
}

function stopLines({ raised }: DemoMoment): string[] {
  return raised.map(({ position, from }) => {
    const { instrument, unit, stop, highestClose } = position
    const why = `highest close ${number(highestClose)}`
    return `stop of ${instrument} unit ${unit} raised ${number(from)} → ${number(stop)} (${why})`
  })
}

function closingLines({ closed }: DemoMoment, style: Style): string[] {
  return closed.map(({ instrument, unit, realizedPnl, fees }) => {
    const paint = realizedPnl.startsWith('-') ? style.bad : style.good
    const profit = paint(formatMoney(realizedPnl, CURRENCY))
    return `${instrument} unit ${unit} closed: ${profit} before fees of ${formatMoney(fees, CURRENCY)}`
  })
}

/** Returns how the portfolio stands, in one line. */
export function standing({ portfolio }: Pick<DemoMoment, 'portfolio'>): string {
  const { equity, heat, volatility, margin } = portfolio
  const shares = [
    `heat ${formatPercent(heat.percent)}`,
    `volatility ${formatPercent(volatility.percent)}`,
    `margin ${formatPercent(margin.percent)}`,
  ]
  return `equity ${formatMoney(equity.open, CURRENCY)}, ${shares.join(', ')}`
}

function number(value: unknown): string {
  return formatNumber(value as number | string, CURRENCY)
}

function indented(line: string): string {
  return `  ${line}`
}
