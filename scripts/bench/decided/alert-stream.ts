import type { Alert } from '../../../core/alert/alert.js'
import { systemClock } from '../../../server/clock.js'
import { identifyAlert } from '../../../server/inbox/dedupe-key.js'
import type { Receiver } from '../../../server/inbox/receive.js'
import type { PortfolioUnderTest } from './portfolio-under-test.js'

/** What a stream depends on. */
export interface StreamContext {
  readonly receiver: Receiver
  readonly portfolio: PortfolioUnderTest
  readonly instrument: string
  /** Asked before each alert. */
  readonly isOver: () => boolean
  /** Is told of each committed decision, with the milliseconds since its alert came. */
  readonly onDecided: (milliseconds: number) => void
}

const PRICE = 78_500
const ATR = 700

/**
 * Sends alerts of one instrument, each once the last is decided, a quarter of each kind: a bar, an entry that is
 * filled, an entry that is refused, and an exit that closes it.
 */
export async function streamAlerts(context: StreamContext): Promise<void> {
  const { portfolio, instrument, isOver } = context
  while (!isOver()) {
    await send(context, bar(instrument))
    await send(context, entry(instrument, 'Long_1'))
    await portfolio.filled(instrument)
    await send(context, entry(instrument, 'Long_2'))
    await send(context, exit(instrument))
    await portfolio.filled(instrument)
  }
}

async function send(context: StreamContext, alert: Alert): Promise<void> {
  const { receiver, portfolio, onDecided } = context
  const begun = performance.now()
  const raw = Buffer.from(JSON.stringify(alert))
  const [source, receivedAt] = [portfolio.id, systemClock.now()]
  const reading = { kind: 'alert', alert, advice: {}, body: null } as const
  const identity = identifyAlert(reading, { source, raw, receivedAt, zone: 'Asia/Kolkata' })
  const decided = portfolio.decided(identity.alertId)
  await receiver.receive({ portfolio: portfolio.id, source, identity, alert, raw, receivedAt })
  await decided
  onDecided(performance.now() - begun)
}

function bar(instrument: string): Alert {
  const timestamp = systemClock.now()
  return { type: 'MARKET_DATA', instrument, price: PRICE, atr: ATR, timestamp, barTime: null }
}

function entry(instrument: string, label: string): Alert {
  const common = { instrument, price: PRICE, atr: ATR, stop: null, er: 0.85 }
  return { type: 'BASE_ENTRY', ...common, label, timestamp: systemClock.now(), barTime: null }
}

function exit(instrument: string): Alert {
  const common = { instrument, label: 'ALL', price: PRICE, reason: null, flags: [] }
  return { type: 'EXIT', ...common, timestamp: systemClock.now(), barTime: null }
}
