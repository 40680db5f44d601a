import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Zone } from '../../core/calendar/zone.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Clock } from '../clock.js'
import type {
  AlertDesk,
  DecisionAnswer,
  Receipt as HttpReceipt,
  RefusedRequest,
  WebhookSource,
} from '../http/webhook-port.js'
import {
  type AlertReader,
  type AlertRules,
  createAlertReader,
  type ReadAlert,
} from '../inbox/alert-schema.js'
import { identifyAlert } from '../inbox/dedupe-key.js'
import type { Receiver } from '../inbox/receive.js'
import type { AlertOutcome } from '../journal/alert-outcome.js'
import type { Log } from '../observe/log.js'
import type { Metrics } from '../observe/metrics.js'
import { readAlertDecision } from './alert-decision.js'

/** A source of alerts: who it is, which portfolio it feeds, and what its alerts can say. */
export interface AlertSource extends WebhookSource {
  readonly portfolio: string
  readonly rules: AlertRules
}

/** A portfolio that is decided in this process, as far as an answer to an alert needs it. */
export interface DecidingPortfolio {
  readonly whenDecided: (alertId: string, timeoutMs: number) => Promise<AlertOutcome | null>
  readonly whenFilled: (orderIds: readonly string[], timeoutMs: number) => Promise<boolean>
  readonly state: () => Portfolio
}

/** What the desk depends on. */
export interface AlertDeskOptions {
  readonly sources: readonly AlertSource[]
  readonly receiver: Receiver
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Null when the portfolio is decided elsewhere, or not yet. */
  readonly deciding: (portfolio: string) => DecidingPortfolio | null
}

const lookAgainMs = 50

/** Returns the desk that webhook alerts are handed to: it reads them, stores them, and waits for their decisions. */
export function createAlertDesk(options: AlertDeskOptions): AlertDesk {
  const counters = new Map(options.sources.map((source) => [source.name, openCounter(source)]))
  return {
    take: (source, raw) => takeAlert(options, counters.get(source.name)!, raw),
    recordRefused: (refused) => recordRefused(options, refused),
    awaitDecision: (source, alertId, timeoutMs) => {
      const { portfolio } = counters.get(source.name)!.source
      return awaitDecision(options, { portfolio, alertId, timeoutMs })
    },
  }
}

/** Where alerts of one source are read. */
interface Counter {
  readonly source: AlertSource
  readonly read: AlertReader
  readonly zones: ReadonlyMap<string, Zone>
}

function openCounter(source: AlertSource): Counter {
  const zones = new Map(source.rules.instruments.map(({ name, zone }) => [name, zone]))
  return { source, read: createAlertReader(source.rules), zones }
}

async function takeAlert(options: AlertDeskOptions, counter: Counter, raw: Buffer): Promise<HttpReceipt> {
  const reading = counter.read(raw)
  if (reading.kind === 'refused') return { kind: 'refused', code: reading.code, errors: reading.problems }
  const receipt = await options.receiver.receive(incoming(options, { counter, reading, raw }))
  options.metrics.alerts.inc({ type: reading.alert.type, status: receipt.status })
  const { status, alertId } = receipt
  if (status === 'accepted') return { kind: 'stored', alertId, status, decision: null }
  const decision = await readDecision(options, alertId)
  if (status === 'duplicate') return { kind: 'stored', alertId, status, decision }
  return { kind: 'stored', alertId, status, decision, firstAlertId: receipt.first.alertId }
}

interface ReadBytes {
  readonly counter: Counter
  readonly reading: ReadAlert
  readonly raw: Buffer
}

function incoming({ clock }: AlertDeskOptions, { counter, reading, raw }: ReadBytes) {
  const { name: source, portfolio } = counter.source
  const { alert } = reading
  const receivedAt = clock.now()
  const zone = counter.zones.get(alert.instrument)!
  const identity = identifyAlert(reading, { source, raw, receivedAt, zone })
  return { portfolio, source, identity, alert, raw, receivedAt }
}

/** The decision of an alert that came again, or of one in conflict; null while it waits. */
async function readDecision(options: AlertDeskOptions, alertId: string): Promise<DecisionAnswer | null> {
  return readAlertDecision(options.pool, alertId).catch((error: unknown) => {
    // The alert is stored, which is what the sender must learn; what became of it can be asked again.
    options.log.warn({ err: error, alertId }, 'The decision of a repeated alert was not read')
    return null
  })
}

function recordRefused({ receiver, clock, log }: AlertDeskOptions, refused: RefusedRequest): void {
  const { source, raw, status, errors } = refused
  const body = { source: source.name, raw, receivedAt: clock.now(), status, problems: errors }
  receiver.recordRefused(body).catch((error: unknown) => {
    log.warn({ err: error, source: source.name, status }, 'A refused alert could not be put on record')
  })
}

interface AwaitedAlert {
  readonly portfolio: string
  readonly alertId: string
  readonly timeoutMs: number
}

async function awaitDecision(
  options: AlertDeskOptions,
  { portfolio, alertId, timeoutMs }: AwaitedAlert,
): Promise<DecisionAnswer | null> {
  const deadline = performance.now() + timeoutMs
  const deciding = options.deciding(portfolio)
  if (deciding === null) return pollDecision(options, alertId, deadline)
  const outcome = await deciding.whenDecided(alertId, timeoutMs)
  if (outcome === null) return null
  const { orderIds, decisionId: id, reasons } = outcome
  const restMs = Math.max(0, deadline - performance.now())
  const filled = orderIds.length > 0 && (await deciding.whenFilled(orderIds, restMs))
  const decided = outcome.outcome ?? 'blocked'
  return { id, outcome: filled ? 'executed' : decided, reasons, lots: String(outcome.lots), orderIds }
}

/** Another instance decides: the row tells when it has. */
async function pollDecision(
  options: AlertDeskOptions,
  alertId: string,
  deadline: number,
): Promise<DecisionAnswer | null> {
  while (performance.now() < deadline) {
    const found = await readAlertDecision(options.pool, alertId).catch(() => null)
    if (found !== null) return found
    await delay(lookAgainMs)
  }
  return null
}
