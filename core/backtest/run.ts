import { decimal } from '../decimal.js'
import type { Decision } from '../decision.js'
import type { PortfolioEvent } from '../event.js'
import type { Input } from '../input.js'
import type { Instrument } from '../instrument/instrument.js'
import { invariant } from '../invariant.js'
import { evolve, step } from '../kernel.js'
import type { OrderReport } from '../order/report.js'
import { emptyPortfolio, orderOf, type Portfolio } from '../portfolio/portfolio.js'
import type { PortfolioSettings } from '../settings.js'
import type { Instant } from '../time.js'
import type { BacktestTrade } from './backtest-trade.js'
import type { Bars } from './bars/bars.js'
import type { TradingCosts } from './fill.js'
import { measureMoment } from './measure-moment.js'
import { endDays } from './metrics/daily-returns.js'
import { addDecision, type DecisionTotals, newDecisionTotals } from './metrics/decision-totals.js'
import { known } from './metrics/equity-curve.js'
import { measureRun } from './metrics/run-metrics.js'
import { type TradingDays, UTC_WEEKDAYS } from './metrics/trading-days.js'
import { allTrades, newRunTotals, noteMoment, noteTrade, type RunTotals } from './run-totals.js'
import { type BacktestResult, describeTotals, summarize } from './summary.js'
import type { Timeline } from './timeline.js'
import { closedTrade, heldUnits, openTrade } from './trade-log.js'
import { newTradePaths, notePath, noteStop, recentPaths, type TradePaths, takeStops } from './trade-paths.js'
import { cancelAtVenue, type FillAt, sendToVenue, takeDueFills, type Venue } from './venue.js'

/** What any backtest runs with, whatever drives it. */
export interface RunSetup {
  readonly configuration: { readonly hash: string; readonly settings: PortfolioSettings }
  readonly initialCapital: number
  readonly costs: TradingCosts
  readonly fillAt: FillAt
  /** What a day is for daily returns; weekdays in UTC where it is not told. */
  readonly days?: TradingDays
  /** Takes decisions and closed trades as they happen, and the open trades at the end: nothing keeps them in memory. */
  readonly onDecision: (decision: Decision) => void
  readonly onTrade: (trade: BacktestTrade) => void
  /** Told every input after the set-up with all that it led to, in order: what a journal would have recorded. */
  readonly onInput?: (input: Input, events: readonly PortfolioEvent[]) => void
  /** Told how many of the signals are done, now and then. */
  readonly onProgress?: (done: number) => void
}

/** A backtest under way: the portfolio, its venue, and what is kept for the report. */
export interface Run {
  readonly setup: RunSetup
  readonly portfolio: Portfolio
  /** By name. */
  readonly instruments: ReadonlyMap<string, Instrument>
  readonly venue: Venue
  readonly totals: RunTotals
  readonly paths: TradePaths
  readonly decisions: DecisionTotals
  /** Numbers of the units that are held, by position. */
  readonly numbers: Map<string, number>
  unitsOpened: number
  basesOpened: number
}

/** Returns a run whose portfolio is configured and has its capital; `bars` are those that fills at the next open need. */
export function startRun(setup: RunSetup, at: Instant, bars: ReadonlyMap<string, Bars>): Run {
  const { hash } = setup.configuration
  // Bars tell nothing of how a price was chased: fills follow the cost model
  const settings = { ...setup.configuration.settings, execution: null, protectiveStop: null }
  const run: Run = {
    setup,
    portfolio: emptyPortfolio(settings.portfolio),
    instruments: new Map(settings.instruments.map((instrument) => [instrument.name, instrument])),
    venue: { fillAt: setup.fillAt, costs: setup.costs, bars, waiting: new Map(), slippage: 0 },
    totals: newRunTotals(setup.initialCapital, setup.days ?? UTC_WEEKDAYS),
    paths: newTradePaths(),
    decisions: newDecisionTotals(),
    numbers: new Map(),
    unitsOpened: 0,
    basesOpened: 0,
  }
  invariant(Number.isFinite(at), 'a backtest needs an alert or a bar')
  // The set-up is no part of what is tested: its decision (the deposit) goes nowhere.
  step(run.portfolio, { type: 'ConfigurationActivated', id: 'C-backtest', at, hash, settings })
  const command = {
    kind: 'cash',
    movement: 'deposit',
    amount: decimal(setup.initialCapital),
    note: null,
  } as const
  step(run.portfolio, { type: 'OperatorCommanded', id: 'M-backtest', at, command })
  return run
}

/** A bar opens at `at`: the orders that waited for it fill. */
export function openBar(run: Run, at: Instant): void {
  run.portfolio.now = Math.max(run.portfolio.now, at)
  report(run, takeDueFills(run.venue, run.portfolio))
  noteState(run)
}

/**
 * Decides an input, and then dispatches and fills what it asks for, until nothing is left to do. Returns what the input
 * itself led to.
 */
export function feed(run: Run, input: Input): readonly PortfolioEvent[] {
  const events = decide(run, input)
  dispatch(run, take(run, events))
  return events
}

/** Takes events that a decider gave for an input, where the kernel was not asked because nothing else can come of it. */
export function applyDecided(run: Run, input: () => Input, events: readonly PortfolioEvent[]): void {
  for (const event of events) evolve(run.portfolio, event)
  run.setup.onInput?.(input(), events)
  take(run, events)
}

function decide({ portfolio, setup }: Run, input: Input): readonly PortfolioEvent[] {
  const events = step(portfolio, input)
  setup.onInput?.(input, events)
  return events
}

function dispatch(run: Run, orderIds: readonly string[]): void {
  if (orderIds.length === 0) return
  const { portfolio, venue } = run
  const at = portfolio.now
  const events = decide(run, { type: 'OrdersDue', id: `T-${orderIds[0]}`, at, orderIds })
  const reports: OrderReport[] = []
  for (const event of events) {
    if (event.type !== 'OrderSubmitted') continue
    for (const one of sendToVenue(venue, portfolio, orderOf(portfolio, event.orderId))) reports.push(one)
  }
  report(run, reports)
}

function report(run: Run, reports: readonly OrderReport[]): void {
  if (reports.length === 0) return
  const { portfolio } = run
  const id = `R-${reports[0]!.orderId}`
  dispatch(run, take(run, decide(run, { type: 'BrokerReported', id, at: portfolio.now, reports })))
}

/** Takes what happened into the totals; returns the orders that are to be sent. */
function take(run: Run, events: readonly PortfolioEvent[]): readonly string[] {
  let orderIds: string[] | null = null
  for (const event of events) {
    switch (event.type) {
      case 'DecisionMade':
        addDecision(run.decisions, event.decision)
        run.setup.onDecision(event.decision)
        break
      case 'OrderInitialized':
        orderIds ??= []
        orderIds.push(event.orderId)
        break
      case 'OrderCancelRequested':
        report(run, cancelAtVenue(run.venue, event.orderId))
        break
      case 'UnitOpened':
        run.unitsOpened += 1
        if (event.number === 1) run.basesOpened += 1
        run.numbers.set(event.positionId, run.unitsOpened)
        noteStop(run.paths, event.positionId, event.at, event.stop)
        break
      case 'StopRaised':
        noteStop(run.paths, event.positionId, run.portfolio.now, event.stop)
        break
      case 'UnitClosed':
        takeTrade(run, event.positionId)
        break
      default:
        break
    }
  }
  return orderIds ?? NO_ORDERS
}

const NO_ORDERS: readonly string[] = []

function takeTrade(run: Run, positionId: string): void {
  const unit = run.portfolio.closedUnits.get(positionId)
  invariant(unit !== undefined, () => `the closed position ${positionId} is forgotten`)
  const trade = closedTrade(unit, run.numbers.get(positionId)!)
  run.numbers.delete(positionId)
  noteTrade(run.totals, trade)
  notePath(run.paths, trade, takeStops(run.paths, positionId))
  run.setup.onTrade(trade)
}

/** Takes the present moment into the totals. */
export function noteState({ portfolio, totals, instruments, numbers }: Run): void {
  noteMoment(totals, measureMoment(portfolio, instruments, numbers.size))
}

/** What is known at the end of a run besides the run itself. */
export type Ending = Pick<Timeline, 'rejected' | 'openMarks' | 'openMarksAt'>

/** Returns the outcome of a run, with what is still held valued at the marks of its `ending`, else at the last price. */
export function finishRun(run: Run, ending: Ending): BacktestResult {
  const { setup, portfolio, totals, decisions } = run
  const { initialCapital } = setup
  takeOpenTrades(run, ending)
  endDays(totals.daily)
  const pyramids = run.unitsOpened - run.basesOpened
  const { maxHeatPct, maxVolatilityPct, maxMarginPct } = portfolio.settings!.caps
  return {
    summary: summarize(allTrades(totals), {
      initialCapital,
      maxDrawdownPct: totals.drawdown.maxPct,
      maxHeatPct: known(totals.maxHeatPct),
      maxOpenPositions: totals.maxOpenPositions,
      entries: { executed: run.basesOpened, blocked: decisions.entriesBlocked },
      pyramids: { executed: pyramids, blocked: decisions.pyramidsBlocked },
    }),
    metrics: measureRun(totals, { initialCapital, slippage: run.venue.slippage }),
    blockedBy: Object.fromEntries(decisions.blockedBy),
    boundBy: decisions.boundBy,
    rejectedRows: ending.rejected,
    ...describeTotals(totals),
    caps: { heatPct: maxHeatPct, volatilityPct: maxVolatilityPct, marginPct: maxMarginPct },
    paths: new Map([...run.paths.recent.keys()].map((name) => [name, recentPaths(run.paths, name)])),
  }
}

/** The last moment values what is still held, as its trades do. */
function takeOpenTrades(run: Run, { openMarks, openMarksAt }: Ending): void {
  const { setup, portfolio, totals } = run
  const held = heldUnits(portfolio)
  for (const unit of held) {
    const mark = openMarks.get(unit.instrument) ?? portfolio.books.get(unit.instrument)!.market.price
    const number = run.numbers.get(unit.id)!
    const trade = openTrade(unit, number, mark ?? unit.averagePrice, setup.costs.commissionPct)
    noteTrade(totals, trade)
    notePath(run.paths, trade, takeStops(run.paths, unit.id))
    setup.onTrade(trade)
  }
  if (held.length === 0) return
  const at = Math.max(portfolio.now, openMarksAt ?? portfolio.now)
  const equity = setup.initialCapital + allTrades(totals).netPnl.toNumber()
  noteMoment(totals, { ...measureMoment(portfolio, run.instruments, held.length), at, equity })
}
