import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SimulatedClock } from '../../server/clock.js'
import { startService } from '../../server/main.js'
import { type AdminClient, createAdminClient } from '../cli/admin-client.js'
import { requestJson } from '../cli/http-request.js'
import { VerbFailure } from '../cli/verb-failure.js'
import { DEMO_CONFIGURATION, instantOf } from './day.js'

/** What the webhook answered. */
export interface WebhookAnswer {
  readonly alertId: string
  readonly status: 'accepted' | 'duplicate' | 'conflict'
  readonly decision?: {
    readonly id: string | null
    readonly outcome: string
    readonly reasons: readonly string[]
    readonly lots: string
  }
}

/** A service of its own: a temporary home, free ports, the paper broker and a simulated clock. */
export interface DemoService {
  readonly clock: SimulatedClock
  readonly home: string
  readonly webhookUrl: string
  readonly admin: AdminClient
  /** Rejects when the service cannot run. */
  readonly ready: Promise<void>
  /** Sends an alert and waits until it is decided and its orders are done. */
  readonly send: (body: string) => Promise<WebhookAnswer>
  /** Stops the service and removes its home. */
  readonly stop: () => Promise<void>
}

const settleWithinMs = 10_000
const lookEveryMs = 5

/** Starts the service of the demonstration; its portfolio is active once `ready` has resolved. */
export async function startDemoService(): Promise<DemoService> {
  const home = await mkdtemp(join(tmpdir(), 'general-demo-'))
  const remove = () => rm(home, { recursive: true, force: true })
  try {
    const config = join(home, 'configuration.json')
    await writeFile(config, JSON.stringify(DEMO_CONFIGURATION, null, 2))
    const env = {
      GENERAL_HOME: home,
      GENERAL_CONFIG: config,
      PORT: '0',
      ADMIN_PORT: '0',
      LOG_LEVEL: 'error',
    }
    const clock = new SimulatedClock({ start: instantOf('09:00:00') })
    const { tokens, webhookUrl, adminUrl, ready, stop } = await startService({ env, clock })
    const admin = createAdminClient({ url: adminUrl, token: tokens.admin.token })
    const url = new URL(`${webhookUrl}${tokens.webhook.token}`)
    let stopped: Promise<void> | null = null
    return {
      ...{ clock, home, webhookUrl, admin, ready },
      send: (body) => sendAlert(url, admin, body),
      stop: () => {
        stopped ??= stop().then(remove)
        return stopped
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function sendAlert(url: URL, admin: AdminClient, body: string): Promise<WebhookAnswer> {
  const headers = { prefer: 'wait=1.8' }
  const answer = await requestJson({ method: 'POST', url, headers, body: JSON.parse(body), timeoutMs: 5000 })
  if (answer.status !== 200) {
    const remedy = 'Run it again; when it stays so, this is a fault of the general: please report it'
    const message = `The webhook answered ${answer.status} to ${body}: ${JSON.stringify(answer.body)}. ${remedy}`
    throw new VerbFailure(message, { code: 'DEMO_FAILED', remedy, details: answer.body })
  }
  const stored = answer.body as WebhookAnswer
  await settle(admin, stored.alertId)
  return stored
}

/** Waits until the alert is decided and no order is at work: a stop that a bar hit is sold after the bar is decided. */
async function settle(admin: AdminClient, alertId: string): Promise<void> {
  const deadline = performance.now() + settleWithinMs
  while (performance.now() < deadline) {
    const alert = await admin.get<{ readonly state: string }>(`/v1/alerts/${encodeURIComponent(alertId)}`)
    const atWork = await admin.get<{ items: unknown[] }>('/v1/portfolios/paper/orders?status=open')
    if (alert.state !== 'waiting' && atWork.items.length === 0) return
    await delay(lookEveryMs)
  }
}
