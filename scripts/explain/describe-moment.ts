import type { PortfolioEvent } from '../../core/event.js'
import { tradedName } from '../../core/order/leg-orders.js'
import type { PreClosePhase } from '../../core/portfolio/pre-close-run.js'
import type { RollOutcome, RollPhase } from '../../core/portfolio/roll-run.js'
import { type BreakAction, describeBreak } from '../../core/reconcile/break.js'
import { formatLots, formatMoney, formatNumber, formatTime } from '../cli/format.js'
import { describeCellEvent } from './describe-cell.js'
import { describeRunEvent } from './describe-run.js'

/** Returns what happened, as a sentence without its time. */
export function describeEvent(event: PortfolioEvent, currency: string): string {
  const points = (value: number | string): string => formatNumber(value, currency)
  switch (event.type) {
    case 'ApprovalRequested': {
      const { id, lots, instrument, price, expiresAt, priceBandPct } = event.request
      return `a person is asked (${id}): ${formatLots(`${lots}`)} of ${instrument} at ${points(price)}, until ${formatTime(expiresAt)}, within ${priceBandPct} % of that price`
    }
    case 'ApprovalClosed': {
      const answer = event.answerId === null ? '' : ` by decision ${event.answerId}`
      return `the question ${event.approvalId} was ${event.outcome}${answer}: ${event.reason}`
    }
    case 'OrderInitialized':
      return `order ${event.orderId}: ${event.side} ${formatLots(`${event.lots}`)} ${tradedName({ ...event, leg: event.leg ?? null })} (${event.leg?.isRollback ? 'rollback' : event.purpose}), ${priced(event, points)}, the price was ${points(event.referencePrice)}`
    case 'OrderDenied':
      return `order ${event.orderId} was denied by us: ${event.reason}`
    case 'OrderSubmitted':
      return `order ${event.orderId} was sent${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`
    case 'OrderAccepted':
      return `the broker has order ${event.orderId} as ${event.venueOrderId}`
    case 'OrderRejected':
      return `the broker rejected order ${event.orderId}: ${event.code} ${event.message}`
    case 'OrderUnresolved':
      return `the fate of order ${event.orderId} is unknown: ${event.cause}`
    case 'OrderProvenAbsent':
      return `the broker does not have order ${event.orderId}`
    case 'OrderFilled':
      return `order ${event.orderId} filled ${formatLots(`${event.lots}`)} at ${points(`${event.price}`)}, fee ${formatMoney(`${event.fee}`, currency)}`
    case 'OrderCancelRequested':
      return `order ${event.orderId} is to be cancelled${event.reason === undefined ? '' : `: ${event.reason}`}`
    case 'OrderCanceled':
      return `order ${event.orderId} was cancelled: ${event.reason}`
    case 'OrderExpired':
      return `order ${event.orderId} expired`
    case 'LegsOpened':
      return `order ${event.orderId} is carried out by its legs, calls and puts at ${points(event.strike)} until ${event.expiry}`
    case 'LegUnwound':
      return `${formatLots(`${event.lots}`)} of what order ${event.orderId} had ${event.side} were taken back`
    case 'LegsImbalanced':
      return `one leg of order ${event.orderId} is without the other: ${formatLots(`${event.lots}`)}`
    case 'LegsSettled':
      return `the legs of order ${event.orderId} are settled`
    case 'UnitOpened':
      return `position ${event.positionId} opened: unit ${event.number}${event.label === null ? '' : ` (${event.label})`}, stop ${points(event.stop)}`
    case 'UnitClosed':
      return `position ${event.positionId} closed, profit ${formatMoney(`${event.realizedPnl}`, currency)} before fees`
    case 'StopRaised':
      return `stop of ${event.positionId} is ${points(event.stop)}, highest close ${points(event.highestClose)}`
    case 'ExitRequested':
      return `position ${event.positionId} is to be closed: ${event.reason}`
    case 'ExitLatched':
      return `what order ${event.orderId} still fills is closed as soon as it has ended: ${event.reason}`
    case 'ExitDelayed':
      return `the next exit order of ${event.positionId} waits until ${formatTime(event.notBefore)}`
    case 'StopDelayed':
      return `the next stop of ${event.positionId} at the broker waits until ${formatTime(event.notBefore)}`
    case 'PeelOffDelayed':
      return `${formatLots(`${event.lots}`)} of ${event.positionId} are sold when its stop at the broker has ended`
    case 'LedgerPosted':
      return `${event.kind} of ${formatMoney(`${event.amount}`, currency)} was posted${event.note === null ? '' : `: ${event.note}`}`
    case 'TradingStateChanged':
      return `the portfolio is ${event.state}: ${event.reason}`
    case 'InstrumentLocked':
      return `${event.instrument} was locked: ${event.reason}`
    case 'InstrumentUnlocked':
      return `${event.instrument} was unlocked: ${event.reason}`
    case 'BreakSettled':
      return `${SETTLED[event.action]}: ${describeBreak(event.settled)} (${event.reason})`
    case 'UnitAdopted':
      return `position ${event.positionId} was taken over from the broker: ${formatLots(`${event.lots}`)} of ${event.instrument} at ${points(`${event.price}`)}, unit ${event.number}, stop ${points(event.stop)}`
    case 'LotsGivenUp':
      return `${formatLots(`${event.lots}`)} of position ${event.positionId} were given up at ${points(`${event.price}`)}: the broker does not hold them`
    case 'HoldingAdopted':
      return `${event.quantity} of ${event.instrument} were taken over from the broker at ${points(`${event.price}`)}`
    case 'HoldingGivenUp':
      return `${event.quantity} of ${event.instrument} were given up at ${points(`${event.price}`)}: the broker does not hold them`
    case 'AlarmRaised':
      return `alarm ${event.code}: ${event.message}`
    case 'ConfigurationApplied':
      return `configuration ${event.hash.slice(0, 12)} came into force`
    case 'CalendarApplied':
      return `calendar ${event.calendar.version.slice(0, 12)} came into force`
    case 'UnitLabelled':
      return `position ${event.positionId} is the strategy's ${event.label}`
    case 'PreCloseAdvanced':
      return describeRun(event)
    case 'RollAdvanced':
      return describeRoll(event)
    case 'AllocationRunStarted':
    case 'AllocationAdvanced':
    case 'AllocationRunEnded':
    case 'FundMetricsApplied':
      return describeRunEvent(event, currency)
    case 'DecisionMade':
      return `decision ${event.decision.id}: ${event.decision.outcome}`
    default:
      return describeCellEvent(event, currency)
  }
}

function priced(
  { orderType, limitPrice, triggerPrice, chase }: Extract<PortfolioEvent, { type: 'OrderInitialized' }>,
  points: (value: string) => string,
): string {
  const limit = limitPrice === null ? '' : ` ${points(`${limitPrice}`)}`
  const step = chase === undefined ? '' : `, step ${chase.step + 1} from ${points(`${chase.referencePrice}`)}`
  const trigger = triggerPrice === undefined ? '' : ` at ${points(`${triggerPrice}`)}, limit`
  return `${orderType}${trigger}${limit}${step}`
}

const SETTLED: Readonly<Record<BreakAction, string>> = {
  adopt: "the broker's count was taken over",
  book: 'what was missing was booked as filled',
  ignore: 'the difference was accepted until it changes',
}

const PHASES: Readonly<Record<PreClosePhase, string>> = {
  monitor: 'is watched',
  decide: 'is decided',
  place: 'is placing',
  market: 'goes to market',
  end: 'ended',
}

const ROLL_PHASES: Readonly<Record<RollPhase, string>> = {
  waiting: 'waits',
  out: 'is being sold',
  in: 'is sold, and its successor is being bought',
  done: 'is held in the next contract',
  failed: 'is sold, and not bought in full',
  dropped: 'is not bought again',
}

const ROLL_OUTCOMES: Readonly<Record<RollOutcome, string>> = {
  rolled: 'is over',
  incomplete: 'is over, and incomplete',
  closedOnly: 'closes only',
}

function describeRoll({ instrument, run }: Extract<PortfolioEvent, { type: 'RollAdvanced' }>): string {
  const { from, to, steps, outcome } = run
  const subject = `the rollover of ${instrument} from the contract of ${from} to that of ${to}`
  if (outcome !== null) return `${subject} ${ROLL_OUTCOMES[outcome]}`
  const told = steps.map(({ positionId, phase }) => `${positionId} ${ROLL_PHASES[phase]}`)
  return `${subject}: ${told.join('; ')}`
}

function describeRun({ instrument, run }: Extract<PortfolioEvent, { type: 'PreCloseAdvanced' }>): string {
  const subject = `the run before the close of ${instrument} at ${formatTime(run.closesAt)}`
  const outcome = run.outcome === null ? '' : `: ${run.outcome}`
  const plan = run.plan === null ? '' : `, ${formatLots(String(run.plan.lots))} planned`
  const exits = run.exits.length === 0 ? '' : `, ${run.exits.length} to be sold`
  return `${subject} ${PHASES[run.phase]}${outcome}${plan}${exits}${run.detail === null ? '' : `: ${run.detail}`}`
}
