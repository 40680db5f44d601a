import type { Quote } from '../../core/input.js'
import type { Broker } from '../brokers/broker.js'
import type { Log } from '../observe/log.js'

/** What a board of quotes depends on. */
export interface QuoteBoardOptions {
  readonly broker: Broker
  readonly log: Log
  /** Milliseconds since any origin, never going back. */
  readonly monotonic: () => number
}

/** An answer that has not come by then is none: an entry is then judged by its signal alone. */
const ANSWER_WITHIN_MS = 1000
/** A quote is used for this long, and so is the knowledge that there is none. */
const FRESH_FOR_MS = 2000

const NOT_TOLD = Promise.resolve(null)

interface Funds {
  readonly freeMargin: Promise<number | null>
  readonly askedAt: number
}

interface Entry {
  readonly quote: Quote | null
  readonly askedAt: number
}

/**
 * The broker's prices, asked for when an entry needs one and before it is decided. Nothing waits for the network inside
 * a decision: an entry whose price is on its way is decided when it has come, or a second later without it.
 */
export class QuoteBoard {
  readonly #options: QuoteBoardOptions
  readonly #known = new Map<string, Entry>()
  readonly #asked = new Map<string, Promise<void>>()
  #funds: Funds | null = null

  constructor(options: QuoteBoardOptions) {
    this.#options = options
  }

  /** Returns the broker's price; null when it tells none; pending while it is asked, and then `onAnswer` is called. */
  look(instrument: string, onAnswer: () => void): Quote | null | 'pending' {
    if (this.#options.broker.quote === undefined) return null
    const known = this.#known.get(instrument)
    if (known !== undefined && this.#options.monotonic() - known.askedAt < FRESH_FOR_MS) return known.quote
    void this.#ask(instrument).then(onAnswer)
    return 'pending'
  }

  /** Returns the broker's prices of instruments, as far as it tells them in time; never rejects. */
  async gather(instruments: readonly string[]): Promise<Record<string, Quote>> {
    if (this.#options.broker.quote === undefined) return {}
    await Promise.all(instruments.map((instrument) => this.#ask(instrument)))
    const quotes: Record<string, Quote> = {}
    for (const instrument of instruments) {
      const quote = this.#known.get(instrument)?.quote ?? null
      if (quote !== null) quotes[instrument] = quote
    }
    return quotes
  }

  #ask(instrument: string): Promise<void> {
    const asked = this.#asked.get(instrument)
    if (asked !== undefined) return asked
    const asking = this.#fetch(instrument).finally(() => this.#asked.delete(instrument))
    this.#asked.set(instrument, asking)
    return asking
  }

  async #fetch(instrument: string): Promise<void> {
    const { broker, log, monotonic } = this.#options
    const askedAt = monotonic()
    const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const late = new Promise<null>((resolve) => {
      deadline.addEventListener('abort', () => resolve(null), { once: true })
    })
    try {
      const [quote, freeMargin] = await Promise.all([
        Promise.race([broker.quote!(instrument, deadline), late]),
        Promise.race([this.#freeMargin(deadline), late]),
      ])
      const isUsable = quote !== null && Number.isFinite(quote.price) && quote.price > 0
      const told = freeMargin === null ? quote : { ...quote!, freeMargin }
      this.#known.set(instrument, { quote: isUsable ? told : null, askedAt })
    } catch (error) {
      log.warn({ err: error, instrument }, 'The broker told no price; entries are judged by their signal')
      this.#known.set(instrument, { quote: null, askedAt })
    }
  }

  /** Returns the money that is free for margin, the same for every instrument; null when the broker does not tell. */
  #freeMargin(deadline: AbortSignal): Promise<number | null> {
    const { broker, monotonic } = this.#options
    if (broker.funds === undefined) return NOT_TOLD
    const now = monotonic()
    if (this.#funds === null || FRESH_FOR_MS <= now - this.#funds.askedAt) {
      this.#funds = { freeMargin: this.#fetchFunds(deadline), askedAt: now }
    }
    return this.#funds.freeMargin
  }

  async #fetchFunds(deadline: AbortSignal): Promise<number | null> {
    const { broker, log } = this.#options
    try {
      const free = (await broker.funds!(deadline)).toNumber()
      return Number.isFinite(free) ? Math.max(0, free) : null
    } catch (error) {
      log.warn({ err: error }, 'The broker told no funds; entries are sized by the margin of the book alone')
      return null
    }
  }
}
