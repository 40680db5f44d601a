import { type Decimal, decimal, ZERO } from '../../decimal.js'
import { exchangeDay } from '../../portfolio/cell-state.js'
import type { CellRules } from '../../strategies/volatility/cell-rules.js'
import { receivableOf } from '../../strategies/volatility/dividend.js'
import { affordableShares } from '../../strategies/volatility/sizing.js'
import { DAY, type Instant, parseInstant } from '../../time.js'
import type { PastAction } from './run-cells.js'

/** A cell whose cash bought what it could at the first price, and which did nothing more. */
export class BuyAndHold {
  readonly #rules: CellRules
  readonly #actions: PastAction[]
  readonly #commissionRate: Decimal
  #shares: Decimal = ZERO
  #cash: Decimal
  #price: number | null = null

  /** `commissionRate`: what the venue charges, a fraction of the value. */
  constructor(rules: CellRules, actions: readonly PastAction[], commissionRate: Decimal) {
    this.#rules = rules
    this.#cash = decimal(rules.configuration.cash)
    this.#commissionRate = commissionRate
    const own = actions.filter(({ instrument }) => instrument === rules.asset.name)
    this.#actions = own.sort((left, right) => (left.exDate < right.exDate ? -1 : 1))
  }

  /** Takes a price of the asset: the first one buys; dividends count from their ex-date on, splits from theirs. */
  see(price: number, at: Instant): void {
    const day = exchangeDay(this.#rules.asset.zone, at)
    if (this.#price === null) this.#buy(decimal(price), day)
    for (;;) {
      const next = this.#actions[0]
      if (next === undefined || day < dayOf(next.exDate)) break
      this.#actions.shift()
      if (next.kind === 'split') this.#shares = this.#shares.times(next.ratio)
      else this.#cash = this.#cash.plus(receivableOf(this.#shares, { id: '', ...next }).net)
    }
    this.#price = price
  }

  /** What it is worth at the last price. */
  get value(): number {
    const held = this.#price === null ? ZERO : this.#shares.times(decimal(this.#price))
    return held.plus(this.#cash).toNumber()
  }

  /** What went ex by then belongs to those who held before. */
  #buy(price: Decimal, day: number): void {
    while (this.#actions[0] !== undefined && dayOf(this.#actions[0].exDate) <= day) this.#actions.shift()
    const rate = this.#commissionRate
    const step = decimal(this.#rules.asset.quantityStep)
    this.#shares = affordableShares(this.#cash, price, rate).toMultipleOf(step, 'floor')
    const value = this.#shares.times(price)
    this.#cash = this.#cash.minus(value).minus(value.times(rate))
  }
}

function dayOf(date: string): number {
  return (parseInstant(date) ?? Number.NaN) / DAY
}
