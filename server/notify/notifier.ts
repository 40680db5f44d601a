import type { PortfolioEvent } from '../../core/event.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Clock } from '../clock.js'
import type { NotificationConfiguration } from '../config/configuration.js'
import type { ShellAlarm } from '../observe/alarms.js'
import type { Log } from '../observe/log.js'
import type { Metrics } from '../observe/metrics.js'
import type { Notice } from './notice.js'
import { type Delivery, NoticeSender, SENDER_TIMINGS, type SenderTimings } from './notice-sender.js'
import { noticeOfAlarm, noticesOf } from './notices-of.js'
import { postNotice } from './post-notice.js'
import { noticeMessage } from './telegram/notice-message.js'
import { TelegramApi } from './telegram/telegram-api.js'

/** What notifying depends on. */
export interface NotifierOptions {
  readonly receivers: readonly NotificationConfiguration[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Returns a text without the secrets of the service. */
  readonly scrub: (text: string) => string
  /** Raises the alarm that a receiver does not take its notifications. */
  readonly raise: (alarm: ShellAlarm) => void
  /** Default: those of a running service. */
  readonly timings?: SenderTimings | undefined
}

interface Receiver {
  readonly name: string
  readonly about: ReadonlySet<string>
  readonly sender: NoticeSender
}

/**
 * Tells people what is recorded. It is told after the commit, makes short texts of it, and hands them to a sender of
 * each receiver, for which nothing waits.
 */
export class Notifier {
  readonly #receivers: readonly Receiver[]
  readonly #log: Log

  constructor({ receivers, clock, log, metrics, scrub, raise, timings = SENDER_TIMINGS }: NotifierOptions) {
    this.#log = log
    this.#receivers = receivers.flatMap((receiver, index) => {
      const name = `notifications[${index}]`
      const onFailing = (reason: string) => {
        const message = `The ${receiver.kind} ${name} does not take notifications: ${reason}`
        raise({ code: 'NOTIFICATION_FAILED', severity: 'warning', message, at: clock.now(), subject: name })
      }
      const about = new Set<string>(receiver.about)
      return deliveriesOf(receiver, scrub).map((deliver) => {
        const sender = new NoticeSender({ name, deliver, log, metrics, onFailing, timings })
        return { name, about, sender }
      })
    })
  }

  /** Tells about recorded events of a portfolio; returns at once and never throws. */
  tellEvents(portfolio: Portfolio, events: readonly PortfolioEvent[]): void {
    this.#tell(() => noticesOf(portfolio, events))
  }

  /** Tells about an alarm of the shell, but no receiver about itself; returns at once and never throws. */
  tellAlarm(alarm: ShellAlarm): void {
    const about = alarm.code === 'NOTIFICATION_FAILED' ? alarm.subject : undefined
    this.#tell(() => [noticeOfAlarm(alarm)], about)
  }

  /** Ends within the time that stopping may take, whatever the receivers do. */
  async stop(): Promise<void> {
    await Promise.all(this.#receivers.map(({ sender }) => sender.stop()))
  }

  #tell(write: () => readonly Notice[], except?: string): void {
    if (this.#receivers.length === 0) return
    try {
      for (const notice of write()) {
        for (const { name, about, sender } of this.#receivers) {
          if (name !== except && about.has(notice.topic)) sender.offer(notice)
        }
      }
    } catch (error) {
      this.#log.error({ err: error }, 'Something recorded could not be made into a notification')
    }
  }
}

type Deliver = (notice: Notice, signal: AbortSignal) => Promise<Delivery>

/** Returns how a receiver is reached: a webhook in one way, a bot once for each chat. */
function deliveriesOf(receiver: NotificationConfiguration, scrub: (text: string) => string): Deliver[] {
  if (receiver.kind === 'webhook') {
    const target = { url: receiver.url, token: receiver.token, scrub }
    return [(notice, signal) => postNotice(target, notice, signal)]
  }
  const api = new TelegramApi(receiver)
  return receiver.chatIds.map((chat): Deliver => {
    return (notice, signal) => api.sendMessage({ chat, ...noticeMessage(notice, scrub) }, signal)
  })
}
