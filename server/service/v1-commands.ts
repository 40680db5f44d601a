import { setTimeout as delay } from 'node:timers/promises'
import type { Calendar } from '../../core/calendar/calendar.js'
import type { OperatorCommand } from '../../core/input.js'
import { findBreak, listBreaks } from '../../core/reconcile/list-breaks.js'
import { findApproval } from '../../core/risk/approvals.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { rulesOfCells } from '../../core/strategies/volatility/cell-rules.js'
import type { Clock } from '../clock.js'
import type { Database } from '../db/database.js'
import { ServiceError } from '../errors.js'
import type { ImportedFacts, PortfolioFacts, V1Commands } from '../http/v1/port.js'
import { createAlertReader, type ReadAlert } from '../inbox/alert-schema.js'
import { identifyAlert } from '../inbox/dedupe-key.js'
import { showDetail } from '../journal/read/decisions.js'
import { holdsPosition } from '../journal/read/positions.js'
import { whatIf } from '../kernel/what-if.js'
import { InputFailedError, type NewInput, SequencerStoppedError } from '../kernel/work.js'
import { loadCalendar, recordImport } from '../market/calendar/effective-calendar.js'
import type { Log } from '../observe/log.js'
import type { HeldPortfolio, Host } from './hosts.js'
import { assetsOf, previewRun } from './preview-run.js'
import { loadState } from './v1-reads.js'

/** What the commands of /v1 depend on. */
export interface V1CommandsOptions {
  /** Throws ServiceError while there is no database. */
  readonly database: () => Database
  readonly hosts: ReadonlyMap<string, Host>
  readonly clock: Clock
  readonly log: Log
  /**
   * Is given the calendar in force after each import, before the import is answered. When it rejects, the import stands
   * and is not answered; the same request then calls it again.
   */
  readonly onCalendarChanged?: (calendar: Calendar) => Promise<void>
}

/** A command that is not recorded by then is answered with a 503; its key tells later what became of it. */
const decideWithinMs = 8000

/** Returns what /v1 can do to portfolios. */
export function createV1Commands(options: V1CommandsOptions): V1Commands {
  const { database, hosts, clock } = options
  return {
    facts: (id) => {
      const settings = hosts.get(id)?.settings
      if (settings === undefined) return null
      const traded = [...settings.instruments, ...(settings.assets ?? [])]
      return {
        currency: settings.currency,
        instruments: traded.map(({ name }) => name),
        now: clock.now(),
        strategy: strategyOf(settings),
        isAutomatic: settings.allocation?.automatic ?? false,
        isRunning: hosts.get(id)?.held()?.state().allocation.run?.style === 'market',
      }
    },
    portfolioOfBreak: (breakId) => portfolioOfBreak(hosts, breakId),
    breakOfOrder: (portfolio, orderId) => breakOfOrder(requireHeld(hosts.get(portfolio)), orderId),
    holds: async (id, positionId) => holdsPosition(database().db, id, positionId),
    decide: async (id, inputId, command) => {
      const held = requireHeld(hosts.get(id))
      const priced = await withQuote(held, command)
      await decideCommand(held, { type: 'OperatorCommanded', id: inputId, command: priced })
    },
    previewRun: async (id, overrides) => previewRun(requireHeld(hosts.get(id)), overrides, clock),
    portfoliosOfAssets: () =>
      [...hosts.values()].flatMap(({ id, settings }) => ((settings.assets ?? []).length > 0 ? [id] : [])),
    importFacts: async (id, inputId, imported) =>
      decideCommand(requireHeld(hosts.get(id)), inputOf(inputId, imported)),
    importCalendar: async (commandId, imported) => {
      const { pool } = database()
      await recordImport(pool, commandId, imported)
      const calendar = await loadCalendar(pool)
      await options.onCalendarChanged?.(calendar)
      return calendar
    },
    whatIf: async (id, body) => {
      const host = hosts.get(id)!
      const { instruments } = host.settings
      const read = createAlertReader({ instruments, allowedTypes: null, allowedInstruments: null })
      const reading = read(body)
      if (reading.kind === 'refused') {
        return { kind: 'refused', code: reading.code, errors: reading.problems }
      }
      return propose(options, host, { reading, body })
    },
  }
}

/** A difference is known where its portfolio is decided: elsewhere nobody can say that there is none. */
function portfolioOfBreak(hosts: ReadonlyMap<string, Host>, breakId: string): string | null {
  for (const host of hosts.values()) {
    const state = host.held()?.state()
    if (state !== undefined && findBreak(state, breakId) !== undefined) return host.id
  }
  for (const host of hosts.values()) requireHeld(host)
  return null
}

function breakOfOrder(held: HeldPortfolio, orderId: string): string {
  const state = held.state()
  const listed = listBreaks(state).find(
    ({ found }) => found.class === 'unknownOrder' && found.orderId === orderId,
  )
  if (listed !== undefined) return listed.found.id
  const order = state.orders.get(orderId)
  if (order === undefined) throw new ServiceError('ORDER_UNKNOWN', `There is no order ${orderId} at work`)
  throw new ServiceError('ORDER_FATE_KNOWN', `The order ${orderId} is ${order.state}`)
}

/** An approval is decided at the broker's price of this moment, which is asked for before it is decided. */
async function withQuote(held: HeldPortfolio, command: OperatorCommand): Promise<OperatorCommand> {
  if (command.kind === 'evaluate') return withPrices(held, command)
  if (command.kind === 'rebalance')
    return { ...command, quotes: { ...command.quotes, ...(await held.quotesOf(assetsOf(held.state()))) } }
  if (command.kind !== 'answerApproval' || !command.isApproved) return command
  const asked = findApproval(held.state(), command.approvalId)
  if (asked === undefined) return command
  const quotes = await held.quotesOf([asked.instrument])
  return { ...command, quote: quotes[asked.instrument] ?? null }
}

function strategyOf({ allocation, volatility }: PortfolioSettings): PortfolioFacts['strategy'] {
  if (allocation !== undefined) return 'allocation'
  return volatility === undefined ? 'trend' : 'volatility'
}

type Evaluate = Extract<OperatorCommand, { kind: 'evaluate' }>

/** What no price was told of is evaluated at the broker's, where it tells one. */
async function withPrices(held: HeldPortfolio, command: Evaluate): Promise<Evaluate> {
  const told = new Set(command.prices.map(({ instrument }) => instrument))
  const wanted = command.instruments ?? [...rulesOfCells(held.state()).keys()]
  const quotes = await held.quotesOf(wanted.filter((name) => !told.has(name)))
  const asked = Object.entries(quotes).map(([instrument, { price, observedAt }]) => {
    return { instrument, price, observedAt }
  })
  return { ...command, prices: [...command.prices, ...asked] }
}

function requireHeld(host: Host | undefined): HeldPortfolio {
  const held = host?.held() ?? null
  if (held !== null) return held
  const readiness = host?.readiness()
  if (readiness?.heldBy != null) {
    throw new ServiceError('LEASE_HELD', `The instance ${readiness.heldBy} runs portfolio ${readiness.id}`)
  }
  const phase = `Portfolio ${readiness?.id} is in phase ${readiness?.phase}`
  throw new ServiceError('PORTFOLIO_NOT_READY', readiness?.detail ? `${phase}: ${readiness.detail}` : phase)
}

function inputOf(id: string, imported: ImportedFacts): NewInput {
  if (imported.kind === 'metrics') return { type: 'MetricsImported', id, metrics: imported.metrics }
  return { type: 'PricesObserved', id, prices: imported.prices }
}

async function decideCommand(held: HeldPortfolio, input: NewInput): Promise<void> {
  const giveUp = new AbortController()
  const late = delay(decideWithinMs, 'late' as const, { signal: giveUp.signal }).catch(() => 'late' as const)
  try {
    const outcome = await Promise.race([held.submit(input), late])
    if (outcome !== 'late') return
    throw new ServiceError('PORTFOLIO_NOT_READY', `The command was not recorded within ${decideWithinMs} ms`)
  } catch (error) {
    if (error instanceof SequencerStoppedError) throw new ServiceError('PORTFOLIO_NOT_READY', error.message)
    if (error instanceof InputFailedError) throw new ServiceError('INTERNAL', error.message, { cause: error })
    throw error
  } finally {
    giveUp.abort()
  }
}

async function propose(
  { database, clock, log }: V1CommandsOptions,
  host: Host,
  { reading, body }: { readonly reading: ReadAlert; readonly body: Buffer },
) {
  const { alert } = reading
  const { id } = host
  const { zone } = host.settings.instruments.find(({ name }) => name === alert.instrument)!
  const origin = { source: 'what-if', raw: body, receivedAt: clock.now(), zone }
  const { alertId } = identifyAlert(reading, origin)
  const state = host.held()?.state() ?? (await loadState(database().pool, id, log))
  const input: NewInput = { type: 'AlertAdmitted', id: alertId, alert, conflict: false, quote: null }
  const { events } = whatIf(state, input, clock)
  const names = events.map(({ type }) => type)
  const decisions = events.flatMap((event) => {
    if (event.type !== 'DecisionMade') return []
    const { decision } = event
    const { outcome } = decision
    const detail = showDetail(decision, { portfolio: id, alertId: null, outcome, filledLots: '0' })
    return [{ ...detail, events: names }]
  })
  return { kind: 'proposed', decisions } as const
}
