import type { Calendar } from '../../../core/calendar/calendar.js'
import type { Instrument } from '../../../core/instrument/instrument.js'
import type { Instant } from '../../../core/time.js'
import { STREAM_TIMINGS, type StreamTimings } from './order-stream.js'

/** How an account behind OpenAlgo is traded. */
export interface OpenAlgoSettings {
  /** Where OpenAlgo listens, such as http://127.0.0.1:5000. */
  readonly url: string
  /** Secret: it stands in the body of every request and nowhere else. */
  readonly apiKey: string
  /** Where its updates of orders come from, such as ws://127.0.0.1:8765; null where they are not listened to. */
  readonly streamUrl: string | null
  /** The product of every order. Positions of other products are not ours. */
  readonly product: 'NRML' | 'MIS'
  /** How far beyond the price the limit of a market order goes, in percent. */
  readonly bufferPct: number
  /** Estimated commission in percent of the value of a trade, as OpenAlgo tells no fees. */
  readonly commissionPct: number
  /** True trades real money, and only while OpenAlgo is live; false trades only while it is in analyze mode. */
  readonly allowLive: boolean
}

/** Something about the account that a person has to know. */
export interface OpenAlgoIncident {
  readonly code:
    | 'BROKER_ADDRESS_REFUSED'
    | 'BROKER_SESSION_LOST'
    | 'BROKER_MODE_WRONG'
    | 'BROKER_ORDER_QUEUED'
    | 'BROKER_ORDER_AMBIGUOUS'
    | 'BROKER_CONTRACT'
    | 'CLOCK_SKEW'
  readonly message: string
  /** Default: critical. */
  readonly severity?: 'warning' | 'critical'
  readonly instrument?: string
}

/** How long things of the adapter take, in milliseconds. */
export interface OpenAlgoTimings {
  /** An answer that has not come by then never comes: OpenAlgo itself gives up on its broker after 120 s. */
  readonly answerWithin: number
  /** A read before a send, and a read of a book. */
  readonly readBeforeSendWithin: number
  readonly readWithin: number
  /** A send that has not begun by then, counted from when it was asked for, does not begin. */
  readonly sendBegunWithin: number
  /** Between two checks of an account that is not to be traded. */
  readonly checkEvery: number
  /** How long an end other than by fills must be seen: ordinarily, and where it may be that of the row before. */
  readonly endSeenFor: number
  readonly doubtfulEndSeenFor: number
  /** How long things of the stream take. */
  readonly stream: StreamTimings
}

/** The times of a running service. */
export const OPENALGO_TIMINGS: OpenAlgoTimings = {
  answerWithin: 118_000,
  readBeforeSendWithin: 2_500,
  readWithin: 10_000,
  sendBegunWithin: 4_000,
  checkEvery: 60_000,
  endSeenFor: 1_000,
  doubtfulEndSeenFor: 30_000,
  stream: STREAM_TIMINGS,
}

/** What the adapter depends on. */
export interface OpenAlgoOptions {
  readonly settings: OpenAlgoSettings
  readonly instruments: readonly Instrument[]
  /** Trading days, which the choice of a contract counts. */
  readonly calendar: () => Promise<Calendar>
  readonly clock: { readonly now: () => Instant }
  /** Must not throw. */
  readonly onIncident: (incident: OpenAlgoIncident) => void
  readonly timings?: Partial<OpenAlgoTimings>
  /** Milliseconds since any origin, never going back. Default: the process's monotonic clock. */
  readonly monotonic?: () => number
}
