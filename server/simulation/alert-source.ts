import type { Alert } from '../../core/alert/alert.js'
import type { Instant } from '../../core/time.js'
import type { Chance } from './chance.js'

/** Sends what a strategy might send, on prices that wander. */
export class AlertSource {
  readonly #chance: Chance
  readonly #prices: Map<string, number>
  #entries = 0

  constructor(chance: Chance, prices: ReadonlyMap<string, number>) {
    this.#chance = chance
    this.#prices = new Map(prices)
  }

  /** Returns the next alert, told at `timestamp`. */
  next(timestamp: Instant): Alert {
    const chance = this.#chance
    const instrument = chance.pick([...this.#prices.keys()])
    const price = Math.round(this.#prices.get(instrument)! * (1 + (chance.next() - 0.4) * 0.02))
    this.#prices.set(instrument, price)
    const atr = price * 0.008
    const told = { instrument, timestamp, barTime: null }
    const kind = chance.next()
    if (kind < 0.35) return { type: 'MARKET_DATA', ...told, price, atr }
    if (kind < 0.5) {
      const label = chance.happens(0.5) ? 'ALL' : `Long_${chance.between(1, 2)}`
      return { type: 'EXIT', ...told, label, price: null, reason: null, flags: [] }
    }
    this.#entries += 1
    const type = chance.happens(0.5) ? 'BASE_ENTRY' : 'PYRAMID'
    return { type, ...told, price, atr, stop: null, er: 1, label: `Long_${1 + (this.#entries % 3)}` }
  }
}
