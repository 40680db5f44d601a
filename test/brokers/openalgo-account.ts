import { decimal } from '../../core/decimal.js'
import { clientOrderId } from '../../core/ids.js'
import type { Instrument } from '../../core/instrument/instrument.js'
import type { OrderRequest, VenueReport } from '../../server/brokers/broker.js'
import { OpenAlgoBroker } from '../../server/brokers/openalgo/openalgo-broker.js'
import type {
  OpenAlgoIncident,
  OpenAlgoSettings,
  OpenAlgoTimings,
} from '../../server/brokers/openalgo/openalgo-settings.js'
import { SimulatedClock } from '../../server/clock.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'
import {
  type DoubleContract,
  OPENALGO_KEY,
  type OpenAlgoDouble,
  startOpenAlgo,
} from '../helpers/openalgo-server.js'
import { instrument } from '../helpers/settings.js'
import type { Teardown } from '../helpers/temporary-directory.js'

/** A Friday at 16:15 in India, of the day on which the server's answers were recorded. */
export const RECORDED_AT = Date.UTC(2026, 10, 20, 10, 45)

/** What a test may want differently. */
export interface AccountOptions {
  readonly contracts?: readonly DoubleContract[]
  readonly settings?: Partial<OpenAlgoSettings>
  readonly timings?: Partial<OpenAlgoTimings>
  readonly at?: number
  readonly instruments?: readonly Instrument[]
  /** Whether updates are listened to. Default: no. */
  readonly isStreamed?: boolean
}

/** An account behind the double. */
export interface Account {
  readonly broker: OpenAlgoBroker
  readonly double: OpenAlgoDouble
  readonly clock: SimulatedClock
  readonly incidents: OpenAlgoIncident[]
  readonly reports: VenueReport[]
  /** Lets milliseconds pass, on both clocks. */
  readonly pass: (milliseconds: number) => void
  /** Lets so much time pass that no order is on its way any more and no rate is used up; the date stays. */
  readonly forget: () => void
  /** Returns another broker of the same account, which knows nothing of what this one did. */
  readonly restart: () => OpenAlgoBroker
}

const INSTRUMENTS = [
  instrument('GOLD_MINI', { lotSize: 100, pointValue: 10, tick: 1 }),
  instrument('SILVER_MINI', { lotSize: 5, pointValue: 5, tick: 1 }),
  instrument('COPPER', { lotSize: 2500, pointValue: 2500, tick: 0.05 }),
]

/** Opens an account with three instruments, live, at the time of the recordings. */
export async function openAccount(t: Teardown, options: AccountOptions = {}): Promise<Account> {
  const clock = new SimulatedClock({ start: options.at ?? RECORDED_AT })
  const { contracts } = options
  const double = await startOpenAlgo(t, contracts === undefined ? { clock } : { clock, contracts })
  const passed = { milliseconds: 0 }
  const incidents: OpenAlgoIncident[] = []
  const reports: VenueReport[] = []
  const open = () => {
    const settings: OpenAlgoSettings = {
      ...{
        url: double.url,
        apiKey: OPENALGO_KEY,
        product: 'NRML',
        bufferPct: 0.1,
        commissionPct: 0.01,
      },
      ...{ streamUrl: options.isStreamed === true ? double.streamUrl : null, allowLive: true },
      ...options.settings,
    }
    const broker = new OpenAlgoBroker({
      ...{ settings, instruments: options.instruments ?? INSTRUMENTS, clock },
      calendar: async () => builtInCalendar(),
      onIncident: (incident) => incidents.push(incident),
      // A machine that is busy must not look like a venue that is slow
      timings: {
        readBeforeSendWithin: 60_000,
        sendBegunWithin: 60_000,
        readWithin: 60_000,
        ...options.timings,
      },
      // Time passes only when a test says so, but for the rate, which every request moves on
      monotonic: () => performance.now() + passed.milliseconds,
    })
    broker.onReport((report) => reports.push(report))
    t.teardown(() => broker.close())
    return broker
  }
  const pass = (milliseconds: number) => {
    passed.milliseconds += milliseconds
    clock.advanceBy(milliseconds)
  }
  const forget = () => {
    passed.milliseconds += 200_000
  }
  return { broker: open(), double, clock, incidents, reports, pass, forget, restart: open }
}

let orders = 0

/** Returns an order for a lot of Gold Mini at the market unless told otherwise. */
export function newOrder(wanted: Partial<OrderRequest> = {}): OrderRequest {
  const orderId = `O-${++orders}`
  return {
    ...{ orderId, clientOrderId: clientOrderId('p', orderId), attempt: 1, instrument: 'GOLD_MINI' },
    ...{ side: 'buy', type: 'market', lots: decimal(1), limitPrice: null, referencePrice: 125_000 },
    ...{ pointValue: 10, tick: 1, at: RECORDED_AT, ...wanted },
  }
}

/** Returns a buy far below the market: it rests. */
export function restingOrder(wanted: Partial<OrderRequest> = {}): OrderRequest {
  return newOrder({ type: 'limit', limitPrice: decimal(120_000), ...wanted })
}
