import type { Signal } from '../../../core/backtest/timeline.js'
import { HOUR } from '../../../core/time.js'
import { seededRandom } from '../random.js'

/** Where an instrument trades in the generated history. */
interface Market {
  readonly instrument: string
  readonly price: number
  readonly atr: number
  /** Points of the first stop in ATRs: a pyramid has to be further than that from the base. */
  readonly stopAtrs: number
  readonly tick: number
}

const MARKETS: readonly Market[] = [
  { instrument: 'GOLD_MINI', price: 78_500, atr: 700, stopAtrs: 1, tick: 1 },
  { instrument: 'BANK_NIFTY', price: 52_000, atr: 350, stopAtrs: 1.5, tick: 0.05 },
  { instrument: 'SILVER_MINI', price: 95_000, atr: 950, stopAtrs: 2, tick: 1 },
  { instrument: 'COPPER', price: 820, atr: 8, stopAtrs: 3, tick: 0.05 },
]

/** Minutes by which India is ahead of UTC. */
export const INDIA_OFFSET_MINUTES = 330

const START = Date.UTC(2026, 0, 5, 4)
/** As long as the bars of the commodities. */
const BETWEEN_SIGNALS = HOUR

/** One round of an instrument from flat to flat: what the strategy sends, in order. */
interface Draft {
  readonly type: 'BASE_ENTRY' | 'PYRAMID' | 'EXIT'
  readonly label: string
  readonly price: number
}

/**
 * Returns `count` alerts of four instruments, the same ones every time: base entries, up to five pyramids each, exits of
 * single units or of all, and some that a rule refuses (held already, too near, too many). A round ends near the price
 * at which it breaks even, so that equity wanders and the sizes stay what a portfolio of that size has.
 */
export function generateSignals(count: number): Signal[] {
  const random = seededRandom(20_261_120)
  const rounds: Draft[][] = MARKETS.map(() => [])
  const signals: Signal[] = []
  for (let index = 0; index < count; index++) {
    const turn = Math.floor(random() * MARKETS.length)
    const market = MARKETS[turn]!
    if (rounds[turn]!.length === 0) rounds[turn] = draftRound(market, random).reverse()
    signals.push(toSignal(index, market, rounds[turn]!.pop()!))
  }
  return signals
}

function draftRound(market: Market, random: () => number): Draft[] {
  const toTick = (price: number): number => Number((Math.round(price / market.tick) * market.tick).toFixed(2))
  const base = toTick(market.price * (0.98 + 0.04 * random()))
  const drafts: Draft[] = [{ type: 'BASE_ENTRY', label: 'Long_1', price: base }]
  if (random() < 0.15)
    drafts.push({ type: 'BASE_ENTRY', label: 'Long_1', price: toTick(base + market.atr / 4) })
  const pyramids = Math.floor(random() * 6)
  let weight = 1
  let cost = base
  let price = base + market.stopAtrs * market.atr
  for (let unit = 1; unit <= pyramids; unit++) {
    // A step below the spacing is refused, and now and then one is.
    price += market.atr * (0.3 + 0.8 * random())
    drafts.push({ type: 'PYRAMID', label: `Long_${unit + 1}`, price: toTick(price) })
    weight += 0.5 ** (unit + 1)
    cost += 0.5 ** (unit + 1) * price
  }
  const exit = toTick(cost / weight + market.atr * (random() - 0.5))
  const labels =
    random() < 0.5 ? ['ALL'] : Array.from({ length: pyramids + 1 }, (_, unit) => `Long_${unit + 1}`)
  for (const label of labels) drafts.push({ type: 'EXIT', label, price: exit })
  return drafts
}

function toSignal(index: number, market: Market, draft: Draft): Signal {
  const { instrument, atr } = market
  const { type, label, price } = draft
  const at = START + index * BETWEEN_SIGNALS
  const common = { instrument, label, price, timestamp: at, barTime: null }
  const alert =
    type === 'EXIT'
      ? ({ type, ...common, reason: null, flags: [] } as const)
      : ({ type, ...common, atr, stop: null, er: 0.85 } as const)
  return { id: `A-${index}`, at, alert }
}
