import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import type { AlertType } from '../../core/alert/alert.js'
import { systemClock } from '../../server/clock.js'
import { addressSet } from '../../server/http/sender-address.js'
import { createWebhookListener } from '../../server/http/webhook-listener.js'
import type { Intake } from '../../server/http/webhook-port.js'
import { Receiver } from '../../server/inbox/receive.js'
import type { Log } from '../../server/observe/log.js'
import { createMetrics, type Metrics } from '../../server/observe/metrics.js'
import { type AlertDeskOptions, type AlertSource, createAlertDesk } from '../../server/service/alert-desk.js'
import { instruments } from '../inbox/alert-bodies.js'

/** The token of the source that may send everything, and the one that replaces it. */
export const tokens = {
  current: 'tv-current-0123456789',
  next: 'tv-next-0123456789',
  narrow: 'tv-narrow-0123456789',
}

/** A webhook listener on a database, and what it did. */
export interface WebhookDesk {
  readonly app: FastifyInstance
  readonly metrics: Metrics
  /** Everything that was logged, as text. */
  readonly logged: string[]
  intake: Intake
}

/** What a test may want differently. */
export interface WebhookDeskOptions {
  readonly allowedSenders?: readonly string[]
  readonly trustedProxy?: readonly string[]
  readonly deciding?: AlertDeskOptions['deciding']
}

/** Returns a webhook listener that stores alerts in the database; nothing decides them. */
export function openWebhookDesk(pool: Pool, options: WebhookDeskOptions = {}): WebhookDesk {
  const logged: string[] = []
  const write = (fields: object, message: string) => {
    logged.push(`${message} ${JSON.stringify(fields, (_key, value) => spellError(value))}`)
  }
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const metrics = createMetrics()
  const receiver = new Receiver({ pool, log, metrics })
  const sources = [
    source('tradingview', [tokens.current, tokens.next], null),
    source('narrow', [tokens.narrow], ['MARKET_DATA']),
  ]
  const deciding = options.deciding ?? (() => null)
  const desk = createAlertDesk({ sources, receiver, pool, clock: systemClock, log, metrics, deciding })
  const allowed = options.allowedSenders
  const opened: { intake: Intake } = { intake: 'open' }
  const app = createWebhookListener({
    sources,
    desk,
    intake: () => opened.intake,
    metrics,
    log,
    allowedSenders: allowed === undefined ? null : addressSet(allowed),
    trustedProxy: options.trustedProxy === undefined ? null : addressSet(options.trustedProxy),
  })
  return Object.assign(opened, { app, metrics, logged })
}

function source(
  name: string,
  sourceTokens: readonly string[],
  types: readonly AlertType[] | null,
): AlertSource {
  const rules = {
    instruments,
    allowedTypes: types,
    allowedInstruments: types === null ? null : ['SILVER_MINI'],
  }
  return { name, portfolio: 'main', tokens: sourceTokens, rules }
}

function spellError(value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message} ${value.stack}` : value
}
