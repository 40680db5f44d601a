import type { Pool } from 'pg'
import { decimal } from '../../../core/decimal.js'
import { digest } from '../../../core/ids.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { systemClock } from '../../../server/clock.js'
import { OwnConnection } from '../../../server/db/own-connection.js'
import { createPortfolio, loadPortfolio } from '../../../server/journal/load.js'
import { Sequencer } from '../../../server/kernel/sequencer.js'
import type { NewInput } from '../../../server/kernel/work.js'
import { silentLog } from '../../../server/observe/log.js'
import { createMetrics } from '../../../server/observe/metrics.js'
import { BenchVenue } from './bench-venue.js'
import { SingleStepper } from './single-stepper.js'

/** A portfolio whose alerts are decided, as the measurement sees it. */
export interface PortfolioUnderTest {
  readonly id: string
  readonly instruments: readonly string[]
  readonly ring: () => void
  /** Resolves once the alert's decision is committed. */
  readonly decided: (alertId: string) => Promise<void>
  /** Resolves once the next order of the instrument has filled. */
  readonly filled: (instrument: string) => Promise<void>
  readonly fills: () => number
  readonly stop: () => Promise<void>
}

const CAPITAL = decimal(1_000_000_000)
const waitMs = 60_000

/** Returns a portfolio that the general decides: its own sequencer, many inputs a transaction. */
export async function sequencedPortfolio(
  pool: Pool,
  settings: PortfolioSettings,
): Promise<PortfolioUnderTest> {
  const id = settings.portfolio
  await createPortfolio(pool, id, settings.currency)
  const desk = { pool, log: silentLog, metrics: createMetrics() }
  const sequencer = new Sequencer({ portfolio: id, epoch: 0, desk, clock: systemClock })
  sequencer.start(await loadPortfolio(pool, id, silentLog))
  const fills = new Waiters()
  const venue = new BenchVenue(
    { submit: (input) => sequencer.submit(input), state: () => sequencer.state(), now: systemClock.now },
    (instrument) => fills.settle(instrument),
  )
  sequencer.onEvents((events) => venue.follow(events))
  for (const input of openingInputs(settings)) await sequencer.submit(input)
  sequencer.admitAlerts()
  return {
    id,
    instruments: settings.instruments.map(({ name }) => name),
    ring: () => sequencer.ring(),
    decided: async (alertId) => {
      if ((await sequencer.whenDecided(alertId, waitMs)) === null)
        throw new Error(`${alertId} is not decided`)
    },
    filled: (instrument) => fills.wait(instrument),
    fills: () => venue.fills,
    stop: () => sequencer.stop(),
  }
}

/** Returns a portfolio that the baseline decides: a transaction an input. */
export async function singleSteppedPortfolio(
  pool: Pool,
  settings: PortfolioSettings,
): Promise<PortfolioUnderTest> {
  const id = settings.portfolio
  await createPortfolio(pool, id, settings.currency)
  const setUp = 'set enable_seqscan = off; set plan_cache_mode = force_generic_plan'
  const writer = new OwnConnection({ pool, log: silentLog, owner: 'bench', setUp })
  const [fills, decisions] = [new Waiters(), new Waiters()]
  const stepper = new SingleStepper({
    pool,
    writer,
    loaded: await loadPortfolio(pool, id, silentLog),
    onDecided: ({ work, entry }) => {
      venue.follow(entry.events)
      if (work.inboxId !== null) decisions.settle(work.input.id)
    },
  })
  const venue = new BenchVenue(
    { submit: (input) => stepper.submit(input), state: () => stepper.state(), now: systemClock.now },
    (instrument) => fills.settle(instrument),
  )
  for (const input of openingInputs(settings)) await stepper.submit(input)
  stepper.start()
  return {
    id,
    instruments: settings.instruments.map(({ name }) => name),
    ring: () => stepper.ring(),
    decided: (alertId) => decisions.wait(alertId),
    filled: (instrument) => fills.wait(instrument),
    fills: () => venue.fills,
    stop: async () => {
      await stepper.stop()
      await writer.close()
    },
  }
}

function openingInputs(settings: PortfolioSettings): NewInput[] {
  const { portfolio } = settings
  const command = { kind: 'cash', movement: 'deposit', amount: CAPITAL, note: null } as const
  return [
    { type: 'ConfigurationActivated', id: `C-${digest('bench', portfolio)}`, hash: 'bench', settings },
    { type: 'OperatorCommanded', id: `C-${digest('bench deposit', portfolio)}`, command },
  ]
}

/** Promises by name, each settled by whoever sees that it came true. */
class Waiters {
  readonly #resolvers = new Map<string, () => void>()
  readonly #settled = new Set<string>()

  wait(name: string): Promise<void> {
    if (this.#settled.delete(name)) return Promise.resolve()
    return new Promise((resolve) => this.#resolvers.set(name, resolve))
  }

  settle(name: string): void {
    const resolve = this.#resolvers.get(name)
    this.#resolvers.delete(name)
    if (resolve === undefined) this.#settled.add(name)
    else resolve()
  }
}
