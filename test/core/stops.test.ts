import fc from 'fast-check'
import t from 'tap'
import type { EntryAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { peelOff } from '../../core/strategies/trend/peel.js'
import { initialStop, trailStop } from '../../core/strategies/trend/stop.js'
import { HOUR, MINUTE, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { alarmsIn, Desk, decisionIn, decisionsIn, eventsOf } from '../helpers/desk.js'
import { BANK_NIFTY, GOLD, instrument, SILVER, settings } from '../helpers/settings.js'

const gold = 'GOLD_MINI'
const silver = 'SILVER_MINI'

/** A desk that holds 2 lots of Gold Mini from 78,500, with the stop at 77,800. */
function holding(): Desk {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  return desk
}

// Faults: K18
t.test('the stop of a new unit stands the planned distance below its first fill', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  const [id] = desk.send()
  desk.fill(id!, 0.5, 78_640)
  t.equal(desk.book(gold).market.price, 78_640, 'a fill is a price')
  t.match(desk.unit(gold), { stop: 77_940, initialStop: 77_940, highestClose: 78_640, stopDistance: 700 })
  t.equal(initialStop(78_640, 700, 1), 77_940)
})

// Faults: B12
t.test('a later fill raises the stop with the average, and never lowers it', async (t) => {
  const filled = (second: number) => {
    const desk = new Desk()
    desk.entry(gold, 78_500, 700)
    const [id] = desk.send()
    desk.fill(id!, 0.5, 78_500)
    const events = desk.fill(id!, 1, second)
    return { unit: desk.unit(gold), raised: eventsOf(events, 'StopRaised') }
  }
  const up = filled(78_700)
  t.match(up.unit, { averagePrice: 78_600, stop: 77_900, highestClose: 78_600, heldLots: 2 })
  t.equal(up.raised.length, 1)
  const down = filled(78_300)
  t.match(down.unit, { averagePrice: 78_400, stop: 77_800, highestClose: 78_500 })
  t.same(down.raised, [])
})

t.test(
  'the initial risk of a unit is what its fills made it: from its average to the stop they left',
  async (t) => {
    const desk = new Desk()
    desk.entry(gold, 78_500, 700)
    const [id] = desk.send()
    desk.fill(id!, 0.5, 78_500)
    desk.fill(id!, 1, 78_900)
    const { averagePrice, initialStop: first, stop } = desk.unit(gold)
    t.equal(averagePrice - first, 700)
    t.equal(first, stop)
    desk.wait(HOUR).bar(gold, 80_000, 700)
    t.equal(desk.unit(gold).initialStop, first, 'trailing leaves it')
  },
)

t.test('a close is first taken into the stop, and then tested against it', async (t) => {
  t.same(trailStop({ highestClose: 95_000, stop: 93_100 }, 98_000, 950, 3), {
    highestClose: 98_000,
    stop: 95_150,
    hit: false,
  })
  t.match(trailStop({ highestClose: 98_000, stop: 95_150 }, 95_150, 950, 3), { hit: false })
  t.match(trailStop({ highestClose: 98_000, stop: 95_150 }, 95_149, 950, 3), { hit: true })
  t.match(trailStop({ highestClose: 98_000, stop: 90_000 }, 97_000, 100, 3), { stop: 97_700, hit: true })
})

t.test('a close below its updated stop asks for the exit of the unit, and orders it', async (t) => {
  const desk = holding()
  const up = desk.wait(HOUR).bar(gold, 80_000, 700)
  t.same(eventsOf(up, 'StopRaised'), [
    { type: 'StopRaised', positionId: desk.unit(gold).id, stop: 78_600, highestClose: 80_000 },
  ])
  t.same(desk.wait(HOUR).bar(gold, 78_600, 700), [], 'on the stop is not below it')
  const hit = desk.wait(HOUR).bar(gold, 78_599, 700)
  t.match(decisionIn(hit), {
    kind: 'stop',
    outcome: 'approved',
    reasons: ['STOP_HIT'],
    lots: 2,
    price: 78_599,
    stop: 78_600,
    positionIds: [desk.unit(gold).id],
  })
  const [order] = eventsOf(hit, 'OrderInitialized')
  t.match(order, { side: 'sell', purpose: 'exit', orderType: 'market', lots: decimal(2) })
  t.equal(order?.referencePrice, 78_599)
  t.same(desk.wait(HOUR).bar(gold, 78_000, 700), [], 'asked once')
})

t.test('a higher close is kept even where the stop stays', async (t) => {
  const desk = holding()
  const events = desk.wait(HOUR).bar(gold, 78_600, 700)
  t.same(eventsOf(events, 'StopRaised'), [
    { type: 'StopRaised', positionId: desk.unit(gold).id, stop: 77_800, highestClose: 78_600 },
  ])
})

t.test('each unit trails alone', async (t) => {
  const desk = new Desk(
    settings({ instruments: [instrument(gold, {}, { ongoingVolatilityPct: 5 })] }),
    100_000_000,
  )
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.wait(HOUR).pyramid(gold, 79_800, 700, 'Long_2')
  desk.fillAll()
  t.match(desk.unit(gold, 2), { stop: 79_100, number: 2 })
  const hit = desk.wait(HOUR).bar(gold, 79_000, 700)
  t.same(decisionIn(hit).positionIds, [desk.unit(gold, 2).id])
  t.equal(desk.unit(gold, 1).exit, null)
  const both = desk.wait(HOUR).bar(gold, 77_000, 700)
  t.same(
    decisionsIn(both).map(({ positionIds }) => positionIds),
    [[desk.unit(gold, 1).id]],
  )
})

t.test('two units that are hit together have a decision and an order each', async (t) => {
  const desk = new Desk(
    settings({ instruments: [instrument(gold, {}, { ongoingVolatilityPct: 5 })] }),
    100_000_000,
  )
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.wait(HOUR).pyramid(gold, 79_800, 700, 'Long_2')
  desk.fillAll()
  const events = desk.wait(HOUR).bar(gold, 77_000, 700)
  const ids = decisionsIn(events).map(({ id }) => id)
  t.equal(new Set(ids).size, 2)
  t.equal(new Set(eventsOf(events, 'OrderInitialized').map(({ orderId }) => orderId)).size, 2)
  desk.fillAll()
  t.equal(desk.book(gold).units.length, 0)
})

t.test('a bar counts once: repeated, or older than the last, it does nothing', async (t) => {
  const desk = holding()
  desk.wait(HOUR).bar(gold, 80_000, 700)
  t.same(desk.bar(gold, 70_000, 700), [], 'the same time again')
  const { now } = desk
  desk.now = now - MINUTE
  const late = desk.bar(gold, 70_000, 700)
  desk.now = now
  t.same(late, [], 'an older one')
  t.equal(desk.unit(gold).exit, null)
})

t.test('a bar that closed before the unit was bought does nothing to it', async (t) => {
  const desk = holding()
  const barTime = desk.now - MINUTE
  desk.wait(2 * SECOND)
  const stale = desk.alert({
    type: 'MARKET_DATA',
    instrument: gold,
    price: 77_000,
    atr: 700,
    timestamp: barTime,
    barTime: null,
  })
  t.same(stale, [])
  t.match(desk.unit(gold), { exit: null, stop: 77_800, highestClose: 78_500 })
})

t.test('a bar of the very second of the fill counts: alerts tell time to the second', async (t) => {
  const desk = new Desk()
  desk.now += 400
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  const second = Math.floor(desk.now / SECOND) * SECOND
  const alert = { type: 'MARKET_DATA', instrument: gold, price: 77_000, atr: 700, barTime: null } as const
  t.equal(decisionIn(desk.alert({ ...alert, timestamp: second })).kind, 'stop')
})

t.test('a bar that is named by its open counts from its close', async (t) => {
  const desk = holding()
  const barTime = desk.now - SECOND
  desk.wait(HOUR)
  const alert = { type: 'MARKET_DATA', instrument: gold, atr: 700, barTime } as const
  const hit = desk.alert({ ...alert, price: 77_000, timestamp: desk.now })
  t.equal(decisionIn(hit).kind, 'stop', 'the unit was bought in that bar')
  const entry = decisionIn(desk.wait(MINUTE).entry('BANK_NIFTY', 52_000, 350, { atr: null }))
  t.same(entry.reasons, ['NO_ATR'])
  desk.alert({ ...alert, instrument: 'BANK_NIFTY', price: 52_000, atr: 350, timestamp: desk.now })
  t.equal(decisionIn(desk.wait(MINUTE).entry('BANK_NIFTY', 52_000, 1, { atr: null })).outcome, 'approved')
})

// Faults: T01
t.test('a clock that runs ahead does not silence the stops', async (t) => {
  const desk = holding()
  const ahead = desk.wait(HOUR).now + 5 * HOUR
  const alert = { type: 'MARKET_DATA', instrument: gold, atr: 700, barTime: null } as const
  desk.alert({ ...alert, price: 78_600, timestamp: ahead })
  t.equal(decisionIn(desk.wait(HOUR).bar(gold, 77_000, 700)).kind, 'stop')
})

t.test(
  'a fill that tells a time ahead, or before its order, opens the unit within what can be',
  async (t) => {
    const opened = (at: (now: number) => number) => {
      const desk = new Desk()
      desk.entry(gold, 78_500, 700)
      const created = desk.now
      const [orderId] = desk.wait(2 * SECOND).send()
      const order = { orderId: orderId!, lots: decimal(2), price: decimal(78_500), fee: decimal(0) }
      desk.report({ kind: 'fill', tradeId: 't', ...order, at: at(desk.now) })
      return { desk, created, unit: desk.unit(gold) }
    }
    const ahead = opened((now) => now + 5 * HOUR)
    t.equal(ahead.unit.openedAt, ahead.desk.now, 'not after now')
    t.equal(decisionIn(ahead.desk.wait(HOUR).exit(gold)).outcome, 'approved', 'an exit finds it')
    const behind = opened((now) => now - 5 * HOUR)
    t.equal(behind.unit.openedAt, behind.created, 'not before its order')
    const old = behind.desk.exit(gold, 'ALL', { timestamp: behind.created - HOUR })
    t.same(decisionIn(old).reasons, ['OLDER_THAN_POSITION'], 'an older exit does not mean it')
  },
)

t.test('a price that a fill tells from a clock ahead does not stay the last one', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  const [orderId] = desk.send()
  const fill = { kind: 'fill', orderId: orderId!, tradeId: 't', lots: decimal(2), fee: decimal(0) } as const
  desk.report({ ...fill, price: decimal(78_500), at: desk.now + 5 * HOUR })
  desk.wait(HOUR).bar(gold, 79_000, 700)
  t.equal(desk.book(gold).market.price, 79_000)
})

t.test('a stop never falls and a highest close never falls, whatever comes in whatever order', async () => {
  const price = fc.double({ min: 60_000, max: 100_000, noNaN: true })
  const steps = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant('bar' as const),
        price,
        atr: fc.double({ min: 0, max: 5000, noNaN: true }),
      }),
      fc.record({ kind: fc.constant('old bar' as const), price, atr: fc.constantFrom(1, 700) }),
      fc.record({ kind: fc.constant('bar without ATR' as const), price, atr: fc.constant(1) }),
      fc.record({ kind: fc.constant('fill' as const), price, atr: fc.constant(1) }),
    ),
    { maxLength: 25 },
  )
  fc.assert(
    fc.property(steps, (given) => {
      const desk = new Desk(settings(), 50_000_000)
      desk.entry(gold, 78_500, 700)
      const [id] = desk.send()
      let before = { stop: 0, highestClose: 0 }
      for (const { kind, price, atr } of given) {
        desk.wait(HOUR)
        if (kind === 'fill') desk.fill(id!, 0.25, Math.round(price))
        else if (kind === 'bar') desk.bar(gold, price, atr)
        else {
          const barAt = kind === 'old bar' ? desk.now - 90 * MINUTE : desk.now
          desk.give({ type: 'BarClosed', instrument: gold, close: price, atr: null, barAt })
        }
        const [unit] = desk.book(gold).units
        if (unit === undefined) continue
        if (unit.stop < before.stop || unit.highestClose < before.highestClose) return false
        if (unit.initialStop > unit.stop) return false
        before = { stop: unit.stop, highestClose: unit.highestClose }
      }
      return true
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('a close far from the last waits, alarmed, until the next bar agrees', async (t) => {
  const desk = holding()
  desk.wait(HOUR).bar(gold, 79_000, 700)
  const doubted = desk.wait(HOUR).bar(gold, 7_900, 700)
  const [raised] = eventsOf(doubted, 'AlarmRaised')
  t.match(raised, { code: 'PRICE_SUSPECT', severity: 'critical', instrument: gold, message: /7900/ })
  t.match(desk.unit(gold), { exit: null, highestClose: 79_000 })
  t.equal(desk.book(gold).market.price, 79_000, 'nothing is valued with it')
  const agreed = desk.wait(HOUR).bar(gold, 7_950, 700)
  t.equal(decisionIn(agreed).kind, 'stop')
  t.equal(desk.book(gold).market.suspectClose, null)
})

t.test('a doubted close is forgotten when the next bar agrees with the last', async (t) => {
  const desk = holding()
  desk.wait(HOUR).bar(gold, 79_000, 700)
  desk.wait(HOUR).bar(gold, 790_000, 700)
  t.same(alarmsIn(desk.wait(HOUR).bar(gold, 79_100, 700)), [])
  t.match(desk.unit(gold), { highestClose: 79_100, exit: null })
  t.same(alarmsIn(desk.wait(HOUR).bar(gold, 790_000, 700)), ['PRICE_SUSPECT'], 'it is doubted anew')
})

t.test('a doubted bar takes no place: another source may still tell that bar, or confirm it', async (t) => {
  const desk = holding()
  desk.wait(HOUR).bar(gold, 79_000, 700)
  desk.wait(HOUR).bar(gold, 7_900, 700)
  desk.give({ type: 'BarClosed', instrument: gold, close: 79_200, atr: 700, barAt: desk.now })
  t.equal(desk.unit(gold).highestClose, 79_200)
  desk.wait(HOUR).bar(gold, 60_000, 700)
  const second = { type: 'BarClosed', instrument: gold, close: 60_100, atr: 700, barAt: desk.now } as const
  t.equal(decisionIn(desk.give(second)).kind, 'stop')
})

t.test('a doubted bar makes nothing look fresh', async (t) => {
  const desk = new Desk()
  desk.bar(gold, 78_500, 700)
  desk.wait(90 * MINUTE).bar(gold, 7_850, 700)
  t.same(decisionIn(desk.entry(gold, 78_500, 700, { atr: null })).reasons, ['NO_ATR'])
})

t.test('what a bar says of its own ATR does not make it believable', async (t) => {
  const desk = holding()
  desk.wait(HOUR).bar(gold, 79_000, 700)
  t.same(alarmsIn(desk.wait(HOUR).bar(gold, 60_000, 90_000)), ['PRICE_SUSPECT'])
  t.equal(desk.unit(gold).exit, null)
})

t.test('the first bar of a holding is measured against the price that it was bought at', async (t) => {
  const desk = holding()
  t.same(alarmsIn(desk.wait(HOUR).bar(gold, 7_850, 70)), ['PRICE_SUSPECT'])
  t.equal(desk.unit(gold).exit, null)
})

t.test('after a gap without bars a fill tells what is near', async (t) => {
  const desk = new Desk()
  desk.bar(gold, 60_000, 500)
  desk.wait(30 * 24 * HOUR).entry(gold, 78_500, 700)
  desk.fillAll()
  const events = desk.wait(HOUR).bar(gold, 77_000, 700)
  t.equal(decisionIn(events).kind, 'stop', 'the first bar is believed')
})

t.test('8 ATR or 10 % is near enough, whichever is more', async (t) => {
  const isDoubted = (close: number, atr: number): boolean => {
    const desk = new Desk()
    desk.bar(silver, 100_000, atr)
    return alarmsIn(desk.wait(HOUR).bar(silver, close, atr)).length > 0
  }
  t.equal(isDoubted(110_000, 950), false)
  t.equal(isDoubted(110_001, 950), true)
  t.equal(isDoubted(84_000, 2000), false)
  t.equal(isDoubted(83_999, 2000), true)
})

t.test('a price that an alert tells moves no equity while a fresh bar speaks against it', async (t) => {
  const desk = holding()
  desk.wait(HOUR).bar(gold, 78_500, 700)
  const before = equityOf(desk.portfolio)
  desk.wait(MINUTE).entry(gold, 785_000, 700)
  desk.exit(gold, 'Long_9', { price: 7_850 })
  t.same(equityOf(desk.portfolio), before)
  desk.exit(gold, 'Long_9', { price: 79_000 })
  t.equal(equityOf(desk.portfolio).open, 10_000_000 + 2 * 10 * 500, 'a near one does')
  desk.wait(3 * HOUR).exit(gold, 'Long_9', { price: 90_000 })
  t.equal(desk.book(gold).market.price, 90_000, 'an old bar does not speak against it')
})

t.test('an older price does not replace a newer one', async (t) => {
  const desk = holding()
  desk.wait(HOUR).bar(gold, 79_000, 700)
  desk.exit(gold, 'Long_9', { price: 78_000, timestamp: desk.now - MINUTE })
  t.equal(desk.book(gold).market.price, 79_000)
})

t.test('a scout tells a price and its conditions, and decides nothing', async (t) => {
  const desk = holding()
  const conditions = {
    rsi: true,
    ema: true,
    donchian: true,
    adx: true,
    efficiency: true,
    superTrend: true,
    notDoji: true,
    longEntry: true,
    longExit: false,
  }
  const scout = {
    type: 'EOD_MONITOR',
    instrument: gold,
    conditions,
    atr: 700,
    er: 0.8,
    superTrend: 78_000,
    barTime: null,
  } as const
  t.same(desk.wait(HOUR).alert({ ...scout, price: 70_000, timestamp: desk.now }), [])
  t.match(desk.book(gold).market, {
    price: 70_000,
    scout: { conditions, price: 70_000 },
    scoutAt: desk.now,
    barClose: null,
  })
  const older = { ...conditions, longEntry: false }
  desk.alert({ ...scout, price: 71_000, conditions: older, timestamp: desk.now - MINUTE })
  t.match(
    desk.book(gold).market,
    { price: 70_000, scout: { conditions: { longEntry: true } } },
    'an older one changes nothing',
  )
})

t.test('a bar without an ATR trails with the last one known', async (t) => {
  const desk = holding()
  desk.wait(HOUR)
  desk.give({ type: 'BarClosed', instrument: gold, close: 80_000, atr: null, barAt: desk.now })
  t.equal(desk.unit(gold).stop, 78_600, 'that of the entry, before any bar had one')
  desk.wait(HOUR).bar(gold, 80_000, 600)
  t.equal(desk.unit(gold).stop, 78_800)
  desk.wait(HOUR)
  desk.give({ type: 'BarClosed', instrument: gold, close: 80_100, atr: null, barAt: desk.now })
  t.equal(desk.unit(gold).stop, 78_900)
})

t.test('an instrument that is held or at work stays configured; one that is not is gone', async (t) => {
  const desk = holding()
  desk.entry(silver, 95_000, 950)
  desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings({ instruments: [BANK_NIFTY] }) })
  const names = desk.portfolio.settings?.instruments.map(({ name }) => name)
  t.same(names, ['BANK_NIFTY', gold, silver])
  t.equal(decisionIn(desk.wait(HOUR).bar(gold, 77_000, 700)).kind, 'stop')
})

t.test('a unit of an instrument that is configured no more keeps the stop that it has', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  const [id] = desk.send()
  desk.report({ kind: 'canceled', orderId: id!, reason: 'by hand' })
  desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings({ instruments: [SILVER] }) })
  desk.fill(id!, 1)
  desk.wait(HOUR).bar(gold, 80_000, 700)
  t.match(desk.unit(gold), { stop: 77_800, highestClose: 80_000, exit: null })
  t.equal(decisionIn(desk.wait(HOUR).bar(gold, 77_799, 700)).kind, 'stop')
})

t.test('a unit that outgrows its volatility or its risk sheds what is over, rounded up', async (t) => {
  const limits = { lots: 10, equity: 1_000_000, maxRiskPct: 1, maxVolatilityPct: 0.5 }
  t.match(peelOff({ ...limits, risk: 10_000, volatility: 5_000 }), { lots: 0 }, 'at both limits')
  t.match(peelOff({ ...limits, risk: 10_001, volatility: 0 }), { lots: 1, riskLots: 1, volatilityLots: 0 })
  t.match(peelOff({ ...limits, risk: 20_000, volatility: 6_000 }), {
    lots: 5,
    riskLots: 5,
    volatilityLots: 2,
  })
  t.match(peelOff({ ...limits, risk: 0, volatility: 1e9 }), { lots: 10 }, 'at most all')
  t.match(peelOff({ ...limits, equity: 0, risk: 1, volatility: 0 }), { lots: 10 }, 'without equity all')
  t.match(peelOff({ ...limits, lots: 0, risk: 1, volatility: 1 }), { lots: 0 })
})

t.test('a peel-off is decided on a bar, after the stops, and sells without closing the unit', async (t) => {
  const desk = new Desk(settings(), 50_000_000)
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  t.equal(desk.unit(gold).heldLots, 14)
  // 14 lots × ATR 1200 × 10 = 168,000; the limit is 0.3 % of 50,210,000 ÷ … = 150,315.
  const events = desk.wait(HOUR).bar(gold, 78_600, 1200)
  const decision = decisionIn(events)
  t.match(decision, {
    kind: 'peelOff',
    outcome: 'approved',
    reasons: ['VOLATILITY_ABOVE_ONGOING_LIMIT'],
    lots: 2,
    positionIds: [desk.unit(gold).id],
  })
  t.match(decision.notes, [/risk is 0\.\d\d % of equity, the limit 1 %/, /volatility is 0\.34 %/])
  t.match(eventsOf(events, 'OrderInitialized'), [{ side: 'sell', purpose: 'peelOff', lots: decimal(2) }])
  t.same(desk.wait(HOUR).bar(gold, 78_600, 2000), [], 'never with an order at work')
  desk.fillAll()
  t.match(desk.unit(gold), { heldLots: 12, exit: null })
  t.equal(decisionIn(desk.wait(HOUR).bar(gold, 78_600, 2000)).kind, 'peelOff')
})

t.test('a unit that risks more than it may while open sheds lots, too', async (t) => {
  const traded = instrument(gold, {}, { ongoingRiskPct: 0.1, ongoingVolatilityPct: 9 })
  const desk = new Desk(settings({ instruments: [traded] }))
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  const decision = decisionIn(desk.wait(HOUR).bar(gold, 78_500, 700))
  t.match(decision, { kind: 'peelOff', reasons: ['RISK_ABOVE_ONGOING_LIMIT'], lots: 1 })
  t.match(decision.notes, [/risk is 0.14 % of equity, the limit 0.1 %/])
})

t.test('nothing is peeled off while an entry of the instrument is at work', async (t) => {
  const desk = new Desk(settings(), 50_000_000)
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.wait(HOUR).pyramid(gold, 80_500, 700, 'Long_2')
  t.same(decisionsIn(desk.bar(gold, 80_500, 1200)), [])
})

t.test('a stop and a peel-off of one bar are two decisions, the stop first', async (t) => {
  const desk = new Desk(settings(), 50_000_000)
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.wait(HOUR).pyramid(gold, 80_500, 700, 'Long_2')
  desk.fillAll()
  const decided = decisionsIn(desk.wait(HOUR).bar(gold, 79_700, 1200))
  t.same(
    decided.map(({ kind }) => kind),
    ['stop', 'peelOff'],
  )
  t.equal(new Set(decided.map(({ id }) => id)).size, 2)
  t.same(
    decided.map(({ positionIds }) => positionIds),
    [[desk.unit(gold, 2).id], [desk.unit(gold, 1).id]],
  )
})

t.test('what a stop closes is not peeled, and a peel-off leaves the other units alone', async (t) => {
  const desk = new Desk(settings(), 50_000_000)
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  const events = desk.wait(HOUR).bar(gold, 77_000, 5000)
  t.same(
    decisionsIn(events).map(({ kind }) => kind),
    ['stop'],
  )
})

t.test('nothing is peeled off while halted, frozen or locked; reducing is what peeling is for', async (t) => {
  const peeled = (prepare: (desk: Desk) => void): number => {
    const desk = new Desk(settings(), 50_000_000)
    desk.entry(gold, 78_500, 700)
    desk.fillAll()
    prepare(desk)
    return decisionsIn(desk.wait(HOUR).bar(gold, 78_600, 1200)).length
  }
  t.equal(
    peeled((desk) => desk.trade('halted')),
    0,
  )
  t.equal(
    peeled((desk) => desk.trade('frozen')),
    0,
  )
  t.equal(
    peeled((desk) => desk.give({ type: 'InputFailed', failedInputId: 'A', instrument: gold, error: 'e' })),
    0,
  )
  t.equal(
    peeled((desk) => desk.trade('reducing')),
    1,
  )
})

// Faults: B12
t.test(
  'a stop that is hit while its own entry still fills cancels that entry and closes all of it',
  async (t) => {
    const desk = new Desk()
    desk.entry(silver, 95_000, 350)
    const [id] = desk.send()
    desk.fill(id!, 0.5)
    const hit = desk.wait(HOUR).bar(silver, 94_000, 350)
    t.equal(decisionIn(hit).kind, 'stop')
    t.same(eventsOf(hit, 'OrderCancelRequested'), [{ type: 'OrderCancelRequested', orderId: id }])
    t.equal(eventsOf(hit, 'ExitLatched').length, 1)
    t.same(eventsOf(hit, 'OrderInitialized'), [], 'it waits for the end of the entry')
    desk.fill(id!, 0.5)
    const ended = desk.report({ kind: 'canceled', orderId: id!, reason: 'asked' })
    const [exit] = eventsOf(ended, 'OrderInitialized')
    t.equal(exit?.lots.toNumber(), desk.unit(silver).heldLots)
    desk.fillAll()
    t.equal(desk.book(silver).units.length, 0)
  },
)

t.test('an entry that comes before its stop is known has the stop of its alert on record only', async (t) => {
  const alert: Partial<EntryAlert> = { stop: 93_000 }
  const desk = new Desk(settings({ instruments: [SILVER, GOLD] }))
  desk.entry(silver, 95_000, 950, alert)
  desk.fillAll()
  t.equal(desk.unit(silver).stop, 95_000 - 2 * 950)
})
