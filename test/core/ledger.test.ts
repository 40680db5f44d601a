import fc from 'fast-check'
import t from 'tap'
import { fold } from '../../core/decider.js'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import { evolve } from '../../core/kernel.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { emptyLedger, type PostingKind, post } from '../../core/portfolio/ledger.js'
import { emptyPortfolio } from '../../core/portfolio/portfolio.js'
import { hasExitDue } from '../../core/portfolio/standing-exits.js'
import { costOf, profitOfSale } from '../../core/portfolio/unit.js'
import { TRADING_STATES } from '../../core/risk/trading-state.js'
import { HOUR, MINUTE } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, eventsOf } from '../helpers/desk.js'
import { settings } from '../helpers/settings.js'

const gold = 'GOLD_MINI'
const runs = { numRuns: counts.propertyRuns }
const money = fc.integer({ min: 1, max: 1_000_000_000 }).map((paise) => decimal(paise / 100))

t.test('the balance is the sum of all postings, to the last digit', async () => {
  const kinds = fc.constantFrom<PostingKind>('deposit', 'withdrawal', 'realizedPnl', 'fee')
  const postings = fc.array(fc.record({ kind: kinds, amount: money, isLoss: fc.boolean() }), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(postings, (given) => {
      const ledger = emptyLedger()
      let [balance, high] = [0n, 0n]
      for (const { kind, amount, isLoss } of given) {
        const isMinus = kind === 'withdrawal' || kind === 'fee' || (kind === 'realizedPnl' && isLoss)
        const signed = isMinus ? amount.negated() : amount
        post(ledger, kind, signed)
        const paise = signed.times(decimal(100)).toScale(0, 'truncate').coefficient
        balance += paise
        if (kind === 'deposit' || kind === 'withdrawal') high += paise
        if (high < balance) high = balance
        const isRight =
          ledger.balance.times(decimal(100)).toScale(0, 'truncate').coefficient === balance &&
          ledger.high.times(decimal(100)).toScale(0, 'truncate').coefficient === high &&
          ledger.closedEquity === ledger.balance.toNumber() &&
          ledger.highEquity === ledger.high.toNumber() &&
          ledger.deposited.plus(ledger.realizedPnl).plus(ledger.fees).equals(ledger.balance)
        if (!isRight) return false
      }
      return true
    }),
    runs,
  )
})

t.test('the watermark follows profits up, and deposits and withdrawals both ways', async (t) => {
  const ledger = emptyLedger()
  const posted = (kind: PostingKind, amount: number): string => {
    post(ledger, kind, decimal(amount))
    return `${ledger.balance} ${ledger.high}`
  }
  t.equal(posted('deposit', 5_000_000), '5000000 5000000')
  t.equal(posted('realizedPnl', -200_000), '4800000 5000000', 'a loss leaves it')
  t.equal(posted('deposit', 5_000_000), '9800000 10000000', 'a deposit moves it')
  t.equal(posted('realizedPnl', 300_000), '10100000 10100000', 'a profit beyond it raises it')
  t.equal(posted('fee', -100), '10099900 10100000')
  t.equal(posted('withdrawal', -100_000), '9999900 10000000', 'so does a withdrawal')
})

t.test('a deposit and a withdrawal are decided and posted', async (t) => {
  const desk = new Desk()
  const events = desk.command({ kind: 'cash', movement: 'deposit', amount: decimal('0.01'), note: 'a test' })
  t.match(decisionIn(events), { kind: 'cash', outcome: 'approved', reasons: ['DEPOSIT'] })
  t.match(eventsOf(events, 'LedgerPosted'), [{ kind: 'deposit', amount: decimal('0.01'), note: 'a test' }])
  const all = decimal('10000000.01')
  const out = desk.command({ kind: 'cash', movement: 'withdrawal', amount: all, note: null })
  t.match(decisionIn(out), { outcome: 'approved', reasons: ['WITHDRAWAL'] })
  t.ok(desk.portfolio.ledger.balance.isZero())
})

t.test('a withdrawal of more than there is, or of nothing, is refused', async (t) => {
  const desk = new Desk()
  const refused = (amount: string, movement: 'deposit' | 'withdrawal' = 'withdrawal') => {
    const events = desk.command({ kind: 'cash', movement, amount: decimal(amount), note: null })
    t.equal(events.length, 1)
    t.equal(decisionIn(events).outcome, 'blocked')
    return decisionIn(events).reasons
  }
  t.same(refused('10000000.01'), ['INSUFFICIENT_CASH'])
  t.same(refused('0'), ['AMOUNT_NOT_ABOVE_ZERO'])
  t.same(refused('-5'), ['AMOUNT_NOT_ABOVE_ZERO'])
  t.same(refused('-5', 'deposit'), ['AMOUNT_NOT_ABOVE_ZERO'])
  t.equal(desk.portfolio.ledger.balance.toString(), '10000000')
})

t.test('sold in parts, a unit makes what it sold for less what it cost, and nothing is lost', async () => {
  const price = fc.integer({ min: 1, max: 20_000_000 }).map((ticks) => decimal(ticks / 100))
  const share = fc.integer({ min: 1, max: 9 })
  const story = fc.record({
    buys: fc.array(price, { minLength: 1, maxLength: 3 }),
    sells: fc.array(fc.tuple(share, price, money), { minLength: 1, maxLength: 8 }),
    last: price,
  })
  fc.assert(
    fc.property(story, ({ buys, sells, last }) => {
      const desk = new Desk(settings(), 100_000_000)
      desk.entry(gold, 78_500, 700)
      const [entry] = desk.send()
      const { id, lots } = desk.portfolio.orders.get(entry!)!
      let trades = 0
      let fees = ZERO
      const fill = (orderId: string, amount: Decimal, at: Decimal, fee: Decimal) => {
        trades += 1
        fees = fees.plus(fee)
        const report = { kind: 'fill', orderId, tradeId: `t${trades}`, at: desk.now } as const
        return desk.report({ ...report, lots: amount, price: at, fee })
      }
      const part = lots.dividedBy(decimal(buys.length), 3, 'floor')
      buys.forEach((at, index) => {
        const isLast = index === buys.length - 1
        fill(id, isLast ? lots.minus(part.times(decimal(index))) : part, at, ZERO)
      })
      const { pointValue, boughtValue } = desk.unit(gold)
      desk.exit(gold)
      const [exit] = desk.send()
      let sold = ZERO
      for (const [tenths, at, fee] of sells) {
        const amount = desk
          .unit(gold)
          .lots.times(decimal(tenths / 10))
          .toScale(6, 'floor')
        if (!amount.isPositive()) continue
        sold = sold.plus(at.times(amount))
        fill(exit!, amount, at, fee)
      }
      const rest = desk.unit(gold).lots
      sold = sold.plus(last.times(rest))
      const [closed] = eventsOf(fill(exit!, rest, last, ZERO), 'UnitClosed')
      const profit = sold.minus(boughtValue).times(decimal(pointValue))
      const unit = desk.portfolio.closedUnits.get(closed!.positionId)!
      return (
        closed!.realizedPnl.equals(profit) &&
        unit.realizedPnl.equals(profit) &&
        unit.cost.isZero() &&
        unit.lots.isZero() &&
        unit.soldValue.equals(sold) &&
        unit.fees.equals(fees) &&
        desk.portfolio.ledger.realizedPnl.equals(profit) &&
        desk.portfolio.ledger.balance.equals(decimal(100_000_000).plus(profit).minus(fees))
      )
    }),
    runs,
  )
})

t.test('each part of a unit is sold at the average of what is held', async (t) => {
  const desk = new Desk(settings(), 50_000_000)
  desk.entry(gold, 78_500, 700)
  const [id] = desk.send()
  desk.fill(id!, 0.5, 78_400)
  desk.fill(id!, 1, 78_600)
  desk.exit(gold)
  const [exit] = desk.send()
  const profits = [0.5, 0.5, 1].map((share) => {
    const [posted] = eventsOf(desk.fill(exit!, share, 78_600), 'LedgerPosted')
    return posted?.amount.toNumber()
  })
  t.same(profits, [7 * 1000, 3 * 1000, 4 * 1000])
})

t.test('more than is held has no cost', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  const unit = desk.unit(gold)
  t.equal(costOf(unit, decimal(1)).toString(), '78500')
  t.equal(profitOfSale(unit, decimal(1), decimal(78_600)).toString(), '1000')
  t.throws(() => costOf(unit, decimal(3)), { message: /holds 2 lots, less than 3/ })
})

t.test('a difference from the broker that is seen twice locks the instrument and is alarmed', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  t.same(desk.account({ [gold]: 1 }), [], 'once may be a matter of time')
  const events = desk.account({ [gold]: 1 })
  t.same(
    events.map(({ type }) => type),
    ['InstrumentLocked', 'AlarmRaised'],
  )
  t.match(events, [
    { instrument: gold, reason: 'the book holds 2 lots, the broker 1' },
    { code: 'POSITION_BREAK' },
  ])
  t.same(desk.account({ [gold]: 1 }), [], 'a locked one is not locked again')
  t.same(decisionIn(desk.entry(gold, 78_500, 700)).reasons, ['INSTRUMENT_LOCKED', 'NOT_FLAT'])
})

t.test('a fill in between, another difference, or agreement starts the count anew', async (t) => {
  const between: [what: string, happen: (desk: Desk) => unknown][] = [
    ['agreement', (desk) => desk.account({ [gold]: 2 })],
    ['another difference', (desk) => desk.account({ [gold]: 3 })],
    [
      'a fill',
      (desk) => {
        desk.exit(gold)
        const [id] = desk.send()
        desk.fill(id!, 0.5)
        desk.report({ kind: 'canceled', orderId: id!, reason: 'by hand' })
      },
    ],
  ]
  for (const [what, happen] of between) {
    const desk = new Desk()
    desk.entry(gold, 78_500, 700)
    desk.fillAll()
    desk.account({ [gold]: 5 })
    happen(desk)
    t.same(desk.account({ [gold]: 5 }), [], what)
    t.equal(desk.account({ [gold]: 5 }).length, 2, `${what}: then it is seen twice`)
  }
})

t.test('fills that cancel out are still fills in between', async (t) => {
  const desk = new Desk(settings(), 50_000_000)
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.account({ [gold]: 99 })
  desk.wait(HOUR).pyramid(gold, 80_500, 700, 'Long_2')
  desk.fillAll()
  desk.exit(gold, 'Long_2')
  desk.fillAll()
  t.equal(desk.unit(gold).heldLots, 14, 'as before')
  t.same(desk.account({ [gold]: 99 }), [])
  t.equal(desk.account({ [gold]: 99 }).length, 2)
})

// Faults: B17
t.test('nothing is compared while an order of the instrument is at work', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  t.same(desk.account({ [gold]: 5, COPPER: 1 }), [])
  t.same(
    eventsOf(desk.account({ [gold]: 5, COPPER: 1 }), 'InstrumentLocked').map(({ instrument }) => instrument),
    ['COPPER'],
  )
})

t.test('what only one side holds is a difference, also of an instrument that is not traded', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.account({ NICKEL: -2 })
  const locked = eventsOf(desk.account({ NICKEL: -2 }), 'InstrumentLocked')
  t.same(
    locked.map(({ instrument, reason }) => [instrument, reason]),
    [
      [gold, 'the book holds 2 lots, the broker 0'],
      ['NICKEL', 'the book holds 0 lots, the broker -2'],
    ],
  )
})

t.test('an unlocked instrument trades again, until a difference is seen twice more', async (t) => {
  const desk = new Desk()
  desk.account({ [gold]: 1 })
  desk.account({ [gold]: 1 })
  const unlock = { kind: 'unlock', instrument: gold, reason: 'sold by hand' } as const
  t.match(desk.command(unlock), [
    { type: 'DecisionMade', decision: { kind: 'unlock', outcome: 'approved', instrument: gold } },
    { type: 'InstrumentUnlocked', instrument: gold, reason: 'sold by hand' },
  ])
  t.match(decisionIn(desk.command(unlock)), { outcome: 'ignored', reasons: ['ALREADY_SO', 'sold by hand'] })
  t.same(desk.account({ [gold]: 1 }), [])
  t.equal(decisionIn(desk.entry(gold, 78_500, 700)).outcome, 'approved')
  desk.report({ kind: 'canceled', orderId: desk.send()[0]!, reason: 'by hand' })
  t.equal(desk.account({ [gold]: 1 }).length, 2)
})

t.test('unlocking what is not known is ignored, and makes no book', async (t) => {
  const desk = new Desk()
  const events = desk.command({ kind: 'unlock', instrument: 'NICKEL', reason: 'a slip' })
  t.match(decisionIn(events), { outcome: 'ignored', reasons: ['ALREADY_SO', 'a slip'] })
  t.notOk(desk.portfolio.books.has('NICKEL'))
})

// Faults: B19
t.test('on a locked instrument exits sell at most what the broker holds', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 350)
  desk.fillAll()
  t.equal(desk.unit(gold, 1).heldLots, 5)
  desk.account({ [gold]: 2 })
  desk.account({ [gold]: 2 })
  t.ok(desk.book(gold).lock)
  const orders = eventsOf(desk.exit(gold), 'OrderInitialized')
  t.equal(orders.length, 1)
  t.equal(orders[0]?.lots.toString(), '2')
  desk.fillAll()
  t.equal(desk.unit(gold, 1).heldLots, 3)
  t.equal(hasExitDue(desk.portfolio, desk.now), false, 'the rest waits')
  const freed = desk.command({ kind: 'unlock', instrument: gold, reason: 'the rest was found' })
  t.equal(eventsOf(freed, 'OrderInitialized')[0]?.lots.toString(), '3')
})

t.test('an input that could not be decided locks its instrument, or only alarms', async (t) => {
  const desk = new Desk()
  const failed = { type: 'InputFailed', failedInputId: 'A-9', error: 'a mistake' } as const
  t.same(
    desk.give({ ...failed, instrument: gold }).map(({ type }) => type),
    ['InstrumentLocked', 'AlarmRaised'],
  )
  const unknown = desk.give({ ...failed, instrument: null })
  t.same(alarmsIn(unknown), ['INPUT_FAILED'])
  t.equal(unknown.length, 1)
})

t.test('a change of the trading state is decided, the same one again is ignored', async (t) => {
  for (const state of TRADING_STATES) {
    const desk = new Desk()
    const events = desk.trade(state)
    const isSame = state === 'active'
    t.match(decisionIn(events), { kind: 'tradingState', outcome: isSame ? 'ignored' : 'approved' })
    t.equal(eventsOf(events, 'TradingStateChanged').length, isSame ? 0 : 1)
    t.same(alarmsIn(events), state === 'frozen' ? ['TRADING_FROZEN'] : [])
    t.match(desk.portfolio, { tradingState: state, tradingStateReason: isSame ? '' : 'a test' })
    t.match(decisionIn(desk.trade(state)), { outcome: 'ignored', reasons: ['ALREADY_SO', 'a test'] })
  }
})

t.test('a configuration is applied once, and decisions name it', async (t) => {
  const desk = new Desk()
  t.same(desk.give({ type: 'ConfigurationActivated', hash: 'h1', settings: settings() }), [])
  const events = desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings() })
  t.match(events, [{ type: 'ConfigurationApplied', hash: 'h2' }])
  t.equal(decisionIn(desk.entry(gold, 78_500, 700)).versions.configuration, 'h2')
})

t.test('nothing is decided before the first configuration', async (t) => {
  const portfolio = emptyPortfolio('bare')
  t.throws(() => equityOf(portfolio), { message: /bare has no configuration yet/ })
})

// Faults: T01
t.test('time does not go back, whatever an input says', async (t) => {
  const desk = new Desk()
  desk.wait(HOUR).give({ type: 'TimerFired' })
  const { now } = desk
  desk.wait(-30 * MINUTE)
  const events = desk.entry(gold, 78_500, 700, { timestamp: now })
  t.equal(decisionIn(events).at, now)
  t.equal(desk.portfolio.now, now)
})

t.test('an event that does not fit the state is corrupt data', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  const unit = desk.unit(gold)
  const { portfolio } = desk
  const at = desk.now
  const corrupt: [event: Parameters<typeof evolve>[1], message: RegExp][] = [
    [{ type: 'OrderSubmitted', orderId: 'O-none', attempt: 1, at }, /has no order O-none/],
    [
      { type: 'OrderSubmitted', orderId: unit.entryOrderId, attempt: 2, at },
      /is filled, it cannot be submitted/,
    ],
    [{ type: 'OrderAccepted', orderId: unit.entryOrderId, venueOrderId: 'v' }, /is filled, it cannot become/],
    [{ type: 'UnitClosed', positionId: unit.id, realizedPnl: ZERO, at }, /still holds 2 lots/],
    [
      { type: 'ExitRequested', positionId: 'P-x', decisionId: 'D', reason: 'r' },
      /P-x is not an open position/,
    ],
    [{ type: 'StopRaised', positionId: unit.id, stop: 1, highestClose: 1e6 }, /would fall from 77800 to 1/],
    [
      { type: 'StopRaised', positionId: unit.id, stop: 1e6, highestClose: 1 },
      /highest close of .* would fall/,
    ],
  ]
  for (const [event, message] of corrupt)
    t.throws(() => evolve(portfolio, event), { message }, String(message))
  t.throws(() => evolve(portfolio, { type: 'Nothing' } as never), { message: /unexpected value/ })
})

t.test('an order exists once, and an instrument has one entry at work', async (t) => {
  const desk = new Desk()
  const [order] = eventsOf(desk.entry(gold, 78_500, 700), 'OrderInitialized')
  t.throws(() => evolve(desk.portfolio, order!), { message: /exists already/ })
  t.throws(() => evolve(desk.portfolio, { ...order!, orderId: 'O-x' }), {
    message: /has the entry O-3 at work/,
  })
  const other = new Desk()
  t.throws(() => evolve(other.portfolio, { ...order!, orderId: 'O-y', unit: null }), { message: /no plan/ })
})

t.test('a fold is the events, one after the other', async (t) => {
  const sum = fold((state: number, event: number) => state + event, 1, [2, 3, 4])
  t.equal(sum, 10)
})
