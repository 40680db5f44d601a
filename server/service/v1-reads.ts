import type { Pool } from 'pg'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { type Clock, systemClock } from '../clock.js'
import type { Database } from '../db/database.js'
import type { Page, PageQuery, V1Reads } from '../http/v1/port.js'
import { loadPortfolio } from '../journal/load.js'
import { readAlarms } from '../journal/read/alarms.js'
import { readAlert, readAlerts } from '../journal/read/alerts.js'
import { readApproval, readApprovals } from '../journal/read/approvals.js'
import { readDecision, readDecisions, readDecisionsOfInput } from '../journal/read/decisions.js'
import { readFills, readLedger } from '../journal/read/money.js'
import { readOrders } from '../journal/read/orders.js'
import { readPortfolios } from '../journal/read/portfolios.js'
import { readPositions } from '../journal/read/positions.js'
import { loadCalendar } from '../market/calendar/effective-calendar.js'
import type { Log } from '../observe/log.js'
import { type FoundBreak, findBreaks } from './find-breaks.js'
import type { Host } from './hosts.js'
import { showCells, showDividends } from './show-cells.js'
import { showPortfolio } from './show-portfolio.js'
import { showMetrics, showRuns } from './show-runs.js'

/** What reading for /v1 depends on. */
export interface V1ReadsOptions {
  /** Throws ServiceError while there is no database. */
  readonly database: () => Database
  readonly hosts: ReadonlyMap<string, Host>
  readonly log: Log
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** Returns what /v1 reads: tables for what is listed, the state for what follows from prices. */
export function createV1Reads(options: V1ReadsOptions): V1Reads {
  const { database, hosts, log, clock = systemClock } = options
  const list =
    <Query extends PageQuery, Item>(
      read: (db: Database['db'], portfolio: string, page: Query) => Promise<Page<Item>>,
    ) =>
    async (portfolio: string, page: Query) =>
      read(database().db, portfolio, page)
  return {
    portfolios: () => summarize(options),
    portfolio: async (id) => {
      const host = hosts.get(id)
      const summary = (await summarize(options)).find((found) => found.id === id)
      if (host === undefined || summary === undefined) return null
      const state = host.held()?.state() ?? (await loadState(database().pool, id, log))
      return { ...summary, ...showPortfolio(state) }
    },
    positions: list(readPositions),
    orders: list(readOrders),
    approvals: list(readApprovals),
    approval: async (portfolio, id) => readApproval(database().db, portfolio, id),
    fills: list(readFills),
    decisions: list(readDecisions),
    alerts: list(readAlerts),
    ledger: list(readLedger),
    alarms: async (page) => readAlarms(database().db, page),
    decision: async (id) => readDecision(database().db, id),
    alert: async (id) => readAlert(database().db, id),
    calendar: async () => ({ calendar: await loadCalendar(database().pool), now: clock.now() }),
    cells: async (id) => {
      const state = await stateOf(options, id)
      return state === null ? null : showCells(state)
    },
    dividends: async (id) => {
      const state = await stateOf(options, id)
      return state === null ? null : showDividends(state)
    },
    runs: async (id) => {
      const state = await stateOf(options, id)
      return state === null ? null : showRuns(state)
    },
    fundMetrics: async (id) => {
      const state = await stateOf(options, id)
      return state === null ? null : showMetrics(state)
    },
    breaks: () => findAllBreaks(options),
    decisionsOfInput: async (portfolio, inputId) => readDecisionsOfInput(database().db, portfolio, inputId),
  }
}

/** Null when there is no such portfolio. */
async function stateOf({ database, hosts, log }: V1ReadsOptions, id: string): Promise<Portfolio | null> {
  const host = hosts.get(id)
  return host === undefined ? null : (host.held()?.state() ?? loadState(database().pool, id, log))
}

/** A portfolio that another instance decides is read from its logs: that nothing is known here is no agreement. */
async function findAllBreaks({ database, hosts, log }: V1ReadsOptions) {
  const found: FoundBreak[] = []
  const known = new Set((await readPortfolios(database().db)).map(({ id }) => id))
  for (const host of hosts.values()) {
    if (!known.has(host.id)) continue
    found.push(...findBreaks(host.held()?.state() ?? (await loadState(database().pool, host.id, log))))
  }
  return found
}

/** Returns the state as the logs have it, for a portfolio that another instance decides. */
export async function loadState(pool: Pool, id: string, log: Log): Promise<Portfolio> {
  return (await loadPortfolio(pool, id, log)).fold.portfolio
}

async function summarize({ database, hosts }: V1ReadsOptions) {
  const rows = await readPortfolios(database().db)
  return rows.flatMap((row) => {
    const host = hosts.get(row.id)
    // A portfolio that left the configuration keeps its records, and is served by nobody.
    if (host === undefined) return []
    const { phase: ownPhase, ready, heldBy } = host.readiness()
    const phase = heldBy === null ? ownPhase : row.phase
    const { id, currency, tradingState, tradingStateReason, closedEquity, openPositions } = row
    return [{ id, currency, phase, ready, tradingState, tradingStateReason, closedEquity, openPositions }]
  })
}
