import { type Decimal, ZERO } from '../../decimal.js'
import type { AlarmRaised, OrderInitialized, PortfolioEvent } from '../../event.js'
import { exitOrderId, positionId, rollOrderId } from '../../ids.js'
import type { RollDue } from '../../input.js'
import { factsAt } from '../../instrument/instrument.js'
import { isAtWork } from '../../order/order.js'
import { alarm } from '../../portfolio/alarm.js'
import type { Book } from '../../portfolio/book.js'
import { unitIn } from '../../portfolio/evolve.js'
import { newDecision } from '../../portfolio/new-decision.js'
import { bookOf, instrumentOf, type Portfolio } from '../../portfolio/portfolio.js'
import { activeRoll, type RollPhase, type RollRun, type RollStep } from '../../portfolio/roll-run.js'
import { marketHours } from '../../portfolio/sessions.js'
import { entryPriceOf, heldSince, type Unit } from '../../portfolio/unit.js'
import { allowsEntries } from '../../risk/trading-state.js'
import { type PlannedRoll, plannedRoll } from './roll-due.js'

type Recorder = (events: readonly PortfolioEvent[]) => void

/**
 * Begins the runs by which units leave their contract, and ends the orders of a run that rest too long. A unit is sold by
 * an exit like any other; when that is done, the same lots are bought in the next contract, as the same unit.
 */
export function decideRoll(portfolio: Portfolio, input: RollDue, record: Recorder): void {
  for (const orderId of input.overdue) {
    const order = portfolio.orders.get(orderId)
    if (order === undefined || !isAtWork(order.state) || order.cancelRequested) continue
    const reason = 'the successor of a unit could not be bought in time'
    record([{ type: 'OrderCancelRequested', orderId, reason }])
  }
  let ordinal = 0
  for (const name of input.instruments) {
    const instrument = instrumentOf(portfolio, name)
    const planned = instrument === undefined ? null : plannedRoll(portfolio, instrument, input.date)
    if (planned === null) continue
    ordinal += 1
    record(beginRoll(portfolio, input, planned, ordinal))
    continueRoll(portfolio, bookOf(portfolio, name), record)
  }
}

/** Goes on with the run of an instrument as far as what is known lets it. */
export function continueRoll(portfolio: Portfolio, book: Book, record: Recorder): void {
  for (let run = activeRoll(book); run !== null; run = activeRoll(book)) {
    const events = nextOf(portfolio, book, run)
    if (events.length === 0) return
    record(events)
  }
}

function beginRoll(
  portfolio: Portfolio,
  input: RollDue,
  { instrument, units, from, to }: PlannedRoll,
  ordinal: number,
): PortfolioEvent[] {
  const decision = newDecision(portfolio, {
    ...{ inputId: input.id, ordinal, kind: 'rollover', instrument, outcome: 'approved' },
    reasons: ['ROLLOVER_DUE'],
    lots: units.reduce((lots, unit) => lots + unit.heldLots, 0),
    price: bookOf(portfolio, instrument).market.price,
    positionIds: units.map(({ id }) => id),
    notes: [`from the contract of ${from} to that of ${to}`],
  })
  const events: PortfolioEvent[] = [{ type: 'DecisionMade', decision }]
  const begun = { date: input.date, decisionId: decision.id, from, to }
  const { lock } = bookOf(portfolio, instrument)
  if (allowsEntries(portfolio.tradingState) && lock === null) {
    const steps = units.map(
      (unit) => ({ positionId: unit.id, phase: 'waiting', entryOrderId: null }) as const,
    )
    return [...events, advance(portfolio, instrument, { ...begun, steps, outcome: null })]
  }
  const why = lock === null ? `the portfolio is ${portfolio.tradingState}` : `it is locked: ${lock.reason}`
  const steps = units.map((unit) => ({ positionId: unit.id, phase: 'dropped', entryOrderId: null }) as const)
  const message = `${instrument} leaves the contract of ${from} and is not bought in that of ${to}, as ${why}`
  return [
    ...events,
    advance(portfolio, instrument, { ...begun, steps, outcome: 'closedOnly' }),
    ...units.map((unit) => askForExit(unit.id, decision.id)),
    raise(portfolio, 'ROLLOVER_CLOSED_ONLY', instrument, decision.id, message),
  ]
}

/** Returns what follows now for the first unit that is not done; nothing while it waits. */
function nextOf(portfolio: Portfolio, book: Book, run: RollRun): readonly PortfolioEvent[] {
  const step = run.steps.find(({ phase }) => isOpen(phase))
  if (step === undefined) {
    const isWhole = run.steps.every(({ phase }) => phase === 'done' || phase === 'dropped')
    return [advance(portfolio, book.instrument, { ...run, outcome: isWhole ? 'rolled' : 'incomplete' })]
  }
  switch (step.phase) {
    case 'waiting':
      return sellUnit(portfolio, book, run, step)
    case 'out':
      return buySuccessor(portfolio, book, run, step)
    default:
      return judgeSuccessor(portfolio, book, run, step)
  }
}

function isOpen(phase: RollPhase): boolean {
  return phase === 'waiting' || phase === 'out' || phase === 'in'
}

function sellUnit(portfolio: Portfolio, book: Book, run: RollRun, step: RollStep): PortfolioEvent[] {
  const unit = unitIn(book, step.positionId)
  if (unit === undefined || unit.exit !== null) return [move(portfolio, book, run, step, 'dropped')]
  return [move(portfolio, book, run, step, 'out'), askForExit(unit.id, run.decisionId)]
}

/** The unit that was sold has its successor ordered, unless another exit came, which has nothing follow. */
function buySuccessor(
  portfolio: Portfolio,
  book: Book,
  run: RollRun,
  step: RollStep,
): readonly PortfolioEvent[] {
  const held = unitIn(book, step.positionId)
  const sold = held ?? portfolio.closedUnits.get(step.positionId)
  if (sold?.exit?.decisionId !== run.decisionId) return [move(portfolio, book, run, step, 'dropped')]
  if (held !== undefined || book.entryOrderId !== null) return []
  const { lots, value } = soldFor(portfolio, sold, run.decisionId)
  if (!lots.isPositive()) return [move(portfolio, book, run, step, 'dropped')]
  const why = whyNotBought(portfolio, book)
  if (why !== null) {
    const message = `unit ${sold.number} of ${book.instrument} was sold out of the contract of ${run.from}, and its ${lots} lots are not bought in that of ${run.to}: ${why}`
    return [
      move(portfolio, book, run, step, 'failed'),
      raise(portfolio, 'ROLLOVER_INCOMPLETE', book.instrument, sold.id, message),
    ]
  }
  const soldAt = value.toNumber() / lots.toNumber()
  const order = successorOrder(portfolio, run, sold, { lots, soldAt })
  return [moveTo(portfolio, book, run, { ...step, phase: 'in', entryOrderId: order.orderId }), order]
}

function whyNotBought(portfolio: Portfolio, book: Book): string | null {
  if (!allowsEntries(portfolio.tradingState)) return `the portfolio is ${portfolio.tradingState}`
  if (book.lock !== null) return `it is locked: ${book.lock.reason}`
  const hours = marketHours(portfolio, book.instrument)
  return hours === 'open' ? null : `the exchange is ${hours}`
}

/** Only what the roll sold is bought again: lots that were peeled off before are gone. */
function soldFor(portfolio: Portfolio, unit: Unit, decisionId: string): { lots: Decimal; value: Decimal } {
  let [lots, value] = [ZERO, ZERO]
  for (let ordinal = 1; ordinal <= unit.exitOrders; ordinal++) {
    const order = portfolio.orders.get(exitOrderId(unit.id, ordinal))
    if (order?.decisionId !== decisionId) continue
    lots = lots.plus(order.filledLots)
    value = value.plus(order.filledValue)
  }
  return { lots, value }
}

/** The distances of the successor go out from where the unit was sold, so that both shift by what lies between the fills. */
function successorOrder(
  portfolio: Portfolio,
  run: RollRun,
  unit: Unit,
  { lots, soldAt }: { readonly lots: Decimal; readonly soldAt: number },
): OrderInitialized {
  const id = rollOrderId(unit.id, run.decisionId)
  const instrument = instrumentOf(portfolio, unit.instrument)
  const facts = instrument === undefined ? null : factsAt(instrument, portfolio.now)
  return {
    type: 'OrderInitialized',
    orderId: id,
    decisionId: run.decisionId,
    positionId: positionId(id),
    instrument: unit.instrument,
    side: 'buy',
    purpose: unit.number === 1 ? 'entry' : 'pyramid',
    orderType: 'market',
    lots,
    limitPrice: null,
    referencePrice: soldAt,
    at: portfolio.now,
    contractMonth: run.to,
    unit: {
      number: unit.number,
      label: unit.label,
      stopDistance: soldAt - unit.stop,
      atr: unit.entryAtr,
      pointValue: facts?.pointValue ?? unit.pointValue,
      marginPerLot: facts?.marginPerLot ?? 0,
      roll: {
        from: unit.id,
        soldAt,
        rolledBy: soldAt - entryPriceOf(unit),
        initialStopBelow: soldAt - unit.initialStop,
        highestCloseAbove: unit.highestClose - soldAt,
        heldSince: heldSince(unit),
      },
    },
  }
}

function judgeSuccessor(
  portfolio: Portfolio,
  book: Book,
  run: RollRun,
  step: RollStep,
): readonly PortfolioEvent[] {
  const order = step.entryOrderId === null ? undefined : portfolio.orders.get(step.entryOrderId)
  if (order !== undefined && isAtWork(order.state)) return []
  const missing = order === undefined ? ZERO : order.lots.minus(order.filledLots)
  if (!missing.isPositive()) return [move(portfolio, book, run, step, 'done')]
  // Somebody wanted it closed meanwhile: then there is nothing to complete
  if (order?.latch != null) return [move(portfolio, book, run, step, 'dropped')]
  const reason = order?.reason == null ? '' : ` (${order.reason})`
  const message = `${missing} of ${order?.lots} lots of ${book.instrument} that were sold out of the contract of ${run.from} are not bought in that of ${run.to}: order ${order?.id} is ${order?.state}${reason}`
  return [
    move(portfolio, book, run, step, 'failed'),
    raise(portfolio, 'ROLLOVER_INCOMPLETE', book.instrument, step.positionId, message),
  ]
}

function askForExit(unitId: string, decisionId: string): PortfolioEvent {
  return { type: 'ExitRequested', positionId: unitId, decisionId, reason: 'ROLLOVER' }
}

function move(
  portfolio: Portfolio,
  book: Book,
  run: RollRun,
  step: RollStep,
  phase: RollPhase,
): PortfolioEvent {
  return moveTo(portfolio, book, run, { ...step, phase })
}

function moveTo(portfolio: Portfolio, book: Book, run: RollRun, step: RollStep): PortfolioEvent {
  const steps = run.steps.map((other) => (other.positionId === step.positionId ? step : other))
  return advance(portfolio, book.instrument, { ...run, steps })
}

function advance(portfolio: Portfolio, instrument: string, run: RollRun): PortfolioEvent {
  return { type: 'RollAdvanced', instrument, run, at: portfolio.now }
}

function raise(
  portfolio: Portfolio,
  code: 'ROLLOVER_INCOMPLETE' | 'ROLLOVER_CLOSED_ONLY',
  instrument: string,
  subject: string,
  message: string,
): AlarmRaised {
  return alarm(portfolio, { code, severity: 'critical', instrument, subject, message })
}
