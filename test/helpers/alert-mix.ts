import { isoInstant, MINUTE } from '../../core/time.js'
import { pick, randomFrom } from './random.js'

/** An alert's body as it is sent. */
export type AlertBody = Readonly<Record<string, string | number>> & {
  readonly type: string
  readonly instrument: string
}

/** What an instrument of the mix costs, in points. */
export interface MixedInstrument {
  readonly name: string
  readonly price: number
  readonly atr: number
}

const LABELS = ['Long_1', 'Long_2', 'Long_3'] as const
const FIRST_BAR = Date.UTC(2020, 0, 1)

/**
 * Alerts that a number of strategies would send at once: entries and pyramids, exits of one unit and of all, bars that
 * raise stops and bars that hit them. Each has a bar of its own, so that no two are the same.
 */
export class AlertMix {
  readonly #instruments: readonly MixedInstrument[]
  readonly #chance: () => number
  #count = 0

  constructor(instruments: readonly MixedInstrument[], seed: number) {
    this.#instruments = instruments
    this.#chance = randomFrom(seed)
  }

  /** Returns the next alert, sent at `now`. */
  next(now: number): AlertBody {
    this.#count += 1
    const chance = this.#chance
    const { name: instrument, price, atr } = pick(chance, this.#instruments)
    const common = {
      instrument,
      timestamp: isoInstant(now),
      barTime: isoInstant(FIRST_BAR + this.#count * MINUTE),
    }
    const at = (low: number, high: number) =>
      Math.round((price + atr * (low + (high - low) * chance())) * 20) / 20
    const kind = chance()
    if (kind < 0.35) {
      return { type: 'BASE_ENTRY', ...common, position: LABELS[0], price: at(-0.5, 0), atr, er: 0.8 }
    }
    if (kind < 0.55) {
      return { type: 'PYRAMID', ...common, position: pick(chance, LABELS), price: at(2.5, 5), atr, er: 0.8 }
    }
    if (kind < 0.65) return { type: 'EXIT', ...common, position: pick(chance, LABELS), price: at(0, 3) }
    if (kind < 0.8) return { type: 'EXIT', ...common, position: 'ALL', price: at(0, 3), reason: 'RULE' }
    return { type: 'MARKET_DATA', ...common, price: at(-3, 6), atr }
  }
}

/** A portfolio of the configuration that trades `count` instruments, with the prices of each. */
export interface MixedPortfolio {
  readonly configuration: object
  readonly instruments: readonly MixedInstrument[]
}

/** Returns a portfolio of ₹10,00,00,000 and its paper venue, which trades instruments that differ a little. */
export function mixedPortfolio(id: string, count: number, broker: object = {}): MixedPortfolio {
  const instruments = Array.from({ length: count }, (_, index) => ({
    name: `${id.toUpperCase()}_${index + 1}`,
    price: 10_000 + 1000 * index,
    atr: 100 + 10 * index,
  }))
  const trend = {
    ...{ initialRiskPct: 1, ongoingRiskPct: 1.2, initialVolatilityPct: 0.3, ongoingVolatilityPct: 0.4 },
    ...{ initialAtrMultiple: 1, trailingAtrMultiple: 3, maxPyramids: 3, pyramidSpacingAtr: 0.5 },
  }
  const facts = [{ from: '2000-01-01', lotSize: 10, pointValue: 100, marginPerLot: 100_000, tick: 0.05 }]
  const described = instruments.map(({ name }) => ({
    ...{ name, exchange: 'MCX', zone: 'Asia/Kolkata', currency: 'INR', barMinutes: 60, facts, trend },
  }))
  return {
    instruments,
    configuration: {
      ...{ id, currency: 'INR', initialDeposit: '100000000', instruments: described },
      broker: { kind: 'paper', seed: id, slippageTicks: 1, commissionPct: 0.01, ...broker },
      strategy: { kind: 'trend', controls: { maxOrdersPerDay: 1_000_000 } },
    },
  }
}
