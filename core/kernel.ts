import type { ExitAlert } from './alert/alert.js'
import { readExitTimes } from './alert/misread-time.js'
import type { AlarmRaised, PortfolioEvent } from './event.js'
import type {
  AlertAdmitted,
  BrokerReported,
  Input,
  InputFailed,
  OperatorCommanded,
  Rebalance,
} from './input.js'
import type { Traded } from './instrument/instrument.js'
import { unreachable } from './invariant.js'
import { endSteps, nextStep } from './order/chase-steps.js'
import { decideDispatch } from './order/dispatch.js'
import type { Order } from './order/order.js'
import { decideReport } from './order/reports.js'
import { settleLegs } from './order/settle-legs.js'
import { alarm } from './portfolio/alarm.js'
import { arrivalOf } from './portfolio/alert-arrival.js'
import { type Book, bookState } from './portfolio/book.js'
import { evolve } from './portfolio/evolve.js'
import { planHoldingExit } from './portfolio/holding-exits.js'
import { type Observation, observe } from './portfolio/observe.js'
import { bookOf, type Portfolio } from './portfolio/portfolio.js'
import { planExits } from './portfolio/standing-exits.js'
import { decideBreaks } from './reconcile/decide-breaks.js'
import { settleBreak } from './reconcile/settle-break.js'
import { expireApproval, withdrawApprovals } from './risk/approvals.js'
import { decideCash, decideTradingState, decideUnlock, frozenAlarm } from './risk/commands.js'
import type { PortfolioSettings } from './settings.js'
import { continueRun } from './strategies/allocation/continue-run.js'
import { decideAllocation, scheduledRun } from './strategies/allocation/decide-allocation.js'
import { redecideRunOrders } from './strategies/allocation/redecide-drifted.js'
import { answerApproval } from './strategies/trend/answer-approval.js'
import { decidePeelOffs, decideStops } from './strategies/trend/bar.js'
import { decideEntry } from './strategies/trend/entry.js'
import { decideExit } from './strategies/trend/exit.js'
import { nameContracts } from './strategies/trend/name-contract.js'
import { decideOperatorExit } from './strategies/trend/operator-exit.js'
import { decidePreClose } from './strategies/trend/pre-close.js'
import { chaseEntry } from './strategies/trend/pre-close-orders.js'
import { planStops } from './strategies/trend/protective-stop.js'
import { decidePyramid } from './strategies/trend/pyramid.js'
import { continueRoll, decideRoll } from './strategies/trend/rollover.js'
import { decideCellCommand } from './strategies/volatility/decide-cell-command.js'
import { decidePrices } from './strategies/volatility/decide-prices.js'
import { followOrders } from './strategies/volatility/follow-orders.js'
import { openCells } from './strategies/volatility/open-cells.js'
import { redecideDrifted } from './strategies/volatility/redecide.js'

export { evolve } from './portfolio/evolve.js'
export { observe } from './portfolio/observe.js'

/**
 * Decides `input` and returns everything that happened, in order, with `portfolio` already evolved by it.
 *
 * The deciders are pure: each reads the state and returns events. What a decider returns is applied before the next
 * one looks, so a stop that closes a unit is seen by the peel-off after it, and a fill by the standing exits.
 */
export function step(portfolio: Portfolio, input: Input): readonly PortfolioEvent[] {
  let happened: readonly PortfolioEvent[] = NOTHING
  const record = (events: readonly PortfolioEvent[]): void => {
    if (events.length === 0) return
    const named = portfolio.settings?.rollover == null ? events : nameContracts(portfolio, events)
    for (const event of named) evolve(portfolio, event)
    happened = happened.length === 0 ? named : [...happened, ...named]
  }
  decide(portfolio, input, observe(portfolio, input), record)
  if (tradesInstruments(portfolio)) {
    settleLegs(portfolio, record, (book) => {
      continueRoll(portfolio, book, record)
      record(planExits(portfolio, book))
    })
  }
  record(followOrders(portfolio, happened))
  continueRun(portfolio, record)
  if (happened.length > 0 && tradesInstruments(portfolio)) record(withdrawApprovals(portfolio))
  return happened
}

/** Legs, rolls, exits and questions are of instruments: thousands of assets are not gone through for them. */
function tradesInstruments({ settings }: Portfolio): boolean {
  return settings !== null && settings.instruments.length > 0
}

/** An instrument that is held, or is being bought, stays although left out: its stops would have no parameters. */
function withHeldInstruments(portfolio: Portfolio, settings: PortfolioSettings): PortfolioSettings {
  const { instruments, assets = [] } = settings
  const isHeld = ({ name }: Traded): boolean => bookState(bookOf(portfolio, name)) !== 'flat'
  const isLeftOut = (traded: Traded): boolean =>
    isHeld(traded) && ![...instruments, ...assets].some(({ name }) => name === traded.name)
  const held = portfolio.settings?.instruments.filter(isLeftOut) ?? []
  const heldAssets = portfolio.settings?.assets?.filter(isLeftOut) ?? []
  const heldCells =
    portfolio.settings?.volatility?.cells.filter(({ asset }) => isNamed(heldAssets, asset)) ?? []
  const { volatility } = settings
  return {
    ...settings,
    ...(volatility === undefined || heldCells.length === 0
      ? {}
      : { volatility: { ...volatility, cells: [...volatility.cells, ...heldCells] } }),
    ...(held.length === 0 ? {} : { instruments: [...instruments, ...held] }),
    ...(heldAssets.length === 0 ? {} : { assets: [...assets, ...heldAssets] }),
  }
}

function isNamed(traded: readonly Traded[], asset: string): boolean {
  return traded.some(({ name }) => name === asset)
}

const NOTHING: readonly PortfolioEvent[] = []

type Recorder = (events: readonly PortfolioEvent[]) => void

/** Routes the input to its deciders, and then looks where the exits that stand need an order. */
function decide(portfolio: Portfolio, input: Input, observation: Observation, record: Recorder): void {
  switch (input.type) {
    case 'AlertAdmitted':
      record(expireApproval(portfolio, bookOf(portfolio, input.alert.instrument)))
      decideAlert(portfolio, input, observation, record)
      continueRoll(portfolio, bookOf(portfolio, input.alert.instrument), record)
      planSales(portfolio, bookOf(portfolio, input.alert.instrument), record)
      break
    case 'BarClosed':
      decideBar(portfolio, input.id, observation, record)
      continueRoll(portfolio, bookOf(portfolio, input.instrument), record)
      planSales(portfolio, bookOf(portfolio, input.instrument), record)
      break
    case 'PricesObserved':
      decidePrices(portfolio, { inputId: input.id, prices: observation.prices, isAsked: false, record })
      break
    case 'AllocationDue':
      decideAllocation(portfolio, scheduledRun(input.id, record))
      break
    case 'MetricsImported':
      record([{ type: 'FundMetricsApplied', metrics: input.metrics }])
      break
    case 'OrdersDue': {
      redecideDrifted(portfolio, { inputId: input.id, orderIds: input.orderIds, record })
      record(redecideRunOrders(portfolio, input.orderIds))
      const dispatched = decideDispatch(portfolio, input)
      record(dispatched)
      // What a denied peel-off would have sold is free for an exit that stands.
      if (dispatched.some(({ type }) => type === 'OrderDenied')) {
        continueRolls(portfolio, record)
        planAllExits(portfolio, record)
      }
      break
    }
    case 'BrokerReported':
      decideReports(portfolio, input, record)
      break
    case 'AccountObserved':
    case 'VenueOrdersObserved':
      record(decideBreaks(portfolio, observation.confirmedBreaks))
      break
    case 'TimerFired':
      if (portfolio.tradingState === 'frozen') record([frozenAlarm(portfolio, portfolio.tradingStateReason)])
      expireApprovals(portfolio, record)
      for (const book of portfolio.books.values()) record(endSteps(portfolio, book))
      continueRolls(portfolio, record)
      planAllExits(portfolio, record)
      break
    case 'OperatorCommanded':
      decideCommand(portfolio, input, observation, record)
      continueRolls(portfolio, record)
      planAllExits(portfolio, record)
      break
    case 'ConfigurationActivated':
      if (portfolio.configurationHash === input.hash) break
      record([
        {
          type: 'ConfigurationApplied',
          hash: input.hash,
          settings: withHeldInstruments(portfolio, input.settings),
        },
      ])
      // At the first start the money comes after its configuration.
      record(openCells(portfolio, !portfolio.ledger.deposited.isZero()))
      for (const book of portfolio.books.values()) record(planStops(portfolio, book))
      break
    case 'CalendarImported':
      if (portfolio.calendar?.version !== input.calendar.version)
        record([{ type: 'CalendarApplied', calendar: input.calendar }])
      planAllExits(portfolio, record)
      break
    case 'PreCloseDue':
      expireApprovals(portfolio, record)
      decidePreClose(portfolio, input, record)
      for (const book of portfolio.books.values()) record(planStops(portfolio, book))
      break
    case 'RollDue':
      decideRoll(portfolio, input, record)
      planAllExits(portfolio, record)
      break
    case 'InputFailed':
      record(decideFailure(portfolio, input))
      break
    default:
      unreachable(input)
  }
}

function expireApprovals(portfolio: Portfolio, record: Recorder): void {
  for (const book of portfolio.books.values()) record(expireApproval(portfolio, book))
}

function continueRolls(portfolio: Portfolio, record: Recorder): void {
  if (!tradesInstruments(portfolio)) return
  for (const book of portfolio.books.values()) continueRoll(portfolio, book, record)
}

function planAllExits(portfolio: Portfolio, record: Recorder): void {
  const hasUnits = tradesInstruments(portfolio)
  for (const book of portfolio.books.values()) {
    if (hasUnits) planSales(portfolio, book, record)
    else if (book.holding?.exit != null) record(planHoldingExit(portfolio, book))
  }
}

/** The exits that stand come first: where one is due no stop is to rest at the venue. */
function planSales(portfolio: Portfolio, book: Book, record: Recorder): void {
  record(planExits(portfolio, book))
  record(planHoldingExit(portfolio, book))
  record(planStops(portfolio, book))
}

/** The reports of an input are one answer: the exits that stand are looked at when all of it is known. */
function decideReports(portfolio: Portfolio, input: BrokerReported, record: Recorder): void {
  const touched: Book[] = []
  const ended: Order[] = []
  for (const report of input.reports) {
    const events = decideReport(portfolio, report)
    record(events)
    const order = portfolio.orders.get(report.orderId)
    if (order === undefined) continue
    const book = bookOf(portfolio, order.instrument)
    record(chaseEntry(portfolio, book))
    if (!touched.includes(book)) touched.push(book)
    if (events.some(({ type }) => type === 'OrderCanceled')) ended.push(order)
  }
  for (const order of ended) record(nextStep(portfolio, order))
  for (const book of touched) {
    continueRoll(portfolio, book, record)
    planSales(portfolio, book, record)
  }
}

function decideAlert(
  portfolio: Portfolio,
  input: AlertAdmitted,
  observation: Observation,
  record: Recorder,
): void {
  const { alert } = input
  switch (alert.type) {
    case 'BASE_ENTRY':
      record(decideEntry(portfolio, input, alert))
      break
    case 'PYRAMID':
      record(decidePyramid(portfolio, input, alert))
      break
    case 'EXIT':
      record(decideExit(portfolio, input, readExit(portfolio, input, alert)))
      break
    case 'MARKET_DATA':
      decideBar(portfolio, input.id, observation, record)
      break
    case 'EOD_MONITOR':
      break
    default:
      unreachable(alert)
  }
}

/** An exit with a wrong time must not look older than what it is to close. */
function readExit(portfolio: Portfolio, input: AlertAdmitted, alert: ExitAlert): ExitAlert {
  const arrival = arrivalOf(portfolio, input)
  return arrival === null ? alert : readExitTimes(alert, arrival)
}

/** A confirmed bar: first the stops, then the peel-offs of what the stops leave. */
function decideBar(portfolio: Portfolio, inputId: string, observation: Observation, record: Recorder): void {
  const { bar, suspect } = observation
  if (suspect !== null) {
    const { instrument, close } = suspect
    const message = `a close of ${close} is too far from the last of ${instrument}; it waits until the next bar agrees`
    record([
      alarm(portfolio, {
        code: 'PRICE_SUSPECT',
        severity: 'critical',
        instrument,
        subject: inputId,
        message,
      }),
    ])
  }
  if (bar?.book.cell != null) {
    const { book, close: price, at: observedAt } = bar
    const seen = { instrument: book.instrument, price, observedAt, verdict: 'seen' } as const
    decidePrices(portfolio, { inputId, prices: [seen], isAsked: false, record })
  }
  if (bar === null || bar.book.units.length === 0) return
  const stops = decideStops(portfolio, inputId, bar)
  record(stops)
  const decisions = stops.filter((event) => event.type === 'DecisionMade').length
  record(decidePeelOffs(portfolio, inputId, bar, decisions))
}

function decideCommand(
  portfolio: Portfolio,
  input: OperatorCommanded,
  observation: Observation,
  record: Recorder,
): void {
  const { command } = input
  switch (command.kind) {
    case 'exit':
      decideOperatorExit(portfolio, { inputId: input.id, command, record })
      break
    case 'tradingState':
      record(decideTradingState(portfolio, input.id, command))
      break
    case 'cash':
      record(decideCash(portfolio, input.id, command))
      record(openCells(portfolio, false))
      break
    case 'unlock':
      record(decideUnlock(portfolio, input.id, command))
      break
    case 'answerApproval':
      record(answerApproval(portfolio, { inputId: input.id, command }))
      break
    case 'settleBreak':
      settleBreak(portfolio, { inputId: input.id, command, record })
      break
    case 'evaluate':
    case 'setAnchor':
    case 'cellOrder':
    case 'fundCell':
    case 'announceDividend':
    case 'goExDividend':
    case 'payDividend':
    case 'correctDividend':
    case 'splitShares':
      decideCellCommand(portfolio, { inputId: input.id, command, prices: observation.prices, record })
      break
    case 'rebalance':
      decideRebalance(portfolio, input.id, command, record)
      break
    default:
      unreachable(command)
  }
}

function decideRebalance(
  portfolio: Portfolio,
  inputId: string,
  { isDryRun, targetWeights, threshold, maxOrders }: Rebalance,
  record: Recorder,
): void {
  const overrides = { targetWeights, threshold: threshold === null ? null : `${threshold}`, maxOrders }
  decideAllocation(portfolio, { inputId, trigger: 'manual', overrides, isDryRun, record })
}

function decideFailure(portfolio: Portfolio, input: InputFailed): PortfolioEvent[] {
  const { instrument, failedInputId, error } = input
  const message = `input ${failedInputId} could not be decided and is put aside: ${error}`
  const raised: AlarmRaised = alarm(portfolio, {
    code: 'INPUT_FAILED',
    severity: 'critical',
    instrument,
    subject: failedInputId,
    message,
  })
  if (instrument === null) return [raised]
  return [{ type: 'InstrumentLocked', instrument, reason: message, at: portfolio.now }, raised]
}
