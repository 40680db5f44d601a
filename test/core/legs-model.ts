import fc from 'fast-check'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import type { PortfolioEvent } from '../../core/event.js'
import { surplusOf } from '../../core/order/legs.js'
import { isAtWork, remainingLots } from '../../core/order/order.js'
import { hasLegsDue } from '../../core/order/settle-legs.js'
import { copyState, encodeState } from '../../server/journal/codec/state-codec.js'
import { type Desk, eventsOf } from '../helpers/desk.js'

/** What is traded in two legs. */
export const nifty = 'BANK_NIFTY'

/** Quote currency per point and lot of it. */
export const pointValue = 30

/** Reports a trade of an order. */
export function fill(
  desk: Desk,
  orderId: string,
  { lots, price, fee = 0 }: { lots: number; price: number; fee?: number },
): readonly PortfolioEvent[] {
  const tradeId = `t-${orderId}-${desk.portfolio.orders.get(orderId)!.tradeIds.length + 1}`
  const told = { lots: decimal(lots), price: decimal(price), fee: decimal(fee), at: desk.now }
  return desk.report({ kind: 'fill', orderId, tradeId, ...told })
}

interface Flow {
  call: Decimal
  put: Decimal
  cash: Decimal
  fees: Decimal
}

/** Returns what all trades of legs came to: options held, cash paid and received in points, and fees. */
function flowOf(desk: Desk, contract: string): Flow {
  const flow: Flow = { call: ZERO, put: ZERO, cash: ZERO, fees: ZERO }
  for (const { events } of desk.log) {
    for (const { orderId, lots, price, fee } of eventsOf(events, 'OrderFilled')) {
      const order = desk.portfolio.orders.get(orderId)!
      if (order.leg === null || `${order.leg.strike} ${order.leg.expiry}` !== contract) continue
      const signed = order.side === 'buy' ? lots : lots.negated()
      flow[order.leg.kind] = flow[order.leg.kind].plus(signed)
      flow.cash = flow.cash.minus(signed.times(price))
      flow.fees = flow.fees.plus(fee)
    }
  }
  return flow
}

/** Something that happens to a desk. */
export type Act =
  | { kind: 'send' }
  | { kind: 'fill'; which: number; lots: number; price: number; fee: number; isAgain: boolean }
  | { kind: 'end'; which: number; how: 'rejected' | 'canceled' | 'expired' | 'unresolved' | 'absent' }
  | { kind: 'exit' }
  | { kind: 'entry'; price: number }
  | { kind: 'wait'; ms: number }
  | { kind: 'state'; state: 'active' | 'halted' | 'reducing' | 'frozen' }
  | { kind: 'crash' }

/** Anything that may happen to a desk. */
export const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('fill' as const),
      which: fc.nat(3),
      lots: fc.integer({ min: 1, max: 5 }),
      price: fc.integer({ min: 1, max: 2_000 }),
      fee: fc.nat(50),
      isAgain: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which: fc.nat(3),
      how: fc.constantFrom('rejected', 'canceled', 'expired', 'unresolved', 'absent'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('exit' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      price: fc.integer({ min: 51_900, max: 52_100 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 10_000, 31_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('state' as const),
      state: fc.constantFrom('active', 'halted', 'reducing', 'frozen'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
)

/** Does to the desk what `one` says; late trades are those of legs that have ended. */
export function perform(desk: Desk, one: Act, isLate: boolean): void {
  const legs = [...desk.portfolio.orders.values()].filter(({ leg }) => leg !== null)
  const reachable = legs.filter((order) => (isAtWork(order.state) || isLate) && order.attempt > 0).reverse()
  switch (one.kind) {
    case 'send':
      desk.send()
      break
    case 'fill': {
      const order = reachable[one.which]
      if (order === undefined) break
      const left = isLate ? one.lots : Math.min(one.lots, remainingLots(order).toNumber())
      if (left < 1) break
      fill(desk, order.id, { ...one, lots: left })
      if (one.isAgain) {
        const [last] = eventsOf(desk.log.at(-1)!.events, 'OrderFilled')
        if (last !== undefined) desk.report({ ...last, kind: 'fill' } as never)
      }
      break
    }
    case 'end': {
      const order = reachable[one.which]
      if (order === undefined) break
      const orderId = order.id
      if (one.how === 'rejected') desk.report({ kind: 'rejected', orderId, code: 'X', message: 'no' })
      else if (one.how === 'canceled') desk.report({ kind: 'canceled', orderId, reason: 'gone' })
      else if (one.how === 'expired') desk.report({ kind: 'expired', orderId })
      else if (one.how === 'absent') desk.report({ kind: 'absent', orderId })
      else desk.report({ kind: 'unresolved', orderId, cause: 'timeout' })
      break
    }
    case 'exit':
      desk.exit(nifty)
      break
    case 'entry':
      desk.entry(nifty, one.price, 350)
      break
    case 'wait':
      desk.wait(one.ms)
      if (hasLegsDue(desk.portfolio, desk.now)) desk.give({ type: 'TimerFired' })
      break
    case 'state':
      desk.trade(one.state)
      break
    case 'crash':
      if (encodeState(copyState(desk.portfolio)) !== encodeState(desk.portfolio))
        throw new Error('a snapshot loses')
      if (encodeState(desk.refold()) !== encodeState(desk.portfolio)) throw new Error('the fold differs')
      break
  }
}

/** Lets everything come to its end: what is sent fills whole, at once. */
export function calm(desk: Desk): void {
  desk.trade('active')
  if (desk.book(nifty).lock !== null) desk.command({ kind: 'unlock', instrument: nifty, reason: 'a test' })
  for (let round = 0; round < 60; round++) {
    desk.wait(31_000).give({ type: 'TimerFired' })
    desk.send()
    for (const order of [...desk.portfolio.orders.values()]) {
      if (order.leg === null || !isAtWork(order.state)) continue
      if (order.state === 'unresolved' || order.cancelRequested) {
        desk.report({ kind: 'canceled', orderId: order.id, reason: 'calm' })
      } else if (order.attempt > 0) {
        fill(desk, order.id, { lots: remainingLots(order).toNumber(), price: 333, fee: 7 })
      }
    }
    if (desk.book(nifty).openLegs.length === 0 && desk.book(nifty).units.every(({ exit }) => exit === null))
      return
  }
  throw new Error('it does not come to rest')
}

function contractsOf(desk: Desk): string[] {
  const all = [...desk.portfolio.orders.values()].flatMap(({ leg }) =>
    leg === null ? [] : [`${leg.strike} ${leg.expiry}`],
  )
  return [...new Set(all)]
}

/** Returns what is wrong of a desk whose venue fills no order twice and none that has ended. */
export function flawOf(desk: Desk, isLate: boolean): string | null {
  for (const contract of contractsOf(desk)) {
    const { call, put } = flowOf(desk, contract)
    if (!isLate && call.isLessThan(ZERO)) return `short of ${call} calls`
    if (!isLate && call.plus(put).isLessThan(ZERO)) return `${put} puts against ${call} calls`
  }
  const book = desk.book(nifty)
  const alarmed = new Set(
    desk.log.flatMap(({ events }) => eventsOf(events, 'AlarmRaised').map(({ subject }) => subject)),
  )
  for (const legs of desk.portfolio.legs.values()) {
    if (surplusOf(legs).isZero()) continue
    if (!book.openLegs.includes(legs.orderId)) return `${legs.orderId} is settled with a surplus`
    const isMending = legs.orderIds.some((id) => book.legOrderIds.includes(id))
    if (!isMending && !alarmed.has(legs.orderId))
      return `the surplus of ${legs.orderId} is at rest and not told`
  }
  return null
}

/** Returns what is wrong of a desk at rest. */
export function flawAtRest(desk: Desk): string | null {
  let [cash, fees, held]: [Decimal, Decimal, Decimal] = [ZERO, ZERO, ZERO]
  for (const contract of contractsOf(desk)) {
    const flow = flowOf(desk, contract)
    const [strike] = contract.split(' ')
    const units = desk
      .book(nifty)
      .units.filter((unit) => `${unit.contract?.strike} ${unit.contract?.expiry}` === contract)
    const lots = units.reduce((sum, unit) => sum.plus(unit.lots), ZERO)
    if (!flow.call.equals(lots) || !flow.put.equals(lots.negated())) {
      return `${contract}: the account holds ${flow.call} calls and ${flow.put} puts, the book ${lots} lots`
    }
    // What is held cost strike + call - put; the strike itself was never paid.
    const cost = units.reduce((sum, unit) => sum.plus(unit.cost), ZERO)
    cash = cash
      .plus(flow.cash)
      .plus(cost)
      .minus(lots.times(decimal(strike!)))
    fees = fees.plus(flow.fees)
    held = held.plus(lots)
  }
  const expected = decimal(10_000_000)
    .plus(cash.times(decimal(pointValue)))
    .minus(fees)
  if (!expected.equals(desk.portfolio.ledger.balance)) {
    return `the ledger is ${desk.portfolio.ledger.balance}, the cash flows of the legs make ${expected}`
  }
  return null
}
