import { digest } from '../../core/ids.js'
import type { ObservedPrice, Quote } from '../../core/input.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { rulesOfCells } from '../../core/strategies/volatility/cell-rules.js'
import { isCellOpen } from '../../core/strategies/volatility/trading-hours.js'
import { SECOND } from '../../core/time.js'
import type { Clock } from '../clock.js'
import type { Sequencer } from '../kernel/sequencer.js'
import type { Log } from '../observe/log.js'

/** What the schedule of evaluations depends on. */
export interface EvaluationScheduleOptions {
  readonly sequencer: Pick<Sequencer, 'submit' | 'state'>
  readonly clock: Clock
  readonly log: Log
  /** Returns the broker's prices of instruments, as far as it tells them in time; never rejects. */
  readonly quotesOf: (instruments: readonly string[]) => Promise<Readonly<Record<string, Quote>>>
}

/**
 * Has the cells of a portfolio evaluated at the broker's prices, every so often and while they may trade. Where the broker
 * tells no new one, as on paper, the last price that was seen counts while it is young enough, if an obstacle stood in its
 * way. A turn that fails is told, and the next one comes.
 */
export class EvaluationSchedule {
  readonly #options: EvaluationScheduleOptions
  #timer: NodeJS.Timeout | null = null
  #turn: Promise<void> | null = null
  #dueAt = 0

  constructor(options: EvaluationScheduleOptions) {
    this.#options = options
  }

  /** Looks each second whether a turn is due; the settings say how often one is. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#turn ??= this.#look().finally(() => {
        this.#turn = null
      })
    }, SECOND)
  }

  /** Looks no more; resolves when what is being decided is recorded. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#turn
  }

  async #look(): Promise<void> {
    const { sequencer, clock, log } = this.#options
    const every = sequencer.state().settings?.volatility?.evaluateEverySeconds ?? null
    const now = clock.now()
    if (every === null || now < this.#dueAt) return
    this.#dueAt = now + every * SECOND
    try {
      await this.look()
    } catch (error) {
      log.error({ err: error }, 'An evaluation of cells was not recorded; the next one comes in its time')
    }
  }

  /** Evaluates at once what may trade at present. */
  async look(): Promise<void> {
    const { sequencer, clock, quotesOf } = this.#options
    const open = openCells(sequencer.state(), clock.now())
    if (open.length === 0) return
    const quotes = await quotesOf(open)
    const now = clock.now()
    const prices = open.flatMap((name) => priceOf(sequencer.state(), name, quotes[name]))
    if (prices.length === 0) return
    const id = `C-${digest('evaluation', sequencer.state().id, String(now))}`
    await sequencer.submit({ type: 'PricesObserved', id, prices })
  }
}

/** Outside of its hours a cell does nothing, so that nobody asks for its price. */
function openCells(portfolio: Portfolio, now: number): string[] {
  const present = { ...portfolio, now: Math.max(portfolio.now, now) }
  return [...rulesOfCells(portfolio)].flatMap(([name, rules]) => (isCellOpen(present, rules) ? [name] : []))
}

/** A price that led to nothing but an obstacle may lead to more by now; one that was answered is not looked at again. */
function priceOf(portfolio: Portfolio, instrument: string, quote: Quote | undefined): ObservedPrice[] {
  const book = portfolio.books.get(instrument)
  if (book === undefined) return []
  const { price, priceAt } = book.market
  if (quote !== undefined && (price === null || quote.observedAt > priceAt)) {
    return [{ instrument, price: quote.price, observedAt: quote.observedAt }]
  }
  const maxAge = (portfolio.settings?.volatility?.priceMaxAgeSeconds ?? 0) * SECOND
  if (price === null || portfolio.now - priceAt > maxAge || isAnswered(book.cell?.outcome ?? '')) return []
  return [{ instrument, price, observedAt: priceAt }]
}

function isAnswered(outcome: string): boolean {
  return outcome.startsWith('approved') || outcome === 'ignored WITHIN_TRIGGERS'
}
