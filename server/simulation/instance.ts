import { decimal } from '../../core/decimal.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { ResendClass } from '../brokers/broker.js'
import type { Log } from '../observe/log.js'
import { OrderDesk } from '../orders/order-desk.js'
import type { Timers } from '../orders/timers.js'
import { ACCOUNT_TIMINGS, AccountWatch } from '../recovery/account-watch.js'
import { readVenueOrders, reconcileOrders } from '../recovery/reconcile.js'
import { activate } from '../recovery/recover.js'
import type { Chance } from './chance.js'
import type { Ablation, Faults } from './faults.js'
import type { Life } from './life.js'
import { SimulatedBroker, VenueUnreadableError } from './simulated-broker.js'
import { SimulatedSequencer } from './simulated-sequencer.js'
import type { SimulatedStore } from './simulated-store.js'
import type { SimulatedVenue } from './simulated-venue.js'
import type { VirtualTime } from './virtual-time.js'
import type { Trace, Watch } from './watch.js'

/** What an instance finds when it starts. */
export interface InstanceOptions {
  readonly life: Life
  readonly time: VirtualTime
  readonly chance: Chance
  readonly faults: Faults
  readonly watch: Watch
  readonly trace: Trace
  readonly store: SimulatedStore
  readonly venue: SimulatedVenue
  readonly venueClass: ResendClass
  readonly settings: PortfolioSettings
  readonly ablation: Ablation | null
  /** Is told that a person was called about an order. */
  readonly onEscalated: (orderId: string) => void
  /** Is told when it trades. */
  readonly onOpen: (sequencer: SimulatedSequencer) => void
}

/** Runs the service's own parts in one life, from its recovery until that life ends; returns its sequencer. */
export function startInstance(options: InstanceOptions): SimulatedSequencer {
  const { life, time, chance, faults, watch, store, venue, venueClass, ablation } = options
  const isHasty = ablation === 'journal'
  const sequencer = new SimulatedSequencer({ life, time, chance, faults, watch, store, isHasty })
  const recordedIds = (): ReadonlySet<string> =>
    new Set([...sequencer.state().orders.values()].flatMap(({ venueOrderId }) => venueOrderId ?? []))
  const broker = new SimulatedBroker({
    life,
    time,
    chance,
    faults,
    watch,
    venue,
    resendClass: venueClass,
    recordedIds,
    hasMargin: ablation !== 'margin',
    hasTradeIds: ablation !== 'dedupe',
  })
  void run(options, sequencer, broker)
  return sequencer
}

async function run(
  options: InstanceOptions,
  sequencer: SimulatedSequencer,
  broker: SimulatedBroker,
): Promise<void> {
  const { life, time, settings, trace } = options
  const portfolio = settings.portfolio
  const common = { portfolio, occasion: `life ${life.number}`, sequencer, broker, clock: { now: time.now } }
  const raising = { log: logOf(options), raise: raiseIn(options) }
  const desk = new OrderDesk({
    ...common,
    ...raising,
    monotonic: () => time.elapsed,
    timers: timersOf(life),
  })
  const account = new AccountWatch({
    ...common,
    ...raising,
    readOrders: () => desk.readVenue(),
    timings: ACCOUNT_TIMINGS,
  })
  await recover(options, sequencer, broker)
  trace(() => `life ${life.number} trades`)
  sequencer.open()
  desk.open()
  watchAccount(life, account, false)
  options.onOpen(sequencer)
}

async function recover(
  { life, settings, store, time }: InstanceOptions,
  sequencer: SimulatedSequencer,
  broker: SimulatedBroker,
): Promise<void> {
  const wanted = { hash: 'simulated', settings, openingDeposit: decimal(40_000_000) }
  await activate(sequencer, wanted, store.log.length)
  const occasion = `life ${life.number}`
  const context = { steps: sequencer, broker, clock: { now: time.now }, occasion, settleMs: 0 }
  for (;;) {
    try {
      await reconcileOrders(context, await readVenueOrders(context))
      return
    } catch (error) {
      if (!(error instanceof VenueUnreadableError)) throw error
      await life.answer(1_000, () => undefined)
    }
  }
}

/** The real loop waits in real time; what it does at each look is the real thing. */
function watchAccount(life: Life, account: AccountWatch, isSoon: boolean): void {
  const { lookEvery, secondLookAfter } = ACCOUNT_TIMINGS
  life.later(isSoon ? secondLookAfter : lookEvery, () => {
    void account.look().then((isNextSoon) => watchAccount(life, account, isNextSoon))
  })
}

type Raise = ConstructorParameters<typeof OrderDesk>[0]['raise']

function raiseIn({ watch, trace, onEscalated }: InstanceOptions): Raise {
  return async ({ code, instrument, subject }) => {
    trace(() => `alarm ${code} ${subject}`)
    watch.alarm(instrument, subject)
    if (code === 'ORDER_ESCALATED' && subject !== undefined) onEscalated(subject)
  }
}

/** The adapter's and the store's failures are told as warnings; anything else that is caught on the way is a fault. */
function logOf({ watch }: InstanceOptions): Log {
  const look = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const { err } = fields
    if (err instanceof VenueUnreadableError) return
    const why = err instanceof Error ? (err.stack ?? err.message) : String(err)
    watch.note(`${message}: ${why}`)
  }
  const ignore = (): void => undefined
  return { debug: ignore, info: ignore, warn: look, error: look }
}

const NEVER_ABORTED = new AbortController().signal

function timersOf(life: Life): Timers {
  return {
    after: (ms, act) => life.later(ms, act),
    every: (ms, act) => {
      let isStopped = false
      const beat = (): void => {
        if (isStopped) return
        act()
        life.later(ms, beat)
      }
      life.later(ms, beat)
      return () => {
        isStopped = true
      }
    },
    // The simulated adapter keeps its own deadline
    deadline: () => NEVER_ABORTED,
  }
}
