import type { Alert } from '../../core/alert/alert.js'
import type { Decision } from '../../core/decision.js'
import type { Input } from '../../core/input.js'
import {
  type Story,
  type StoryAlert,
  type StoryInput,
  type StoryOrder,
  type StoryPosition,
  shownOutcome,
} from '../../server/report/story.js'
import { formatLots, formatMoney, formatNumber, formatTime } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { describeCellCommand } from './describe-cell.js'
import { describeDecision, indent } from './describe-decision.js'
import { describeEvent } from './describe-moment.js'
import type { Words } from './describe-sizing.js'

/** Returns a story for people: what came in, how it was decided, what followed, and how things stand. */
export function describeStory(story: Story, style: Style): string {
  const words: Words = { style, currency: story.currency }
  const parts = [`${style.strong(`The story of ${story.kind} ${story.id}`)}, portfolio ${story.portfolio}\n`]
  parts.push(`${style.strong('Input')}\n${indent(inputLines(story).join('\n'))}`)
  const tell = (decision: Decision): string =>
    describeDecision(decision, shownOutcome(story, decision), words)
  parts.push(...story.decisions.map(tell))
  if (story.decisions.length === 0) parts.push(indent(whyNoDecision(story)))
  parts.push(`${style.strong('What happened next')}\n${indent(timelineLines(story, words).join('\n'))}`)
  const stands = [
    ...story.decisions.flatMap((decision) => outcomeLines(story, decision)),
    ...story.orders.map((order) => orderLine(order, words)),
    ...story.positions.map((position) => positionLine(position, words)),
  ]
  if (stands.length > 0) parts.push(`${style.strong('How it stands')}\n${indent(stands.join('\n'))}`)
  parts.push(...story.laterDecisions.map(tell))
  return parts.join('\n')
}

/** A chase makes several orders of one decision: what it came to is the sum of them. */
function outcomeLines({ orders, currency }: Story, { id, lots }: Decision): string[] {
  const own = orders.filter(({ decisionId }) => decisionId === id)
  if (own.length < 2) return []
  const filled = own.reduce((sum, { filledLots }) => sum + Number(filledLots), 0)
  return [
    `decision ${id}: ${own.length} orders filled ${formatNumber(filled, currency, 8)} of ${formatLots(lots)}`,
  ]
}

function inputLines({ alert, input, currency }: Story): string[] {
  if (alert !== null) return alertLines(alert, input, currency)
  if (input === null) return ['nothing is recorded']
  return [
    `${describeInput(input.input, currency)}, input ${input.seq}`,
    `taken up at ${formatTime(input.input.at)}`,
  ]
}

function alertLines(alert: StoryAlert, input: StoryInput | null, currency: string): string[] {
  const lines = [
    describeAlert(alert.alert, currency),
    `alert ${alert.id} of source ${alert.source}, received at ${formatTime(alert.receivedAt)}`,
  ]
  const sent = alert.alert.timestamp
  if (sent !== null) {
    const seconds = (alert.receivedAt - sent) / 1000
    const distance = `${formatNumber(Math.abs(seconds), currency, 1)} s ${seconds < 0 ? 'after' : 'before'}`
    lines.push(`its own time is ${formatTime(sent)}, ${distance} it was received`)
  }
  if (input !== null) lines.push(`decided as input ${input.seq} at ${formatTime(input.input.at)}`)
  if (alert.conflict) lines.push('it contradicts an earlier alert with the same key')
  if (alert.conflictingIds.length > 0)
    lines.push(`other alerts with its key: ${alert.conflictingIds.join(', ')}`)
  return lines
}

function describeAlert(alert: Alert, currency: string): string {
  const fields: [string, number | string | null][] =
    alert.type === 'EXIT'
      ? [
          ['position', alert.label],
          ['price', alert.price],
          ['reason', alert.reason],
        ]
      : [
          ['price', alert.price],
          ['ATR', alert.atr],
        ]
  if (alert.type === 'BASE_ENTRY' || alert.type === 'PYRAMID') {
    fields.push(['stop', alert.stop], ['ER', alert.er], ['position', alert.label])
  }
  const shown = fields
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? formatNumber(value, currency, 4) : value}`)
  return [`${alert.type} ${alert.instrument}`, ...shown].join(', ')
}

function describeInput(input: Input, currency: string): string {
  switch (input.type) {
    case 'OperatorCommanded': {
      const { command } = input
      if (command.kind === 'cash')
        return `operator: ${command.movement} of ${formatMoney(`${command.amount}`, currency)}`
      if (command.kind === 'tradingState') return `operator: ${command.state}, ${command.reason}`
      if (command.kind === 'unlock') return `operator: unlock ${command.instrument}, ${command.reason}`
      if (command.kind === 'settleBreak')
        return `operator: ${command.action} the difference ${command.breakId}, ${command.reason}`
      if (command.kind === 'answerApproval') {
        const answer = command.isApproved ? 'approve' : 'reject'
        return `operator: ${answer} ${command.approvalId}, ${command.reason}`
      }
      if (command.kind === 'rebalance')
        return `operator: ${command.isDryRun ? 'plan a run' : 'run'} towards the target weights`
      if (command.kind !== 'exit') return describeCellCommand(command, currency)
      const { target } = command
      const what = 'all' in target ? 'everything' : Object.values(target).join(' ')
      return `operator: exit ${what}, ${command.reason}`
    }
    case 'AlertAdmitted':
      return describeAlert(input.alert, currency)
    case 'BarClosed':
      return `bar of ${input.instrument}, close ${formatNumber(input.close, currency)}`
    case 'PricesObserved':
      return `prices of ${input.prices.length === 1 ? input.prices[0]!.instrument : `${input.prices.length} assets`}`
    default:
      return input.type
  }
}

function whyNoDecision({ alert, input }: Story): string {
  if (alert?.state === 'waiting') return 'It waits to be decided.'
  if (alert?.state === 'quarantined')
    return 'It could not be decided and was put aside; its instrument is locked.'
  if (alert?.conflict === true && input === null) {
    return 'It was ignored: it contradicts an earlier alert, and only exits are decided all the same.'
  }
  return 'There was nothing to decide: it only brought what is known of the market up to date.'
}

function timelineLines({ timeline, currency }: Story, { style }: Words): string[] {
  if (timeline.length === 0) return ['nothing']
  return timeline.map(({ at, event }) => `${style.faint(formatTime(at))}  ${describeEvent(event, currency)}`)
}

function orderLine(order: StoryOrder, { currency }: Words): string {
  const filled = `${formatNumber(order.filledLots, currency, 8)} of ${formatLots(order.lots)}`
  const average = order.averagePrice === null ? '' : ` at ${formatNumber(order.averagePrice, currency, 4)}`
  const reason = order.reason === null ? '' : ` (${order.reason})`
  const what = order.leg === null ? order.purpose : `${order.purpose}, ${order.leg},`
  return `order ${order.id}: ${order.side} ${what} ${order.state}${reason}, filled ${filled}${average}`
}

function positionLine(position: StoryPosition, { currency }: Words): string {
  const { id, unit, state, lots, averagePrice, stop, highestClose, realizedPnl, fees } = position
  const entry = averagePrice === null ? '' : `, entered at ${formatNumber(averagePrice, currency, 4)}`
  const money = `realized ${formatMoney(realizedPnl, currency)}, fees ${formatMoney(fees, currency)}`
  const ratchet = `stop ${formatNumber(stop, currency)}, highest close ${formatNumber(highestClose, currency)}`
  return `position ${id}: unit ${unit} ${state}, ${formatLots(lots)}${entry}, ${ratchet}, ${money}`
}
