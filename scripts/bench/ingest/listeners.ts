import type { Pool } from 'pg'
import { systemClock } from '../../../server/clock.js'
import { loadConfiguration } from '../../../server/config/configuration.js'
import { alertRulesOf } from '../../../server/config/settings.js'
import { createWebhookListener } from '../../../server/http/webhook-listener.js'
import type { AlertDesk } from '../../../server/http/webhook-port.js'
import { createAlertReader } from '../../../server/inbox/alert-schema.js'
import { identifyAlert } from '../../../server/inbox/dedupe-key.js'
import { Receiver } from '../../../server/inbox/receive.js'
import { silentLog } from '../../../server/observe/log.js'
import { createMetrics } from '../../../server/observe/metrics.js'
import { type AlertSource, createAlertDesk } from '../../../server/service/alert-desk.js'

/** Where a webhook listens. */
export interface BenchListener {
  readonly port: number
  readonly path: string
  readonly close: () => Promise<void>
}

const TOKEN = 'bench-token'

/** Starts the webhook listener as it is, in front of a desk that reads and checks an alert and stores nothing. */
export async function startUnstoredListener(): Promise<BenchListener> {
  const source = await sourceOf('unstored')
  const read = createAlertReader(source.rules)
  const zones = new Map(source.rules.instruments.map(({ name, zone }) => [name, zone]))
  return listen(source, {
    take: async (_source, raw) => {
      const reading = read(raw)
      if (reading.kind === 'refused') {
        return { kind: 'refused', code: reading.code, errors: reading.problems }
      }
      const zone = zones.get(reading.alert.instrument)!
      const receivedAt = systemClock.now()
      const { alertId } = identifyAlert(reading, { source: source.name, raw, receivedAt, zone })
      return { kind: 'stored', alertId, status: 'accepted', decision: null }
    },
    recordRefused: () => undefined,
    awaitDecision: async () => null,
  })
}

/** Starts the webhook listener in front of the real desk and inbox; nobody decides what is stored. */
export async function startPausedListener(pool: Pool, portfolio: string): Promise<BenchListener> {
  const source = await sourceOf(portfolio)
  const [log, metrics] = [silentLog, createMetrics()]
  const receiver = new Receiver({ pool, log, metrics })
  const parts = { receiver, pool, log, metrics, clock: systemClock, deciding: () => null }
  return listen(source, createAlertDesk({ sources: [source], ...parts }))
}

async function sourceOf(portfolio: string): Promise<AlertSource> {
  const configuration = await loadConfiguration(null, () => TOKEN)
  const rules = alertRulesOf(configuration, configuration.sources[0]!)
  return { name: portfolio, portfolio, tokens: [TOKEN], rules }
}

async function listen(source: AlertSource, desk: AlertDesk): Promise<BenchListener> {
  const listener = createWebhookListener({
    sources: [source],
    desk,
    intake: () => 'open',
    metrics: createMetrics(),
    log: silentLog,
    allowedSenders: null,
    trustedProxy: null,
  })
  await listener.listen({ host: '127.0.0.1', port: 0 })
  const { port } = listener.server.address() as { port: number }
  return { port, path: `/webhook/${TOKEN}`, close: () => listener.close() }
}
