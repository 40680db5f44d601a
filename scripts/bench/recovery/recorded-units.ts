import { decimal, ZERO } from '../../../core/decimal.js'
import type { PortfolioEvent } from '../../../core/event.js'
import { digest } from '../../../core/ids.js'
import type { Input } from '../../../core/input.js'
import { step } from '../../../core/kernel.js'
import { emptyPortfolio, type Portfolio } from '../../../core/portfolio/portfolio.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { MINUTE } from '../../../core/time.js'

/** An input and what it caused, before it has its place in a log. */
export interface Recorded {
  readonly input: Input
  readonly events: readonly PortfolioEvent[]
}

/** A unit to be recorded. */
export interface WantedUnit {
  readonly index: number
  readonly instrument: string
  readonly at: number
  /** Number that it has among the open units of its instrument. */
  readonly number: number
  /** Whether an exit closes it a little later. */
  readonly isClosed: boolean
}

const PRICE = 78_500
const ATR = 700
const CAPITAL = decimal(1_000_000_000)

/** Returns how the portfolio of these settings begins: its configuration and its deposit. */
export function recordOpening(settings: PortfolioSettings, hash: string, at: number): Recorded[] {
  const command = { kind: 'cash', movement: 'deposit', amount: CAPITAL, note: null } as const
  const recorder = new Recorder(emptyPortfolio(settings.portfolio))
  recorder.put({ type: 'ConfigurationActivated', id: `C-${digest('opening', hash)}`, at, hash, settings })
  recorder.put({ type: 'OperatorCommanded', id: `C-${digest('deposit', hash)}`, at, command })
  return recorder.recorded
}

/**
 * Returns the inputs and events by which a unit comes to be, and to its end, as the core decides them in a portfolio
 * that holds nothing else. Together they make a portfolio with more units than any rule would let one have.
 */
export function recordUnit(settings: PortfolioSettings, hash: string, wanted: WantedUnit): Recorded[] {
  const { index, instrument, at, number } = wanted
  const traded = settings.instruments.filter(({ name }) => name === instrument)
  const portfolio = emptyPortfolio(settings.portfolio)
  for (const { input } of recordOpening({ ...settings, instruments: traded }, hash, at))
    step(portfolio, input)
  const recorder = new Recorder(portfolio)
  const common = { instrument, price: PRICE, timestamp: at, barTime: null }
  const admit = (
    id: string,
    alert: Extract<Input, { type: 'AlertAdmitted' }>['alert'],
    when: number,
  ): void => {
    recorder.put({ type: 'AlertAdmitted', id, at: when, alert, conflict: false, quote: null })
    recorder.fillAll(when)
  }
  const label = `Long_${number}`
  const entry = { type: 'BASE_ENTRY', ...common, atr: ATR, stop: null, er: 0.85, label } as const
  admit(`A-${digest('bench entry', String(index))}`, entry, at)
  if (wanted.isClosed) {
    const later = at + MINUTE
    const exit = { type: 'EXIT', ...common, timestamp: later, label, reason: null, flags: [] } as const
    admit(`A-${digest('bench exit', String(index))}`, exit, later)
  }
  return recorder.recorded.map((recorded) => numbered(recorded, number))
}

/** Keeps what a portfolio is given and what comes of it. */
class Recorder {
  readonly recorded: Recorded[] = []
  readonly #portfolio: Portfolio

  constructor(portfolio: Portfolio) {
    this.#portfolio = portfolio
  }

  put(input: Input): readonly PortfolioEvent[] {
    const events = step(this.#portfolio, input)
    this.recorded.push({ input, events })
    return events
  }

  fillAll(at: number): void {
    const orders = [...this.#portfolio.orders.values()].filter(({ state }) => state === 'initialized')
    for (const { id, lots, referencePrice } of orders) {
      this.put({ type: 'OrdersDue', id: `X-${digest('due', id)}`, at, orderIds: [id] })
      const price = decimal(referencePrice)
      const fill = { kind: 'fill', orderId: id, tradeId: 't-1', lots, price, fee: ZERO, at } as const
      const accepted = { kind: 'accepted', orderId: id, venueOrderId: `V${id.slice(1)}` } as const
      this.put({ type: 'BrokerReported', id: `R-${digest('report', id)}`, at, reports: [accepted, fill] })
    }
  }
}

function numbered({ input, events }: Recorded, number: number): Recorded {
  const renumbered = events.map((event): PortfolioEvent => {
    if (event.type === 'UnitOpened') return { ...event, number }
    if (event.type !== 'OrderInitialized' || event.unit === null) return event
    return { ...event, unit: { ...event.unit, number } }
  })
  return { input, events: renumbered }
}
