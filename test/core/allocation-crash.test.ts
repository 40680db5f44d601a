import fc from 'fast-check'
import t from 'tap'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import type { Input } from '../../core/input.js'
import { evolve, observe, step } from '../../core/kernel.js'
import { isAtWork, type Order } from '../../core/order/order.js'
import type { OrderReport } from '../../core/order/report.js'
import { settledCash } from '../../core/portfolio/holding.js'
import { emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import { hasRunDue } from '../../core/strategies/allocation/continue-run.js'
import { copyState, encodeState } from '../../server/journal/codec/state-codec.js'
import { AllocationDesk, allocation } from '../helpers/allocation.js'
import { counts } from '../helpers/counts.js'

/** What a venue did with the orders that reached it; it takes each once. */
interface Taken {
  readonly side: 'buy' | 'sell'
  readonly instrument: string
  readonly isRefused: boolean
  readonly lots: Decimal
  readonly price: number
}

type Log = { input: Input; events: ReturnType<typeof step> }[]

type Unstamped<T> = T extends unknown ? Omit<T, 'id' | 'at'> : never

/** Which choice is next; 0 when none is left. */
type Choose = (of: number) => number

/**
 * A portfolio whose process may die at any point: after a commit and before its answer, between a recording and its send,
 * between a send and its answer. What it knew is then gone, and its logs are folded.
 */
class Mortal {
  portfolio: Portfolio
  readonly log: Log
  readonly venue = new Map<string, Taken>()
  readonly arrivals: string[] = []
  readonly choose: Choose
  #count = 0
  now: number

  constructor(desk: AllocationDesk, choose: Choose) {
    this.portfolio = desk.portfolio
    this.log = [...desk.log]
    this.now = desk.now
    this.choose = choose
  }

  give(input: Unstamped<Input>): void {
    this.#count += 1
    const stamped = { ...input, id: `X-${this.#count}`, at: this.now } as Input
    this.log.push({ input: stamped, events: step(this.portfolio, stamped) })
    this.mayDie()
  }

  mayDie(): void {
    if (this.choose(3) !== 1) return
    const folded = emptyPortfolio(this.portfolio.id)
    for (const { input, events } of this.log) {
      observe(folded, input)
      for (const event of events) evolve(folded, event)
    }
    if (spelled(folded) !== spelled(this.portfolio)) throw new Error('the fold is another state')
    // A snapshot is a fold, too.
    this.portfolio = copyState(folded)
  }

  /** One beat of what brings orders to their venue and back. */
  beat(): void {
    this.now += 1000
    const atWork = [...this.portfolio.orders.values()].filter(({ state }) => isAtWork(state))
    for (const order of atWork) this.bring(order)
    if (hasRunDue(this.portfolio, this.now)) this.give({ type: 'TimerFired' })
  }

  bring({ id, state }: Order): void {
    if (state === 'initialized') {
      this.give({ type: 'OrdersDue', orderIds: [id] })
      const order = this.portfolio.orders.get(id)
      // It died before it sent, or sends now.
      if (order?.state === 'submitted' && this.choose(4) !== 1) this.arrive(order)
    } else if (state === 'submitted') {
      this.report({ kind: 'unresolved', orderId: id, cause: 'nobody heard the answer' })
    } else {
      this.answer(id)
    }
  }

  arrive({ id, side, instrument, lots, referencePrice }: Order): void {
    if (this.venue.has(id)) throw new Error(`the order ${id} reached the venue twice`)
    this.arrivals.push(id)
    const isRefused = this.choose(5) === 1
    this.venue.set(id, { side, instrument, isRefused, lots, price: referencePrice })
    // The answer comes, or is lost.
    if (this.choose(3) !== 1) this.answer(id)
  }

  answer(id: string): void {
    const taken = this.venue.get(id)
    if (taken === undefined) {
      this.report({ kind: 'absent', orderId: id })
      return
    }
    if (taken.isRefused) {
      this.report({ kind: 'rejected', orderId: id, code: 'NO', message: 'no' })
      return
    }
    const price = decimal(taken.price)
    const half = taken.lots.toMultipleOf(decimal(2), 'floor').times(decimal('0.5'))
    const parts = half.isZero() ? [taken.lots] : [half, taken.lots.minus(half)]
    for (const [index, lots] of parts.entries())
      this.report({
        ...{ kind: 'fill', orderId: id, tradeId: `${id}-${index}`, lots, price, at: this.now },
        fee: lots.times(price).times(decimal('0.001')),
      })
  }

  report(report: OrderReport): void {
    this.give({ type: 'BrokerReported', reports: [report] })
  }
}

/** A snapshot spells its fields in their order. */
function spelled(portfolio: Portfolio): string {
  return encodeState(copyState(portfolio))
}

/** What the venue holds for us, and the cash that it cost. */
function accountOf(venue: ReadonlyMap<string, Taken>) {
  const held = new Map<string, Decimal>()
  let cash = ZERO
  for (const { side, instrument, isRefused, lots, price } of venue.values()) {
    if (isRefused) continue
    const signed = side === 'buy' ? lots : lots.negated()
    held.set(instrument, (held.get(instrument) ?? ZERO).plus(signed))
    const value = lots.times(decimal(price))
    cash = cash.minus(signed.times(decimal(price))).minus(value.times(decimal('0.001')))
  }
  return { held, cash }
}

t.test('a run that dies at any point is resumed or closed, and nothing is doubled', async (t) => {
  let deaths = 0
  const story = fc.record({
    choices: fc.array(fc.nat({ max: 59 }), { minLength: 10, maxLength: 120 }),
    targets: fc.constantFrom({ A: 40, B: 30, C: 30 }, { A: 10, B: 90 }, { B: 50, C: 50 }, { C: 100 }),
    pauseMs: fc.constantFrom(0, 1000, 3000),
  })
  fc.assert(
    fc.property(story, ({ choices, targets, pauseMs }) => {
      const settings = { pauseMs, funding: allocation().funding, automatic: false }
      const desk = new AllocationDesk({ ...settings, funding: { mode: 'priority', feePct: 0.1 } })
      desk.run({ targetWeights: { A: 60, B: 40 } })
      let next = 0
      const mortal = new Mortal(desk, (of) => {
        const choice = choices[next++]
        if (choice === undefined) return 0
        if (of === 3 && choice % of === 1) deaths += 1
        return choice % of
      })
      for (let beats = 0; mortal.portfolio.allocation.run !== null && beats < 400; beats++) mortal.beat()
      mortal.now += 60_000
      mortal.give({
        type: 'OperatorCommanded',
        command: {
          ...{ kind: 'rebalance', isDryRun: false, threshold: null, maxOrders: null, quotes: {} },
          targetWeights: Object.entries(targets).map(([symbol, pct]) => ({ symbol, pct })),
        },
      })
      for (let beats = 0; mortal.portfolio.allocation.run !== null && beats < 400; beats++) mortal.beat()
      const { portfolio, venue } = mortal
      const { held, cash } = accountOf(venue)
      for (const [instrument, lots] of held) {
        const book = portfolio.books.get(instrument)?.holding?.quantity ?? ZERO
        if (!book.equals(lots)) throw new Error(`${instrument}: the book has ${book}, the venue ${lots}`)
      }
      const booked = settledCash(portfolio)
      if (!booked.equals(decimal(10_000).plus(cash))) throw new Error(`cash is ${booked}`)
      if (booked.isNegative()) throw new Error(`cash is ${booked}: more was bought than there was`)
      return portfolio.allocation.run === null && portfolio.allocation.last !== null
    }),
    { numRuns: counts.propertyRuns },
  )
  t.ok(deaths > counts.propertyRuns, 'it died often enough to mean something')
})
