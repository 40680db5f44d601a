import type { CellEvaluation } from '../../core/decision.js'
import type { CellCommand } from '../../core/input.js'
import { unreachable } from '../../core/invariant.js'
import type { CellEvent } from '../../core/portfolio/cell-event.js'
import { formatMoney, formatNumber, formatPercent, formatTime } from '../cli/format.js'

const BECAUSE: Readonly<Record<NonNullable<CellEvaluation['wantedBecause']>, string>> = {
  trigger: 'the move from the anchor reached the trigger',
  auto_guardrail_rebalance: 'the stock was outside the guardrails',
  initial_stock: 'the cell is to start with stock',
  operator: 'an operator ordered it',
}

const CAPS: Readonly<Record<string, string>> = {
  position: 'what is held',
  max_trade: 'the largest trade',
  cash: 'the cash with the fee',
  max_stock: 'the maximum share of stock',
  min_stock: 'the minimum share of stock',
}

/** Returns what an evaluation of a cell saw, and its arithmetic, in lines. */
export function describeEvaluation(seen: CellEvaluation, currency: string): string[] {
  const number = (value: string | number): string => formatNumber(value, currency, 8)
  const money = (value: string): string => formatMoney(value, currency)
  const percent = (fraction: number): string => formatPercent(fraction * 100)
  const moved =
    seen.anchor === null || seen.movePct === null
      ? `price ${number(seen.price)} of ${formatTime(seen.priceAt)}; there was no anchor`
      : `price ${number(seen.price)} of ${formatTime(seen.priceAt)}, ${formatPercent(seen.movePct)} from the anchor ${number(seen.anchor)} (sells at ${formatPercent(seen.upPct)}, buys at −${formatPercent(seen.downPct)})`
  const held = `value ${money(seen.value)}: ${number(seen.shares)} shares, cash ${money(seen.cash)}, receivable ${money(seen.receivable)}; ${percent(seen.stockShare)} in stock (${percent(seen.minStock)} to ${percent(seen.maxStock)})`
  const day = `today before it: ${seen.ordersToday} orders, ${money(seen.notionalToday)}`
  return [moved, held, day, ...describeWanted(seen, currency)]
}

function describeWanted(seen: CellEvaluation, currency: string): string[] {
  if (seen.side === null || seen.wantedBecause === null) return []
  const number = (value: string | number): string => formatNumber(value, currency, 8)
  const wanted = `${seen.side}${seen.rawShares === null ? '' : ` ${number(seen.rawShares)}`}: ${BECAUSE[seen.wantedBecause]}`
  if (seen.orderShares === null || seen.notional === null || seen.fee === null) return [wanted]
  const capped =
    seen.cappedBy.length === 0
      ? ''
      : `, limited by ${seen.cappedBy.map((cap) => CAPS[cap] ?? cap).join(', then by ')}`
  const after =
    seen.stockShareAfter === null ? '' : `; ${formatPercent(seen.stockShareAfter * 100)} in stock after it`
  const rate = `${formatPercent(Number(seen.commissionRate) * 100)} of ${seen.commissionScope}`
  const order = `order of ${number(seen.orderShares)}${capped}: ${formatMoney(seen.notional, currency)}, fee about ${formatMoney(seen.fee, currency)} (${rate})${after}`
  const again =
    seen.attempt !== null && seen.attempt > 0
      ? [`decided again, time ${seen.attempt}: the price had moved`]
      : []
  return [wanted, order, ...again]
}

const CAUSES = {
  firstPrice: 'the first price',
  fill: 'the average of its order',
  operator: 'set by an operator',
}

/** Returns what happened to a cell, as a sentence without its time. */
export function describeCellEvent(event: CellEvent, currency: string): string {
  const number = (value: { toString(): string }): string => formatNumber(`${value}`, currency, 8)
  const money = (value: { toString(): string }): string => formatMoney(`${value}`, currency)
  const { instrument } = event
  switch (event.type) {
    case 'CellOpened':
      return `${instrument} is a cell with ${money(event.cash)} of its own`
    case 'CellFunded':
      return event.amount.isNegative()
        ? `${money(event.amount.negated())} were taken out of the cell ${instrument}`
        : `${money(event.amount)} were put into the cell ${instrument}`
    case 'CellAnchored':
      return `the anchor of ${instrument} is ${number(event.anchor)}: ${CAUSES[event.cause]}${event.orderId === null ? '' : ` ${event.orderId}`}`
    case 'CellHalted':
      return `the cell ${instrument} is halted: ${event.reason}`
    case 'CellOrdered':
      return `order ${event.orderId} counts in the day of ${instrument} with ${money(event.notional)}, at a commission of ${formatPercent(event.commissionRate.toNumber() * 100)}`
    case 'DividendAnnounced':
      return `${event.dividendId} was announced: ${number(event.perShare)} a share, ${formatPercent(event.withholdingRate.toNumber() * 100)} withheld, ex ${event.exDate}, paid ${event.payDate}`
    case 'DividendWentEx':
      return `${event.dividendId} went ex: ${number(event.shares)} shares, ${money(event.gross)} less ${money(event.withheld)} withheld are receivable${event.anchor === null ? '' : `, the anchor is ${number(event.anchor)}`}`
    case 'DividendPaid':
      return `${event.dividendId} was paid: ${money(event.net)} are cash`
    case 'DividendCorrected':
      return `${event.dividendId} was corrected: ${number(event.perShare)} a share, ${formatPercent(event.withholdingRate.toNumber() * 100)} withheld, paid ${event.payDate}: ${event.reason}`
    case 'SharesSplit':
      return `${event.splitId}: ${number(event.ratio)} for one, ${number(event.shares)} shares${event.anchor === null ? '' : `, the anchor is ${number(event.anchor)}`}`
    default:
      return unreachable(event)
  }
}

/** Returns an operator's command about cells as a line. */
export function describeCellCommand(command: CellCommand, currency: string): string {
  const number = (value: { toString(): string } | null): string =>
    value === null ? 'as it was' : formatNumber(`${value}`, currency, 8)
  switch (command.kind) {
    case 'evaluate': {
      const told = command.prices.map(
        ({ instrument, price }) => `${instrument} ${formatNumber(price, currency, 4)}`,
      )
      const what = command.instruments === null ? 'every cell' : command.instruments.join(', ')
      return `operator: evaluate ${what}${told.length === 0 ? '' : ` at ${told.join(', ')}`}`
    }
    case 'setAnchor':
      return `operator: anchor of ${command.instrument} at ${number(command.price)}, ${command.reason}`
    case 'cellOrder':
      return `operator: ${command.side} ${number(command.shares)} ${command.instrument}, ${command.reason}`
    case 'fundCell':
      return `operator: ${formatMoney(`${command.amount}`, currency)} into the cell ${command.instrument}, ${command.reason}`
    case 'announceDividend':
      return `operator: dividend of ${command.instrument}, ${number(command.perShare)} a share, ex ${command.exDate}, paid ${command.payDate}`
    case 'goExDividend':
      return `operator: ${command.instrument} trades without its dividend of ${command.exDate}`
    case 'payDividend':
      return `operator: the dividend of ${command.instrument} of ${command.exDate} was paid`
    case 'correctDividend':
      return `operator: the dividend of ${command.instrument} of ${command.exDate} was ${number(command.perShare)} a share, ${command.reason}`
    case 'splitShares':
      return `operator: ${command.instrument} was split ${number(command.ratio)} for one on ${command.exDate}`
    default:
      return unreachable(command)
  }
}
