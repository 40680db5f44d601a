import { ZERO } from '../../decimal.js'
import type { Decision } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import { decisionId, runIdOf } from '../../ids.js'
import { alarm } from '../../portfolio/alarm.js'
import type {
  AllocationRun,
  EndedRunOrder,
  RunOrder,
  RunOutcome,
  RunTrigger,
} from '../../portfolio/allocation-state.js'
import { type DecisionFields, newDecision } from '../../portfolio/new-decision.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import { allowsReductions } from '../../risk/trading-state.js'
import { NO_OVERRIDES, type RunOverrides } from './allocation-report.js'
import type { AllocationSettings } from './allocation-settings.js'
import { isRunNeeded, isVenueOpen } from './check-allocation.js'
import { runExtent } from './closed-venue.js'
import { endRun, NO_FEES, summarized } from './end-run.js'
import { type AllocationHalt, describeHalt, isHalt } from './halt.js'
import { allocationOf, type PlannedRun, planAllocation } from './plan-allocation.js'
import { reportPlan } from './report-plan.js'
import { reviewRestingOrders } from './review-resting.js'

/** What asks for a run. */
export interface RunRequest {
  readonly inputId: string
  readonly trigger: RunTrigger
  readonly overrides: RunOverrides
  readonly isDryRun: boolean
  readonly record: (events: readonly PortfolioEvent[]) => void
}

/** A request, and what it is decided with. */
interface Attempt extends RunRequest {
  readonly settings: AllocationSettings
  /** Whether its result replaces the last one. */
  readonly updatesResult: boolean
}

/**
 * Decides a run: plans it anew from what is known now, and begins it, unless it is a dry run, is not needed, or may not be.
 * Resting orders of the run before are looked at first.
 */
export function decideAllocation(portfolio: Portfolio, request: RunRequest): void {
  const { record, trigger } = request
  const settings = allocationOf(portfolio)
  const refusal = settings === null ? 'NOT_ALLOCATION' : whyNot(portfolio, settings, request)
  if (settings === null || refusal !== null) {
    // The schedule asks again; a person is told.
    if (trigger === 'manual') record([made(portfolio, request, { outcome: 'blocked', reasons: [refusal!] })])
    return
  }
  const { closedMarket } = settings
  const extent = runExtent(isVenueOpen(portfolio), closedMarket.mode, closedMarket.updatesResult)
  const isDryRun = request.isDryRun || !extent.sendsOrders
  const attempt: Attempt = { ...request, settings, isDryRun, updatesResult: extent.updatesResult }
  const planned = planAllocation(portfolio, settings, request.overrides)
  if (isHalt(planned)) record(halt(portfolio, attempt, planned))
  else if (trigger === 'manual' || isRunNeeded(portfolio, settings, planned))
    carryOut(portfolio, attempt, planned)
}

/** While orders of the run before rest and there is nothing to add, the schedule leaves that run as it is. */
function carryOut(portfolio: Portfolio, attempt: Attempt, planned: PlannedRun): void {
  const { settings, overrides, isDryRun, trigger, record } = attempt
  if (!isDryRun) {
    record(reviewRestingOrders(portfolio, settings, overrides))
    if (planned.orders.length > 0) endRunBefore(portfolio, attempt)
    else if (portfolio.allocation.run !== null && trigger === 'scheduled') return
  }
  record(begin(portfolio, attempt, planned))
}

function whyNot(
  portfolio: Portfolio,
  { closedMarket, style }: AllocationSettings,
  { isDryRun }: RunRequest,
): string | null {
  if (isDryRun) return null
  const { run } = portfolio.allocation
  if (run !== null && (run.style === 'market' || style.kind === 'market')) return 'RUN_IN_PROGRESS'
  if (!allowsReductions(portfolio.tradingState)) return 'TRADING_STATE'
  const { plans } = runExtent(isVenueOpen(portfolio), closedMarket.mode, false)
  return plans ? null : 'MARKET_CLOSED'
}

/** The next run plans around the orders that rest. */
function endRunBefore(portfolio: Portfolio, { record }: Attempt): void {
  const { run } = portfolio.allocation
  if (run === null) return
  const dropped = run.orders.filter(({ orderId, skipped }) => orderId === null && skipped === null)
  const changes = dropped.map(({ symbol, quantity, price, attempt }) => ({
    ...{ symbol, quantity, price, attempt, orderId: null },
    skipped: 'SUPERSEDED',
  }))
  const { id: runId, notBefore } = run
  if (changes.length > 0) record([{ type: 'AllocationAdvanced', runId, changes, notBefore }])
  record(endRun(portfolio, run))
}

/** Told to a person when its reason is not that of the last one: a schedule may come upon the same every 30 seconds. */
function halt(portfolio: Portfolio, attempt: Attempt, halted: AllocationHalt): PortfolioEvent[] {
  const { settings, inputId, trigger } = attempt
  const message = describeHalt(halted)
  const { last } = portfolio.allocation
  const isKnown = last?.outcome === 'halted' && last.reason === message && trigger === 'scheduled'
  const report = { kind: 'halt', mode: settings.weights.mode, halt: halted, message } as const
  const facts = { outcome: 'blocked', reasons: ['HALTED', haltCode(halted)], notes: [message] } as const
  const decided = made(portfolio, attempt, { ...facts, rebalance: report })
  const ended = over(portfolio, attempt, { outcome: 'halted', reason: message, orders: [] })
  if (isKnown) return [decided, ended]
  const told = { code: 'ALLOCATION_HALTED', severity: 'warning', instrument: null } as const
  return [decided, ended, alarm(portfolio, { ...told, subject: inputId, message })]
}

/** Returns a halt as one word, for programs. */
function haltCode(halted: AllocationHalt): string {
  switch (halted.halt) {
    case 'weightData':
      return 'METRICS_UNUSABLE'
    case 'weights':
      return 'WEIGHTS_UNUSABLE'
    case 'price':
      return 'PRICE_UNUSABLE'
    case 'emptyPortfolio':
      return 'PORTFOLIO_EMPTY'
    case 'unknownSymbol':
    case 'unknownPair':
    case 'rate':
      return 'SYMBOL_UNKNOWN'
  }
}

function begin(portfolio: Portfolio, attempt: Attempt, planned: PlannedRun): PortfolioEvent[] {
  const { settings, overrides, isDryRun } = attempt
  const rebalance = reportPlan(portfolio, planned, { settings, overrides, isDryRun })
  if (isDryRun) {
    const outcome = planned.orders.length === 0 ? 'nothing' : 'dryRun'
    return [
      made(portfolio, attempt, { outcome: 'ignored', reasons: ['DRY_RUN'], rebalance }),
      over(portfolio, attempt, { outcome, reason: null, orders: planned.orders.map(asDryRun) }),
    ]
  }
  if (planned.orders.length === 0) {
    return [
      made(portfolio, attempt, { outcome: 'ignored', reasons: ['NOTHING_TO_ORDER'], rebalance }),
      over(portfolio, attempt, { outcome: 'nothing', reason: null, orders: [] }),
    ]
  }
  const decision = made(portfolio, attempt, { outcome: 'approved', reasons: ['PLANNED'], rebalance })
  return [decision, { type: 'AllocationRunStarted', run: runOf(portfolio, attempt, planned) }]
}

type Made = Pick<DecisionFields, 'outcome' | 'reasons'> & Partial<Pick<Decision, 'rebalance' | 'notes'>>

function made(portfolio: Portfolio, { inputId }: RunRequest, facts: Made): PortfolioEvent {
  const fields: DecisionFields = { inputId, ordinal: 1, kind: 'rebalance', instrument: null, ...facts }
  return { type: 'DecisionMade', decision: newDecision(portfolio, fields) }
}

interface Over {
  readonly outcome: RunOutcome
  readonly reason: string | null
  readonly orders: readonly EndedRunOrder[]
}

/** A run that orders nothing is over at once; only one that was meant counts as the last. */
function over(portfolio: Portfolio, attempt: Attempt, told: Over): PortfolioEvent {
  const { trigger, inputId, updatesResult } = attempt
  const decision = decisionId(inputId, 1)
  const facts = {
    id: runIdOf(decision),
    decisionId: decision,
    trigger,
    startedAt: portfolio.now,
    fees: NO_FEES,
  }
  const counts = told.outcome === 'nothing' && !attempt.isDryRun
  return {
    type: 'AllocationRunEnded',
    ended: summarized(portfolio, { ...facts, ...told }),
    counts,
    updatesResult,
  }
}

function asDryRun({ symbol, side, quantity }: PlannedRun['orders'][number]): EndedRunOrder {
  const nothing = { filled: ZERO, filledValue: ZERO, orderId: null, reason: null }
  return { symbol, side, quantity, fate: 'dryRun', ...nothing }
}

function runOf(
  portfolio: Portfolio,
  { inputId, trigger, settings }: Attempt,
  planned: PlannedRun,
): AllocationRun {
  const { style, funding, pauseMs, maxDriftBps } = settings
  const targets = new Map(planned.valuation.members.map(({ symbol, target }) => [symbol, target]))
  const orders = planned.orders.map(
    ({ symbol, side, quantity, limitPrice, price, difference }): RunOrder => ({
      ...{ symbol, side, quantity, limitPrice, price, difference, target: targets.get(symbol)! },
      ...{ orderId: null, attempt: 0, skipped: null },
    }),
  )
  return {
    id: runIdOf(decisionId(inputId, 1)),
    decisionId: decisionId(inputId, 1),
    ...{ trigger, startedAt: portfolio.now, style: style.kind, orders, pauseMs, notBefore: portfolio.now },
    ...{ spendable: planned.spendable, feePct: funding.feePct },
    maxDriftBps: style.kind === 'market' ? maxDriftBps : null,
  }
}

/** Returns a request of the schedule. */
export function scheduledRun(inputId: string, record: RunRequest['record']): RunRequest {
  return { inputId, trigger: 'scheduled', overrides: NO_OVERRIDES, isDryRun: false, record }
}
