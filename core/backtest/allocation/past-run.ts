import { type Decimal, ZERO } from '../../decimal.js'
import type { Decision } from '../../decision.js'
import type { PortfolioEvent } from '../../event.js'
import { invariant } from '../../invariant.js'
import type { EndedAllocationRun, RunOutcome } from '../../portfolio/allocation-state.js'
import type { Portfolio } from '../../portfolio/portfolio.js'
import type { Instant } from '../../time.js'

/** An order of a run over prices of the past, and how far it came by the last of them. */
export interface PastOrder {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly filled: Decimal
  readonly limitPrice: Decimal | null
  /** Why it was skipped, cancelled or refused; null otherwise. */
  readonly reason: string | null
}

/** A run over prices of the past; money in the portfolio's currency. */
export interface PastRun {
  readonly at: Instant
  readonly decisionId: string
  /** What had become of it when it ended; inProgress where the prices ended first. */
  readonly outcome: RunOutcome | 'inProgress'
  readonly reasons: readonly string[]
  /** What the reasons mean in words, where a run was halted. */
  readonly notes: readonly string[]
  /** What it counted when it was planned; null where it could not be. */
  readonly equity: number | null
  readonly orders: readonly PastOrder[]
  /** The larger of what its orders bought and sold, also after it ended. */
  readonly valueTraded: number
  readonly fees: number
}

interface Open {
  readonly decision: Decision
  ended: EndedAllocationRun | null
  readonly orders: Map<string, PastOrder>
  bought: Decimal
  sold: Decimal
  fees: Decimal
}

/** Gathers the runs of a simulation from its events, in their order. */
export class PastRuns {
  readonly #runs = new Map<string, Open>()

  /** Takes in what one input led to; `portfolio` is the state after it. */
  see(event: PortfolioEvent, portfolio: Portfolio): void {
    switch (event.type) {
      case 'DecisionMade': {
        const { decision } = event
        const none = { ended: null, orders: new Map(), bought: ZERO, sold: ZERO, fees: ZERO }
        if (decision.kind === 'rebalance') this.#runs.set(decision.id, { decision, ...none })
        break
      }
      case 'AllocationRunStarted':
        for (const { symbol, side, quantity, limitPrice } of event.run.orders)
          this.#put(event.run.decisionId, { symbol, side, quantity, limitPrice, filled: ZERO, reason: null })
        break
      case 'AllocationRunEnded': {
        const run = this.#of(event.ended.decisionId)
        run.ended = event.ended
        for (const { symbol, quantity, reason } of event.ended.orders) {
          const order = run.orders.get(symbol)
          if (order === undefined) continue
          run.orders.set(symbol, { ...order, quantity, reason: order.reason ?? reason })
        }
        break
      }
      case 'OrderCancelRequested': {
        const { decisionId, instrument } = portfolio.orders.get(event.orderId)!
        const { orders } = this.#of(decisionId)
        orders.set(instrument, { ...orders.get(instrument)!, reason: event.reason ?? null })
        break
      }
      case 'OrderFilled': {
        const { decisionId, instrument, side } = portfolio.orders.get(event.orderId)!
        const run = this.#of(decisionId)
        const value = event.lots.times(event.price)
        if (side === 'buy') run.bought = run.bought.plus(value)
        else run.sold = run.sold.plus(value)
        run.fees = run.fees.plus(event.fee)
        const order = run.orders.get(instrument)!
        run.orders.set(instrument, { ...order, filled: order.filled.plus(event.lots) })
        break
      }
      default:
    }
  }

  /** Returns the runs so far, oldest first. */
  list(): readonly PastRun[] {
    return [...this.#runs.values()].map(({ decision, ended, orders, bought, sold, fees }) => ({
      at: decision.at,
      decisionId: decision.id,
      outcome: ended?.outcome ?? 'inProgress',
      reasons: decision.reasons,
      notes: decision.notes,
      equity: decision.rebalance?.kind === 'allocation' ? Number(decision.rebalance.equity) : null,
      orders: [...orders.values()],
      valueTraded: (bought.isLessThan(sold) ? sold : bought).toNumber(),
      fees: fees.toNumber(),
    }))
  }

  #put(decisionId: string, order: PastOrder): void {
    this.#of(decisionId).orders.set(order.symbol, order)
  }

  #of(decisionId: string): Open {
    const run = this.#runs.get(decisionId)
    invariant(run !== undefined, () => `no run was decided as ${decisionId}`)
    return run
  }
}
