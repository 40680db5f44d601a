import type { Quote } from '../../core/input.js'
import type { Order } from '../../core/order/order.js'
import type { Broker } from '../brokers/broker.js'
import type { Clock } from '../clock.js'
import type { Sequencer } from '../kernel/sequencer.js'
import type { ShellAlarm } from '../observe/alarms.js'
import type { Log } from '../observe/log.js'
import type { Timers } from './timers.js'

/** What the orders' side needs of a portfolio's sequencer: inputs go in, and what they caused comes out once recorded. */
export type OrderSequencer = Pick<Sequencer, 'submit' | 'state' | 'ring' | 'onEvents'>

/** How long the orders' side waits for things, in milliseconds. */
export interface OrderTimings {
  /** A send begins at most this long after it was asked to be recorded. */
  readonly sendBy: number
  /** An answer that has not come by then is unknown. */
  readonly answerBy: number
  /** Between two looks of the sweeper. */
  readonly sweepEvery: number
  /** Between two alarms that a portfolio is frozen. */
  readonly frozenAlarmEvery: number
  /** How far back what changed at the venue is read again: a change may become readable later than it happened. */
  readonly pollOverlap: number
  /** Between two polls when nothing is at work, for late trades of orders that ended within `lateFor`. */
  readonly idlePollEvery: number
  readonly lateFor: number
  /** Between two looks at what the venue shows and we do not have, or the other way round. */
  readonly secondLookAfter: number
  /** An order whose fate is unknown for longer is a person's business; asking goes on. */
  readonly escalateAfter: number
  /** The first wait before a resend or another question about the same order; each further one doubles, up to the most. */
  readonly backoff: number
  readonly backoffMost: number
}

/** The times of a running service. */
export const ORDER_TIMINGS: OrderTimings = {
  sendBy: 2_000,
  answerBy: 10_000,
  sweepEvery: 1_000,
  frozenAlarmEvery: 300_000,
  pollOverlap: 2_000,
  idlePollEvery: 10_000,
  lateFor: 900_000,
  secondLookAfter: 5_000,
  escalateAfter: 300_000,
  backoff: 500,
  backoffMost: 60_000,
}

/** What the orders of one portfolio depend on. */
export interface OrderDeskOptions {
  readonly portfolio: string
  /** Tells the inputs of this tenure from those of another. */
  readonly occasion: string
  readonly sequencer: OrderSequencer
  readonly broker: Broker
  readonly clock: Clock
  readonly log: Log
  /** Raises an alarm of the shell; must not throw. */
  readonly raise: (alarm: ShellAlarm) => Promise<void>
  readonly timings: OrderTimings
  /** Milliseconds since any origin, never going back. */
  readonly monotonic: () => number
  readonly timers: Timers
  /** Whether an order may be sent at present; others stay initialized and are asked about again each second. */
  readonly maySend: (order: Order) => boolean
  /** Returns the broker's prices of instruments, as far as it tells them soon; never rejects. */
  readonly quotesOf: (instruments: readonly string[]) => Promise<Readonly<Record<string, Quote>>>
}

/** Returns the wait before try number `tried` + 1, in milliseconds: none before the first, then doubling. */
export function backoffAfter(tried: number, timings: OrderTimings): number {
  return tried === 0 ? 0 : Math.min(timings.backoffMost, timings.backoff * 2 ** (tried - 1))
}
