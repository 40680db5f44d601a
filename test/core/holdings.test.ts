import fc from 'fast-check'
import t from 'tap'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import type { OrderInitialized, PortfolioEvent } from '../../core/event.js'
import type { Asset } from '../../core/instrument/instrument.js'
import { evolve, step } from '../../core/kernel.js'
import type { OrderReport } from '../../core/order/report.js'
import { EXIT_RETRY_DELAY } from '../../core/order/reports.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { holdingId, settledCash } from '../../core/portfolio/holding.js'
import { bookOf, type Portfolio, tradedOf } from '../../core/portfolio/portfolio.js'
import { hasExitDue } from '../../core/portfolio/standing-exits.js'
import { heldLots } from '../../core/reconcile/compare.js'
import { listBreaks } from '../../core/reconcile/list-breaks.js'
import { TRADING_STATES } from '../../core/risk/trading-state.js'
import { encodeState } from '../../server/journal/codec/state-codec.js'
import { AllocationDesk } from '../helpers/allocation.js'
import { CellDesk, cell, cellSettings } from '../helpers/cells.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, decisionsIn, eventsOf } from '../helpers/desk.js'
import { settings } from '../helpers/settings.js'

const ASSET = 'TPAY'

/** A portfolio with 100,000 in cash that holds nothing. */
function empty(): Portfolio {
  return new Desk().portfolio
}

function order(portfolio: Portfolio, id: string, side: 'buy' | 'sell', lots: Decimal): string {
  const initialized: OrderInitialized = {
    ...{ type: 'OrderInitialized', orderId: id, decisionId: 'D-1', positionId: holdingId(ASSET) },
    ...{ instrument: ASSET, side, purpose: 'rebalance', orderType: 'market', lots, limitPrice: null },
    ...{ referencePrice: 100, at: portfolio.now, unit: null },
  }
  evolve(portfolio, initialized)
  step(portfolio, { type: 'OrdersDue', id: `X-${id}`, at: portfolio.now, orderIds: [id] })
  return id
}

let told = 0

function report(portfolio: Portfolio, one: OrderReport) {
  told += 1
  return step(portfolio, { type: 'BrokerReported', id: `R-${told}`, at: portfolio.now, reports: [one] })
}

function fill(portfolio: Portfolio, orderId: string, lots: Decimal, price: Decimal, fee = ZERO) {
  told += 1
  const at = portfolio.now
  return report(portfolio, { kind: 'fill', orderId, tradeId: `t-${told}`, lots, price, fee, at })
}

t.test('a purchase is paid from the cash, and a sale books its profit on the average cost', async (t) => {
  const portfolio = empty()
  const before = settledCash(portfolio)
  fill(portfolio, order(portfolio, 'O-1', 'buy', decimal(10)), decimal(10), decimal(100), decimal('0.5'))
  fill(portfolio, order(portfolio, 'O-2', 'buy', decimal(10)), decimal(10), decimal(110))
  t.equal(before.minus(settledCash(portfolio)).toString(), '2100.5')
  t.equal(heldLots(bookOf(portfolio, ASSET)).toString(), '20')
  const sold = fill(
    portfolio,
    order(portfolio, 'O-3', 'sell', decimal(5)),
    decimal(5),
    decimal(120),
    decimal(1),
  )
  t.match(
    eventsOf(sold, 'LedgerPosted').map(({ kind, amount }) => [kind, amount.toString()]),
    [
      ['realizedPnl', '75'],
      ['fee', '-1'],
    ],
  )
  const { holding } = bookOf(portfolio, ASSET)
  t.match(JSON.parse(JSON.stringify(holding)), {
    quantity: '15',
    cost: '1575',
    realizedPnl: '75',
    fees: '1.5',
  })
  bookOf(portfolio, ASSET).market.price = 130
  const { closed, open } = equityOf(portfolio)
  t.equal(open - closed, 15 * 130 - 1575)
  t.equal(
    settledCash(portfolio)
      .plus(decimal(15 * 130))
      .toNumber(),
    open,
    'cash and what is held at its price',
  )
})

t.test('an order of a holding whose fate is unknown is a person’s to settle', async (t) => {
  const portfolio = empty()
  const id = order(portfolio, 'O-1', 'buy', decimal(3))
  report(portfolio, { kind: 'unresolved', orderId: id, cause: 'no answer' })
  t.match(listBreaks(portfolio), [{ found: { class: 'unknownOrder', orderId: id } }])
})

t.test('what is held stays known when the configuration leaves it out', async (t) => {
  const facts = { from: '2020-01-01', fromInstant: 0, lotSize: 1, pointValue: 1, marginPerLot: 0, tick: 0.01 }
  const asset: Asset = {
    ...{ name: ASSET, exchange: 'MOEX', zone: 'Europe/Moscow', currency: 'INR', facts: [facts] },
    ...{ quantityStep: 1, minQuantity: 0, minNotional: 0 },
  }
  const desk = new Desk(settings({ assets: [asset, { ...asset, name: 'TRUR' }] }))
  fill(desk.portfolio, order(desk.portfolio, 'O-1', 'buy', decimal(3)), decimal(3), decimal(100))
  desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings() })
  t.match(desk.portfolio.settings?.assets, [{ name: ASSET }])
  t.equal(tradedOf(desk.portfolio, ASSET)?.exchange, 'MOEX')
})

t.test('trading states: reducing sells and buys nothing, halted does neither', async (t) => {
  const denied = (state: 'reducing' | 'halted', side: 'buy' | 'sell') => {
    const portfolio = empty()
    fill(portfolio, order(portfolio, 'O-1', 'buy', decimal(10)), decimal(10), decimal(100))
    portfolio.tradingState = state
    order(portfolio, 'O-2', side, decimal(1))
    return portfolio.orders.get('O-2')?.state
  }
  t.equal(denied('reducing', 'buy'), 'denied')
  t.equal(denied('reducing', 'sell'), 'submitted')
  t.equal(denied('halted', 'sell'), 'denied')
})

t.test('what was not held is not sold: the fill is booked, and the instrument is locked', async (t) => {
  const portfolio = empty()
  fill(portfolio, order(portfolio, 'O-1', 'buy', decimal(3)), decimal(3), decimal(100))
  const events = fill(portfolio, order(portfolio, 'O-2', 'sell', decimal(5)), decimal(5), decimal(120))
  t.match(eventsOf(events, 'AlarmRaised'), [{ code: 'OVERSOLD' }])
  t.equal(bookOf(portfolio, ASSET).holding?.quantity.toString(), '0')
  t.equal(bookOf(portfolio, ASSET).holding?.realizedPnl.toString(), '60', 'of what was held')
  t.not(bookOf(portfolio, ASSET).lock, null)
})

t.test('whatever is bought and sold, cash and cost are the money that was there, exactly', async () => {
  const amount = fc.integer({ min: 1, max: 99_999 }).map((hundredths) => decimal(hundredths / 100))
  const trade = fc.record({ isBuy: fc.boolean(), lots: amount, price: amount, fee: amount })
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 12 }), (trades) => {
      const portfolio = empty()
      let cash = settledCash(portfolio)
      let held = ZERO
      trades.forEach(({ isBuy, lots, price, fee }, index) => {
        const quantity = isBuy || lots.isLessThan(held) ? lots : held
        if (quantity.isZero()) return
        fill(
          portfolio,
          order(portfolio, `O-${index}`, isBuy ? 'buy' : 'sell', quantity),
          quantity,
          price,
          fee,
        )
        const value = quantity.times(price)
        cash = (isBuy ? cash.minus(value) : cash.plus(value)).minus(fee)
        held = isBuy ? held.plus(quantity) : held.minus(quantity)
      })
      const holding = bookOf(portfolio, ASSET).holding
      return settledCash(portfolio).equals(cash) && (holding?.quantity ?? ZERO).equals(held)
    }),
    { numRuns: counts.propertyRuns },
  )
})

/** A cell of KO that holds 50 shares, bought at 100, and 5,000 in cash. */
function holdingKo(): CellDesk {
  const room = new CellDesk(cellSettings([cell('KO', { initialStock: 0.5 })]), 10_000)
  room.price('KO', 100)
  room.settle()
  return room
}

const exitOf = (instrument: string) => ({ kind: 'exit', target: { instrument }, reason: 'enough' }) as const

const salesIn = (events: readonly PortfolioEvent[]): string[] =>
  eventsOf(events, 'OrderInitialized').map(
    ({ side, lots, purpose, orderType }) => `${side} ${lots.toNumber()} ${purpose} ${orderType}`,
  )

const isFolded = (desk: Desk): boolean => encodeState(desk.refold()) === encodeState(desk.portfolio)

t.test(
  'an operator sells what a cell holds, and it buys nothing back until a person unlocks it',
  async (t) => {
    const room = holdingKo()
    const events = room.command(exitOf('KO'))
    t.match(decisionIn(events), {
      ...{ kind: 'operatorExit', outcome: 'approved', reasons: ['enough'], lots: 50, positionIds: ['H-KO'] },
    })
    t.same(salesIn(events), ['sell 50 exit market'])
    t.match(decisionIn(room.command(exitOf('KO'))), { outcome: 'ignored', reasons: ['ALREADY_CLOSING'] })
    const sold = room.settle(0.001)
    t.same(alarmsIn(sold), [], 'that a guardrail is left behind is what was asked for')
    const { cash, anchor } = room.book('KO').cell!
    t.same([cash.toNumber(), anchor?.toNumber()], [9995, 100])
    t.equal(`${room.book('KO').holding?.quantity}`, '0')
    t.match(decisionIn(room.wait(1000).price('KO', 92)), { reasons: ['INSTRUMENT_LOCKED'] })
    t.match(decisionIn(room.command(exitOf('KO'))), { outcome: 'ignored', reasons: ['NOTHING_HELD'] })
    room.command({ kind: 'unlock', instrument: 'KO', reason: 'looked' })
    t.equal(room.book('KO').holding?.exit, null)
    t.match(decisionIn(room.wait(1000).price('KO', 91)), { outcome: 'approved' })
    t.ok(isFolded(room))
  },
)

t.test('a policy never refuses an exit of a holding: only frozen holds it up', async (t) => {
  for (const state of TRADING_STATES) {
    const room = holdingKo()
    room.give({ type: 'InputFailed', failedInputId: 'A', instrument: 'KO', error: 'a mistake' })
    room.trade(state)
    const events = room.command({ kind: 'exit', target: { all: true }, reason: 'enough' })
    const isFrozen = state === 'frozen'
    t.equal(decisionIn(events).outcome, isFrozen ? 'blocked' : 'approved', state)
    room.settle()
    t.equal(`${room.book('KO').holding?.quantity}`, isFrozen ? '50' : '0', state)
    if (!isFrozen) continue
    room.trade('halted')
    room.settle()
    t.equal(`${room.book('KO').holding?.quantity}`, '0', 'it stood')
  }
})

t.test('an exit of a holding sells no more than sales that may still fill leave of it', async (t) => {
  const room = holdingKo()
  room.price('KO', 104)
  const [sale] = room.send()
  const due = room.portfolio.orders.get(sale!)!.lots
  room.report({ kind: 'unresolved', orderId: sale!, cause: 'no answer' })
  const [exit] = eventsOf(room.command(exitOf('KO')), 'OrderInitialized')
  t.equal(`${exit?.lots}`, `${decimal(50).minus(due)}`)
  t.equal(room.portfolio.orders.get(sale!)?.cancelRequested, false, 'it does what the exit wants')
  room.settle()
  room.report({ kind: 'canceled', orderId: sale!, reason: 'the venue' })
  const rest = room.orderIn('initialized')
  t.match([rest.purpose, `${rest.lots}`], ['exit', `${due}`])
  room.settle()
  t.equal(`${room.book('KO').holding?.quantity}`, '0')
  t.ok(isFolded(room))
})

t.test('a purchase at work is cancelled by the exit, and what it fills all the same is sold', async (t) => {
  const room = holdingKo()
  room.price('KO', 96)
  const [buy] = room.send()
  room.command(exitOf('KO'))
  t.equal(room.portfolio.orders.get(buy!)?.cancelRequested, true)
  const { lots } = room.portfolio.orders.get(buy!)!
  const late = room.fillWhole(buy!)
  t.same(salesIn(late), [`sell ${lots.toNumber()} exit market`])
  room.settle()
  t.equal(`${room.book('KO').holding?.quantity}`, '0')
  const waiting = holdingKo()
  waiting.price('KO', 96)
  const events = waiting.command(exitOf('KO'))
  t.equal(eventsOf(events, 'OrderCanceled').length, 1, 'what never left ends at once')
})

t.test('a refused exit of a holding is alarmed, waits, and is ordered again', async (t) => {
  const room = holdingKo()
  room.command(exitOf('KO'))
  const [id] = room.send()
  const refused = room.report({ kind: 'rejected', orderId: id!, code: 'RMS', message: 'no' })
  t.same(alarmsIn(refused), ['EXIT_REFUSED'])
  t.same(eventsOf(refused, 'OrderInitialized'), [])
  t.equal(hasExitDue(room.portfolio, room.now + EXIT_RETRY_DELAY - 1), false)
  t.equal(hasExitDue(room.portfolio, room.now + EXIT_RETRY_DELAY), true)
  const again = room.wait(EXIT_RETRY_DELAY).give({ type: 'TimerFired' })
  t.match(eventsOf(again, 'OrderInitialized'), [{ orderId: id!.replace('-x1', '-x2') }])
  t.same(salesIn(again), ['sell 50 exit market'])
  t.ok(isFolded(room))
})

t.test(
  'an operator sells assets of an allocation, and runs leave them alone until they are unlocked',
  async (t) => {
    const style = { kind: 'limit', clip: 'capped', clipPct: 100, stepPct: 0, switchBufferPct: 1 } as const
    const limits = { style: { ...style, repriceBufferPct: 1, maxAgeSeconds: 60 } }
    for (const changes of [{}, limits]) {
      const desk = new AllocationDesk(changes)
      desk.run()
      desk.fillAll()
      t.same(desk.held(), { A: '50', B: '100' })
      desk.prices({ A: 200, B: 50 })
      desk.run()
      desk.send()
      desk.trade('reducing')
      const all = desk.command({ kind: 'exit', target: { all: true }, reason: 'enough' })
      t.same(
        decisionsIn(all).map(({ outcome, instrument }) => [outcome, instrument]),
        [
          ['approved', 'A'],
          ['approved', 'B'],
        ],
      )
      for (const order of [...desk.portfolio.orders.values()])
        if (order.cancelRequested) desk.report({ kind: 'canceled', orderId: order.id, reason: 'asked' })
      for (let round = 0; round < 3; round++) {
        desk.wait(61_000).give({ type: 'TimerFired' })
        for (const { id, state } of [...desk.portfolio.orders.values()])
          if (state === 'accepted') desk.fill(id, 1)
        desk.fillAll()
      }
      t.same(desk.held(), {})
      desk.trade('active')
      desk.prices({ A: 100, B: 50 })
      desk.run()
      t.same(desk.send(), [], 'locked')
      desk.command({ kind: 'unlock', instrument: 'A', reason: 'looked' })
      desk.run()
      t.equal(desk.send().length, 1)
      t.ok(isFolded(desk))
    }
  },
)
