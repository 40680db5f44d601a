import fc from 'fast-check'
import t from 'tap'
import type { EntryAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import type { Decision, EntrySizing } from '../../core/decision.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { exposureOf } from '../../core/portfolio/exposure.js'
import type { GateCode } from '../../core/risk/gate.js'
import type { Constraint, PortfolioSettings } from '../../core/settings.js'
import { type EntryMeasures, sizeEntry } from '../../core/strategies/trend/sizing.js'
import { HOUR, MINUTE, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { Desk, decisionIn, eventsOf, gateIn } from '../helpers/desk.js'
import { BANK_NIFTY, COPPER, GOLD, instrument, SILVER, settings } from '../helpers/settings.js'

const gold = 'GOLD_MINI'
const nifty = 'BANK_NIFTY'

function sizingOf(decision: Decision): EntrySizing {
  if (decision.sizing?.kind !== 'entry') throw new Error('the decision has no sizing of an entry')
  return decision.sizing
}

function deskWith(changes: Partial<PortfolioSettings>, deposit?: number): Desk {
  return new Desk(settings(changes), deposit)
}

t.test(
  'an approved entry says what bound it, what each constraint allowed, and asks for that order',
  async (t) => {
    const desk = new Desk()
    const events = desk.entry(gold, 78_500, 700, { er: 0.82 })
    const decision = decisionIn(events)
    t.equal(decision.outcome, 'approved')
    t.same(decision.reasons, ['ALL_GATES_PASSED'])
    t.equal(decision.boundBy, 'volatility')
    t.equal(decision.lots, 2)
    t.equal(decision.stop, 77_800)
    t.ok(decision.gates.every(({ passed }) => passed))
    t.match(sizingOf(decision), {
      riskLots: (100_000 / 7000) * 0.82,
      volatilityLots: 20_000 / 7000,
      marginLots: 6_000_000 / 105_000,
      equity: 10_000_000,
      availableMargin: 6_000_000,
      atrFrom: 'alert',
      stopDistance: 700,
    })
    const [order] = eventsOf(events, 'OrderInitialized')
    t.match(order, { side: 'buy', purpose: 'entry', orderType: 'market', referencePrice: 78_500 })
    t.match(order, {
      decisionId: decision.id,
      lots: decimal(2),
      unit: { number: 1, label: 'Long_1', atr: 700 },
    })
    t.same(decision.positionIds, [order?.positionId])
    t.equal(decision.versions.configuration, 'h1')
  },
)

t.test('each constraint binds where it allows the least', async (t) => {
  const bound = (er: number, changes: Partial<PortfolioSettings> = {}) =>
    decisionIn(deskWith(changes).entry(gold, 78_500, 700, { er }))
  t.match(bound(0.1), { boundBy: 'risk', lots: 1 })
  t.match(bound(1), { boundBy: 'volatility', lots: 2 })
  t.match(bound(1, { instruments: [instrument(gold, { marginPerLot: 3_500_000 })] }), {
    boundBy: 'margin',
    lots: 1,
  })
})

t.test('only the configured constraints bind', async (t) => {
  const lots = (...constraints: Constraint[]) =>
    decisionIn(deskWith({ constraints }).entry(gold, 78_500, 700, { er: 0.1 }))
  t.match(lots('risk', 'margin'), { boundBy: 'risk', lots: 1 })
  t.match(lots('volatility', 'margin'), { boundBy: 'volatility', lots: 2 })
  t.match(lots('margin'), { boundBy: 'margin' })
})

t.test('a tie names the first of risk, volatility and margin', async (t) => {
  const measures: EntryMeasures = {
    equity: 1024,
    availableMargin: 512,
    stopDistance: 2,
    atr: 2,
    er: 1,
    pointValue: 1,
    marginPerLot: 2,
    riskPct: 50,
    volatilityPct: 50,
  }
  const all: Constraint[] = ['margin', 'volatility', 'risk']
  t.match(sizeEntry(measures, all), { riskLots: 256, volatilityLots: 256, marginLots: 256, boundBy: 'risk' })
  t.equal(sizeEntry({ ...measures, riskPct: 60 }, all).boundBy, 'volatility')
  t.equal(sizeEntry({ ...measures, riskPct: 60, volatilityPct: 60 }, all).boundBy, 'margin')
  t.match(sizeEntry(measures, []), { lots: 0 }, 'without a constraint there is no size')
})

t.test('the size is the whole lots of the least constraint, never below 0 and never NaN', async () => {
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })
  const measures = fc.record({
    equity: number(-1e7, 1e9),
    availableMargin: number(0, 1e9),
    stopDistance: fc.oneof(number(-10, 0), number(1e-6, 5000)),
    atr: fc.oneof(number(-1, 0), number(1e-6, 5000)),
    er: number(0, 1),
    pointValue: fc.constantFrom(5, 10, 30, 2500),
    marginPerLot: number(1, 1e6),
    riskPct: number(0, 5),
    volatilityPct: number(0, 5),
  })
  const constraints = fc.subarray<Constraint>(['risk', 'volatility', 'margin'], { minLength: 1 })
  fc.assert(
    fc.property(measures, constraints, (given, chosen) => {
      const sized = sizeEntry(given, chosen)
      const allowed = { risk: sized.riskLots, volatility: sized.volatilityLots, margin: sized.marginLots }
      const isWhole = Number.isInteger(sized.lots) && !Object.is(sized.lots, -0) && sized.lots >= 0
      const isClean = Object.values(allowed).every((lots) => Number.isFinite(lots) && !Object.is(lots, -0))
      const isWithin = sized.lots === 0 || chosen.every((constraint) => sized.lots <= allowed[constraint])
      const isLeast = chosen.every((constraint) => allowed[sized.boundBy] <= allowed[constraint])
      const isLargest = !(given.stopDistance > 0) || sized.lots + 1 > allowed[sized.boundBy]
      return isWhole && isClean && isWithin && isLeast && isLargest
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test(
  'an efficiency ratio that is absent is the configured one, one that is no ratio is refused',
  async (t) => {
    const absent = decisionIn(deskWith({ defaultEr: 0.5 }).entry(gold, 78_500, 700, { er: null }))
    t.equal(sizingOf(absent).er, 0.5)
    t.match(absent.notes, [/no efficiency ratio/])
    for (const er of ['NaN', 1.000001, -0.1] as const) {
      const refused = decisionIn(new Desk().entry(gold, 78_500, 700, { er }))
      t.equal(refused.outcome, 'blocked')
      t.same(refused.reasons, ['ER_INVALID'])
      t.match(gateIn(refused, 'ER_INVALID'), { measured: er, limit: '0..1' })
      t.equal(refused.sizing, null)
    }
    t.same(decisionIn(new Desk().entry(gold, 78_500, 700, { er: 0 })).reasons, ['BELOW_ONE_LOT'], 'no trend')
  },
)

t.test('an absent ATR is that of the last bar, while that is at most one bar old', async (t) => {
  const desk = new Desk()
  desk.bar(gold, 78_400, 690)
  desk.wait(HOUR)
  const sized = decisionIn(desk.entry(gold, 78_500, 700, { atr: null }))
  t.match(sizingOf(sized), { atr: 690, atrFrom: 'bar', stopDistance: 690 })
  const late = new Desk()
  late.bar(gold, 78_400, 690)
  late.wait(HOUR + SECOND)
  const refused = decisionIn(late.entry(gold, 78_500, 700, { atr: null }))
  t.same(refused.reasons, ['NO_ATR'])
  t.match(gateIn(refused, 'NO_ATR'), { measured: null, limit: 'an ATR or a stop' })
  const derived = decisionIn(late.entry(gold, 78_500, 700, { atr: null, stop: 77_900 }))
  t.match(sizingOf(derived), { atr: 600, atrFrom: 'derived', stopDistance: 600 })
})

t.test('an ATR is as old as the bar that brought it, not as a later bar without one', async (t) => {
  const desk = new Desk()
  desk.bar(gold, 78_400, 690)
  desk.wait(HOUR)
  desk.give({ type: 'BarClosed', instrument: gold, close: 78_450, atr: null, barAt: desk.now })
  desk.wait(30 * MINUTE)
  t.same(decisionIn(desk.entry(gold, 78_500, 700, { atr: null })).reasons, ['NO_ATR'])
})

t.test('a stop stands in for an ATR: the ATR that the initial multiple implies', async (t) => {
  const decision = decisionIn(new Desk().entry(nifty, 52_000, 350, { atr: null, stop: 51_475 }))
  t.match(sizingOf(decision), { atr: 350, atrFrom: 'derived', stopDistance: 525, stop: 51_475 })
  const given = decisionIn(new Desk().entry(nifty, 52_000, 350, { stop: 51_650 }))
  t.equal(sizingOf(given).stop, 51_475, 'with an ATR the alert’s own stop is only kept on record')
  t.match(given.notes, [/own stop is 51650/])
})

t.test('a stop that is not below the price is refused, with an ATR and without', async (t) => {
  for (const stop of [78_500, 78_600]) {
    const given = decisionIn(new Desk().entry(gold, 78_500, 700, { stop }))
    t.same(given.reasons, ['STOP_NOT_BELOW_PRICE'])
    t.match(gateIn(given, 'STOP_NOT_BELOW_PRICE'), { measured: 78_500 - stop, limit: 0 })
    const derived = decisionIn(new Desk().entry(gold, 78_500, 700, { atr: null, stop }))
    t.ok(derived.reasons.includes('STOP_NOT_BELOW_PRICE'))
    t.equal(derived.outcome, 'blocked')
  }
})

t.test('an ATR of nothing is none: the refusal says so', async (t) => {
  const flat = new Desk()
  flat.bar(gold, 78_500, 0)
  t.same(decisionIn(flat.entry(gold, 78_500, 700, { atr: null })).reasons, ['NO_ATR'])
  t.same(decisionIn(new Desk().entry(gold, 78_500, 0)).reasons, ['NO_ATR'])
})

t.test('every refusal names a gate that is shut', async () => {
  const price = fc.constantFrom(78_500, 70_000, 1)
  const alerts = fc.record({
    type: fc.constantFrom('BASE_ENTRY' as const, 'PYRAMID' as const),
    price,
    atr: fc.constantFrom(null, 0, 0.001, 700, 80_000),
    stop: fc.constantFrom(null, 0.5, 77_000, 78_500, 90_000),
    er: fc.constantFrom(null, 'NaN' as const, 0, 0.5, 1, 2),
  })
  const deposits = fc.constantFrom(1, 100_000, 10_000_000)
  fc.assert(
    fc.property(fc.array(alerts, { minLength: 1, maxLength: 4 }), deposits, (given, deposit) => {
      const desk = new Desk(settings(), deposit)
      return given.every((alert) => {
        const decision = decisionIn(desk.entry(gold, alert.price, 1, alert))
        const shut = decision.gates.filter(({ passed }) => !passed).map(({ gate }) => gate)
        if (decision.outcome === 'approved') return shut.length === 0 && decision.lots >= 1
        return shut.length > 0 && String(shut) === String(decision.reasons) && decision.lots === 0
      })
    }),
    { numRuns: counts.propertyRuns },
  )
})

interface Refusal {
  readonly code: GateCode
  readonly measured: unknown
  readonly limit: unknown
  readonly decision: () => Decision
}

function entryAt(desk: Desk, changes: Partial<EntryAlert> = {}): Decision {
  return decisionIn(desk.entry(gold, 78_500, 700, changes))
}

const afterOneEntry = (): Desk => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  return desk
}

const REFUSALS: readonly Refusal[] = [
  {
    code: 'TRADING_STATE',
    measured: 'reducing',
    limit: 'active',
    decision: () => {
      const desk = new Desk()
      desk.trade('reducing')
      return entryAt(desk)
    },
  },
  {
    code: 'INSTRUMENT_LOCKED',
    measured: /input A-9 could not be decided/,
    limit: 'not locked',
    decision: () => {
      const desk = new Desk()
      desk.give({ type: 'InputFailed', failedInputId: 'A-9', instrument: gold, error: 'a mistake' })
      return entryAt(desk)
    },
  },
  {
    code: 'STALE',
    measured: 61,
    limit: 60,
    decision: () => {
      const desk = new Desk()
      return entryAt(desk, { timestamp: desk.now - 61 * SECOND })
    },
  },
  {
    code: 'FUTURE',
    measured: 31,
    limit: 30,
    decision: () => {
      const desk = new Desk()
      return entryAt(desk, { timestamp: desk.now + 31 * SECOND })
    },
  },
  {
    code: 'ORDER_AT_WORK',
    measured: 'O-3',
    limit: 'nothing at work',
    decision: () => entryAt(afterOneEntry()),
  },
  {
    code: 'NOT_FLAT',
    measured: 1,
    limit: 0,
    decision: () => {
      const desk = afterOneEntry()
      desk.fillAll()
      return entryAt(desk)
    },
  },
  {
    code: 'PRICE_COLLAR',
    measured: 2.5,
    limit: 2,
    decision: () => {
      const validation = {
        ...settings().validation,
        maxDivergencePct: { entry: 3, pyramid: 3 },
        maxRiskIncreasePct: { entry: 1000, pyramid: 0 },
      }
      const desk = new Desk(settings({ validation }))
      const alert: EntryAlert = {
        type: 'BASE_ENTRY',
        instrument: gold,
        price: 78_000,
        atr: 700,
        stop: null,
        er: 1,
        label: null,
        timestamp: desk.now,
        barTime: null,
      }
      return decisionIn(desk.alert(alert, false, { price: 80_000, observedAt: desk.now }))
    },
  },
  {
    code: 'BELOW_ONE_LOT',
    measured: 0,
    limit: 1,
    decision: () => entryAt(new Desk(), { er: 0.05 }),
  },
  {
    code: 'HEAT_CAP',
    measured: 0.2,
    limit: 0.1,
    decision: () => entryAt(deskWith({ caps: { ...settings().caps, maxHeatPct: 0.1 } }), { atr: 500 }),
  },
  {
    code: 'VOLATILITY_CAP',
    measured: 0.2,
    limit: 0.1,
    decision: () => entryAt(deskWith({ caps: { ...settings().caps, maxVolatilityPct: 0.1 } }), { atr: 500 }),
  },
  {
    code: 'MARGIN_CAP',
    measured: 7_000_000,
    limit: 6_000_000,
    decision: () =>
      entryAt(
        deskWith({
          constraints: ['risk', 'volatility'],
          instruments: [instrument(gold, { marginPerLot: 3_500_000 })],
        }),
      ),
  },
  {
    code: 'ORDER_VALUE',
    measured: 2 * 78_500 * 10,
    limit: 1_500_000,
    decision: () => entryAt(deskWith({ controls: { ...settings().controls, maxOrderValue: 1_500_000 } })),
  },
  {
    code: 'ORDERS_PER_DAY',
    measured: 2,
    limit: 1,
    decision: () => {
      const desk = deskWith({ controls: { ...settings().controls, maxOrdersPerDay: 1 } })
      desk.entry(nifty, 52_000, 350)
      return entryAt(desk)
    },
  },
]

t.test('each gate of an entry shuts alone, with what was measured and what it allows', async (t) => {
  for (const { code, measured, limit, decision } of REFUSALS) {
    const refused = decision()
    t.equal(refused.outcome, 'blocked', code)
    t.same(refused.reasons, [code])
    t.match(gateIn(refused, code), { passed: false, measured, limit }, code)
    t.equal(refused.lots, 0)
  }
})

t.test('a gate lets its own limit pass', async (t) => {
  const desk = new Desk()
  t.equal(entryAt(desk, { timestamp: desk.now - 60 * SECOND }).outcome, 'approved')
  const ahead = new Desk()
  t.equal(entryAt(ahead, { timestamp: ahead.now + 30 * SECOND }).outcome, 'approved')
  const caps = { ...settings().caps, maxHeatPct: 0.2, maxVolatilityPct: 0.2 }
  t.equal(entryAt(deskWith({ caps }), { atr: 500 }).outcome, 'approved')
  const controls = { ...settings().controls, maxOrderValue: 1_570_000, maxOrdersPerDay: 1 }
  t.equal(entryAt(deskWith({ controls })).outcome, 'approved')
})

t.test('a refusal names everything that stood in the way', async (t) => {
  const desk = deskWith({ caps: { ...settings().caps, maxHeatPct: 0.01, maxVolatilityPct: 0.01 } })
  desk.trade('halted')
  const refused = entryAt(desk, { timestamp: desk.now - HOUR, stop: 80_000 })
  t.same(refused.reasons, ['TRADING_STATE', 'STALE', 'STOP_NOT_BELOW_PRICE', 'HEAT_CAP', 'VOLATILITY_CAP'])
})

t.test('without a quote a fresh bar bounds the price by 8 ATR or 10 %, an old one does not', async (t) => {
  const priced = (price: number, atr: number, wait = 0): Decision => {
    const desk = new Desk()
    desk.bar(gold, 78_500, atr)
    desk.wait(wait)
    return decisionIn(desk.entry(gold, price, 700))
  }
  t.same(priced(86_351, 700).reasons, ['PRICE_COLLAR'], 'more than 10 %')
  t.equal(priced(86_350, 700).outcome, 'approved', '10 %')
  t.equal(priced(90_500, 1500).outcome, 'approved', '8 ATR')
  t.same(priced(90_501, 1500).reasons, ['PRICE_COLLAR'])
  t.same(priced(70_649, 700).reasons, ['PRICE_COLLAR'], 'below as above')
  t.equal(priced(86_351, 700, 2 * HOUR).reasons[0], 'PRICE_COLLAR')
  t.equal(priced(86_351, 700, 2 * HOUR + 1).outcome, 'approved', 'the bar is too old to judge')
})

t.test('caps count what orders at work, sent and unknown, may still fill', async (t) => {
  // Gold puts 0.14 % at stake, Bank Nifty 0.42 %: one of them fits below 0.5 %, both do not.
  const caps = { ...settings().caps, maxVolatilityPct: 0.5 }
  const blocked = (desk: Desk): string[] => [...decisionIn(desk.entry(nifty, 52_000, 350)).reasons]
  t.same(blocked(deskWith({ caps })), ['ALL_GATES_PASSED'], 'alone')
  const desk = deskWith({ caps })
  desk.entry(gold, 78_500, 700)
  const order = desk.orderIn('initialized')
  t.same(blocked(desk), ['VOLATILITY_CAP'], 'not yet sent')
  desk.give({ type: 'OrdersDue', orderIds: [order.id] })
  t.same(blocked(desk), ['VOLATILITY_CAP'], 'sent')
  desk.report({ kind: 'unresolved', orderId: order.id, cause: 'timeout' })
  t.same(blocked(desk), ['VOLATILITY_CAP'], 'unknown')
  desk.report({ kind: 'accepted', orderId: order.id, venueOrderId: 'v' })
  desk.fill(order.id, 0.5)
  t.equal(desk.orderIn('partiallyFilled').id, order.id)
  t.same(blocked(desk), ['VOLATILITY_CAP'], 'half filled')
  t.match(exposureOf(desk.portfolio), { volatility: 14_000, marginUsed: 105_000, marginReserved: 105_000 })
  desk.report({ kind: 'canceled', orderId: order.id, reason: 'by hand' })
  t.match(exposureOf(desk.portfolio), { volatility: 7000, marginUsed: 105_000, marginReserved: 0 })
  t.same(blocked(desk), ['ALL_GATES_PASSED'], 'the rest is free again')
})

t.test('heat counts what orders at work and units may lose, a unit beyond its risk nothing', async (t) => {
  const caps = { ...settings().caps, maxHeatPct: 0.7 }
  const desk = deskWith({ caps })
  desk.entry(gold, 78_500, 700)
  t.same(decisionIn(desk.entry(nifty, 52_000, 350)).reasons, ['HEAT_CAP'], 'at work: 0.14 + 0.63 %')
  desk.fillAll()
  t.equal(exposureOf(desk.portfolio).risk, 14_000)
  t.same(decisionIn(desk.entry(nifty, 52_000, 350)).reasons, ['HEAT_CAP'], 'held')
  desk.wait(HOUR).bar(gold, 80_000, 600)
  t.match(exposureOf(desk.portfolio), { risk: 0, volatility: 12_000 }, 'its stop is above its price')
  t.equal(decisionIn(desk.entry(nifty, 52_000, 350)).outcome, 'approved')
})

t.test('what was sold of a unit needs no margin any more', async (t) => {
  const desk = new Desk()
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.exit(gold)
  const [id] = desk.send()
  desk.fill(id!, 0.5)
  t.match(exposureOf(desk.portfolio), { marginUsed: 105_000, risk: 7000, volatility: 7000 })
})

t.test('orders are counted by the day', async (t) => {
  const desk = deskWith({ controls: { ...settings().controls, maxOrdersPerDay: 2 } })
  desk.entry(nifty, 52_000, 350)
  desk.entry('SILVER_MINI', 95_000, 950)
  t.match(gateIn(entryAt(desk), 'ORDERS_PER_DAY'), { measured: 3, passed: false })
  desk.wait(24 * HOUR)
  t.match(gateIn(entryAt(desk), 'ORDERS_PER_DAY'), { measured: 1, passed: true })
})

t.test('entries of a second are counted, and the same one asked for twice is one', async (t) => {
  const controls = { ...settings().controls, maxOrdersPerSecond: 2, duplicateGuardSeconds: 10 }
  const desk = new Desk(settings({ controls }))
  const refusals = (instrument: string, price: number, atr: number) =>
    decisionIn(desk.entry(instrument, price, atr)).reasons
  t.same(refusals('GOLD_MINI', 78_500, 600), ['ALL_GATES_PASSED'])
  t.same(refusals('BANK_NIFTY', 52_000, 350), ['ALL_GATES_PASSED'])
  t.same(refusals('SILVER_MINI', 92_000, 900), ['ORDERS_PER_SECOND'])
  desk.wait(1000)
  t.same(refusals('SILVER_MINI', 92_000, 900), ['ALL_GATES_PASSED'])
  const first = desk.send()[0]!
  desk.report({ kind: 'rejected', orderId: first, code: 'NO', message: 'not today' })
  t.same(refusals('GOLD_MINI', 78_500, 600), ['DUPLICATE_ORDER'])
  t.match(gateIn(decisionIn(desk.entry('GOLD_MINI', 78_500, 600)), 'DUPLICATE_ORDER'), {
    measured: 1,
    limit: 10,
  })
  t.same(refusals('GOLD_MINI', 78_500, 900), ['ALL_GATES_PASSED'], 'other lots are another wish')
  const other = desk.send()[0]!
  desk.report({ kind: 'rejected', orderId: other, code: 'NO', message: 'not today' })
  desk.wait(10_000)
  t.same(refusals('GOLD_MINI', 78_500, 900), ['ALL_GATES_PASSED'], 'so is a later one')
})

t.test(
  'margin is what the cap leaves of closed and all unrealized equity, less used and reserved',
  async (t) => {
    const desk = new Desk()
    desk.entry(gold, 78_500, 700)
    desk.fillAll()
    desk.entry(nifty, 52_000, 350)
    desk.bar(gold, 80_000, 700)
    const { availableMargin, equity } = sizingOf(decisionIn(desk.entry('SILVER_MINI', 95_000, 950)))
    const unrealized = 2 * 10 * 1500
    t.equal(availableMargin, (10_000_000 + unrealized) * 0.6 - 2 * 105_000 - 4 * 270_000)
    t.equal(equity, 10_000_000 + unrealized / 2, 'sizing takes half of it')
  },
)

t.test('margin is at most what the broker says is free, and the decision tells it', async (t) => {
  const decided = (freeMargin: number) => {
    const desk = new Desk()
    const timestamp = desk.now
    const alert: EntryAlert = {
      ...{ type: 'BASE_ENTRY', instrument: gold, price: 78_500, atr: 700, stop: null, er: 1 },
      ...{ label: 'Long_1', timestamp, barTime: null },
    }
    return decisionIn(desk.alert(alert, false, { price: 78_500, observedAt: timestamp, freeMargin }))
  }
  t.match(sizingOf(decided(320_000)), {
    availableMargin: 320_000,
    freeMargin: 320_000,
    marginLots: 320_000 / 105_000,
  })
  t.match(sizingOf(decided(100_000)), { lots: 0, boundBy: 'margin' })
  t.same(decided(100_000).reasons, ['BELOW_ONE_LOT'])
  t.match(
    sizingOf(decided(1e9)),
    { availableMargin: 6_000_000, freeMargin: 1e9 },
    'the cap holds all the same',
  )
})

t.test('margin never goes below 0', async (t) => {
  const desk = new Desk(
    settings({ instruments: [instrument(gold, { marginPerLot: 5_900_000 }), BANK_NIFTY] }),
  )
  desk.entry(gold, 78_500, 700)
  desk.fillAll()
  desk.wait(HOUR).bar(gold, 78_000, 700)
  const refused = decisionIn(desk.entry(nifty, 52_000, 350))
  t.match(sizingOf(refused), { availableMargin: 97_000, lots: 0, boundBy: 'margin' })
  t.same(refused.reasons, ['BELOW_ONE_LOT'])
  desk.wait(HOUR).bar(gold, 72_000, 700)
  t.equal(sizingOf(decisionIn(desk.entry(nifty, 52_000, 350))).availableMargin, 61_000)
  desk.wait(HOUR).bar(gold, 65_000, 700)
  desk.wait(HOUR).bar(gold, 59_000, 700)
  t.equal(sizingOf(decisionIn(desk.entry(nifty, 52_000, 350))).availableMargin, 0)
})

t.test('each equity mode sizes by its own number', async (t) => {
  const sized = (changes: Partial<PortfolioSettings>): number => {
    const desk = deskWith(changes)
    desk.entry(gold, 78_500, 700)
    desk.fillAll()
    desk.exit(gold)
    for (const id of desk.send()) desk.fill(id, 1, 77_500)
    desk.entry(gold, 78_500, 700)
    desk.fillAll()
    desk.bar(gold, 80_500, 700)
    t.same(equityOf(desk.portfolio), {
      closed: 9_980_000,
      open: 10_020_000,
      blended: 9_980_000 + (changes.blendedWeight ?? 0.5) * 40_000,
      high: 10_000_000,
    })
    return sizingOf(decisionIn(desk.entry(nifty, 52_000, 350))).equity
  }
  t.equal(sized({ equityMode: 'closed' }), 9_980_000)
  t.equal(sized({ equityMode: 'open' }), 10_020_000)
  t.equal(sized({ equityMode: 'blended' }), 10_000_000)
  t.equal(sized({ equityMode: 'blended', blendedWeight: 0.25 }), 9_990_000)
  t.equal(sized({ equityMode: 'high' }), 10_000_000)
})

t.test('without equity nothing is bought', async (t) => {
  const empty = decisionIn(new Desk(settings(), 0.01).entry(gold, 78_500, 700))
  t.same(empty.reasons, ['BELOW_ONE_LOT'])
  const desk = new Desk(settings(), 300_000)
  desk.command({ kind: 'cash', movement: 'withdrawal', amount: decimal(300_000), note: null })
  const none = decisionIn(desk.entry(gold, 78_500, 700, { er: 0 }))
  t.same(none.reasons, ['BELOW_ONE_LOT'])
  t.match(sizingOf(none), { equity: 0, lots: 0, riskLots: 0, availableMargin: 0 })
})

t.test('below zero equity every order is too much', async (t) => {
  const desk = new Desk(settings({ equityMode: 'open' }), 2_000_000)
  desk.entry('COPPER', 820, 0.4)
  desk.fillAll()
  for (const close of [700, 640, 600]) desk.wait(HOUR).bar('COPPER', close, 0.4)
  t.ok(equityOf(desk.portfolio).open < 0)
  const refused = decisionIn(desk.entry(gold, 78_500, 700, { er: 0 }))
  t.same(refused.reasons, ['BELOW_ONE_LOT', 'HEAT_CAP', 'VOLATILITY_CAP'])
  t.equal(gateIn(refused, 'HEAT_CAP').measured, Number.MAX_VALUE)
  t.equal(sizingOf(refused).lots, 0)
})

t.test('a unit is sized with the facts of its contract on that day', async (t) => {
  const facts = [
    ...GOLD.facts,
    { ...GOLD.facts[0]!, from: '2026-01-06', fromInstant: Date.UTC(2026, 0, 5, 18, 30) },
  ]
  facts[1] = { ...facts[1]!, pointValue: 20, marginPerLot: 210_000 }
  const using = settings({ instruments: [{ ...GOLD, facts }, SILVER, COPPER] })
  const before = new Desk(using, 10_000_000, Date.UTC(2026, 0, 5, 18, 29))
  t.match(sizingOf(entryAt(before)), { pointValue: 10, marginPerLot: 105_000, lots: 2 })
  const after = new Desk(using, 10_000_000, Date.UTC(2026, 0, 5, 18, 30))
  t.match(sizingOf(entryAt(after)), { pointValue: 20, marginPerLot: 210_000, lots: 1 })
})

t.test(
  'an alert for an instrument that the portfolio does not trade is a mistake of the caller',
  async (t) => {
    const message = /test does not trade SILVER/
    t.throws(() => new Desk().entry('SILVER', 95_000, 950), { message })
    t.throws(() => new Desk().pyramid('SILVER', 95_000, 950, 'Long_2'), { message })
  },
)
