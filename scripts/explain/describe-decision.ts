import type { Decision, DecisionKind } from '../../core/decision.js'
import { comparisonOf, openingOf } from '../../core/explain/gate-opening.js'
import { oneMoreLot } from '../../core/explain/one-more-lot.js'
import { formatLots, formatMoney, formatNumber, formatPoints, formatTime } from '../cli/format.js'
import { formatTable } from '../cli/table.js'
import { CELL_REASONS } from './cell-reasons.js'
import { describeEvaluation } from './describe-cell.js'
import { describePlan } from './describe-plan.js'
import { describeSizing, type Words } from './describe-sizing.js'
import { comparisonWords, gateHint, gateTitle, gateValue } from './gate-words.js'
import { describeOneMoreLot } from './more-lot-words.js'

/** The outcome as it is told: executed once an order has a fill. */
type ShownOutcome = Decision['outcome'] | 'executed'

const kindNames: Readonly<Record<DecisionKind, string>> = {
  entry: 'base entry',
  pyramid: 'pyramid',
  exit: 'exit',
  stop: 'stop',
  peelOff: 'peel-off',
  operatorExit: "operator's exit",
  tradingState: 'trading state',
  cash: 'cash',
  unlock: 'unlock',
  settleBreak: 'difference from the broker',
  approval: "a person's answer",
  rollover: 'rollover',
  evaluation: 'evaluation',
  anchor: 'anchor',
  cellOrder: "operator's order",
  funding: 'cash of a cell',
  dividend: 'dividend',
  split: 'split',
  rebalance: 'rebalancing',
}

/** Reasons of decisions that no gate explains, as sentences. */
const reasonWords: Readonly<Record<string, string>> = {
  ALL_GATES_PASSED: 'every gate was open',
  AWAITING_APPROVAL:
    'every gate was open, and a person has to approve it: `general approve` lists what waits',
  REJECTED: 'a person said no',
  NOT_WAITING: 'nothing waited for this answer any more',
  STOP_HIT: 'the close was below the stop',
  ROLLOVER_DUE: 'the contract that it is held in is near its expiry',
  RISK_ABOVE_ONGOING_LIMIT: 'the unit carried more risk than it may while open',
  VOLATILITY_ABOVE_ONGOING_LIMIT: 'the unit carried more volatility than it may while open',
  NOTHING_HELD: 'nothing of that name was held',
  OLDER_THAN_POSITION: 'it was older than what is held',
  ALREADY_CLOSING: 'what it names was being closed already',
  TRADING_STATE: 'the trading state forbade it',
  ALREADY_SO: 'the portfolio was in that state already',
  INSUFFICIENT_CASH: 'there was not that much cash',
  AMOUNT_NOT_ABOVE_ZERO: 'the amount was not above 0',
  ADOPTED: "the book took over the broker's count",
  BOOKED: 'what was missing was booked as filled',
  IGNORED: 'the difference was accepted until it changes',
  BREAK_UNKNOWN: 'there was no such difference any more',
  NOT_CONFIRMED: 'the difference was seen once only',
  NOTHING_DIFFERS: 'the book and the broker agreed',
  NOT_OURS: 'the order was not ours',
  ORDER_AT_WORK: 'an order of the instrument was at work',
  BROKER_IS_SHORT: 'the broker was short, and the book never is',
  NOT_TRADED: 'the portfolio does not trade the instrument',
  PLANNED: 'the orders go out, sells first',
  DRY_RUN: 'it was a dry run: nothing was sent',
  NOTHING_TO_ORDER: 'every position was on its target, or too near for an order',
  RUN_IN_PROGRESS: 'the run before it was not over',
  MARKET_CLOSED: 'an exchange was closed',
  HALTED: 'the run stopped before it ordered anything',
  NOT_ALLOCATION: 'the portfolio is not kept at target weights',
  PRICE_MISSING: 'nobody stated the price',
  NO_ATR: 'no stop was stated, and no ATR was known',
  STOP_NOT_BELOW_PRICE: 'the stop was not below the price',
  NO_ORDER_FOR_FILL: 'no order of ours could have filled so much',
  LOTS_DO_NOT_FIT: 'the order could not have filled so much',
  ...CELL_REASONS,
}

/** Returns a decision for people: its outcome, its arithmetic, its gates, and what would have had to differ. */
export function describeDecision(decision: Decision, outcome: ShownOutcome, words: Words): string {
  const { style } = words
  const parts = [headline(decision, outcome, words) + facts(decision, words)]
  const { sizing, gates } = decision
  const { evaluation, rebalance } = decision
  if (rebalance?.kind === 'allocation')
    parts.push(`${style.strong('Plan')}\n${indent(describePlan(rebalance, style))}`)
  if (evaluation !== undefined)
    parts.push(section('What it saw', describeEvaluation(evaluation, words.currency), words))
  if (sizing !== null) parts.push(section('Size', describeSizing(sizing, words), words))
  if (gates.length > 0) {
    parts.push(`${style.strong('Gates')}\n${indent(gateTable(decision, words))}`)
  }
  if (decision.outcome === 'blocked' && gates.length > 0) {
    parts.push(section('What would have opened the shut gates', openings(decision, words), words))
  }
  if (sizing !== null) {
    const more = oneMoreLot(sizing, gates)
    const title = `What ${sizing.lots === 0 ? 'one lot' : 'one more lot'} would have needed, all of it`
    parts.push(section(title, describeOneMoreLot(more, words.currency), words))
  }
  return parts.join('\n')
}

function headline(
  { id, kind, instrument, reasons }: Decision,
  outcome: ShownOutcome,
  { style }: Words,
): string {
  const paint = { executed: style.good, approved: style.good, blocked: style.bad, ignored: style.warning }[
    outcome
  ]
  const subject = instrument === null ? kindNames[kind] : `${kindNames[kind]} of ${instrument}`
  return `${style.strong(`Decision ${id}`)}: ${subject} ${paint(outcome)} (${reasons.join(', ')})\n`
}

function facts(decision: Decision, { currency }: Words): string {
  const lines = [
    `decided at ${formatTime(decision.at)} with configuration ${decision.versions.configuration.slice(0, 12)}`,
  ]
  for (const reason of decision.reasons) {
    const sentence = reasonWords[reason]
    if (sentence !== undefined) lines.push(sentence)
  }
  const { price, stop, kind } = decision
  if (kind === 'stop' && price !== null && stop !== null) {
    const below = formatPoints(stop - price, currency)
    lines.push(`close ${formatNumber(price, currency)} < stop ${formatNumber(stop, currency)}, by ${below}`)
  } else if (price !== null) {
    lines.push(`price ${formatNumber(price, currency)}`)
  }
  if (decision.lots > 0) lines.push(`asked for ${formatLots(decision.lots)}`)
  if (decision.positionIds.length > 0) lines.push(`positions ${decision.positionIds.join(', ')}`)
  return indent([...lines, ...decision.notes].join('\n'))
}

function gateTable({ gates }: Decision, { style, currency }: Words): string {
  const columns = [
    { title: '' },
    { title: 'gate' },
    { title: 'measured' },
    { title: 'limit' },
    { title: 'what it measures' },
  ]
  const rows = gates.map(({ gate, passed, measured, limit }) => [
    passed ? style.good('open') : style.bad('SHUT'),
    gate,
    gateValue(gate, measured, currency),
    `${comparisonWords(comparisonOf(gate))} ${gateValue(gate, limit, currency)}`,
    gateTitle(gate),
  ])
  return formatTable(columns, rows, style)
}

function openings({ gates, sizing }: Decision, { currency }: Words): string[] {
  return gates
    .filter(({ passed }) => !passed)
    .map((gate) => {
      const { comparison, measured, limit, price, release } = openingOf(gate, sizing)
      const needed = `${gateTitle(gate.gate)} ${comparisonWords(comparison)} ${gateValue(gate.gate, limit, currency)}`
      const found = `it was ${gateValue(gate.gate, measured, currency)}`
      const beyond = comparison === 'above' ? 'a price above' : 'a price of at least'
      const further = [
        price === null ? null : `${beyond} ${formatNumber(price, currency)}`,
        release === null ? null : `${formatMoney(release, currency)} less at stake elsewhere`,
        gateHint(gate.gate),
      ].filter((text) => text !== null)
      return [`${gate.gate}: ${needed} (${found})`, ...further].join('; ')
    })
}

function section(title: string, lines: readonly string[], { style }: Words): string {
  return `${style.strong(title)}\n${indent(lines.join('\n'))}`
}

/** Returns text with every line moved two columns to the right; ends with a newline. */
export function indent(text: string): string {
  const lines = text.replace(/\n$/, '').split('\n')
  return `${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n`
}
