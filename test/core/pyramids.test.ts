import fc from 'fast-check'
import t from 'tap'
import type { EntryAlert } from '../../core/alert/alert.js'
import { decimal } from '../../core/decimal.js'
import type { Decision, PyramidSizing } from '../../core/decision.js'
import type { TrendParameters } from '../../core/instrument/instrument.js'
import type { GateCode } from '../../core/risk/gate.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { instrumentGates, profitGate } from '../../core/strategies/trend/pyramid.js'
import { type PyramidMeasures, sizePyramid } from '../../core/strategies/trend/sizing.js'
import { HOUR, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { Desk, decisionIn, eventsOf, gateIn } from '../helpers/desk.js'
import { BANK_NIFTY, instrument, settings } from '../helpers/settings.js'

const nifty = 'BANK_NIFTY'

interface Circumstances {
  readonly trend?: Partial<TrendParameters>
  readonly marginPerLot?: number
  readonly settings?: Partial<PortfolioSettings>
  readonly deposit?: number
}

/** A desk that holds a base of 4 lots at 52,000 with its stop at 51,475, unless told otherwise. */
function based(given: Circumstances = {}): Desk {
  const { marginPerLot = 270_000 } = given
  const traded = instrument(
    nifty,
    { ...BANK_NIFTY.facts[0], marginPerLot },
    { ...BANK_NIFTY.trend, ...given.trend },
  )
  const desk = new Desk(settings({ instruments: [traded], ...given.settings }), given.deposit)
  desk.entry(nifty, 52_000, 350)
  desk.fillAll()
  return desk.wait(HOUR)
}

function sizingOf(decision: Decision): PyramidSizing {
  if (decision.sizing?.kind !== 'pyramid') throw new Error('the decision has no sizing of a pyramid')
  return decision.sizing
}

const pyramidAt = (desk: Desk, price: number, changes: Partial<EntryAlert> = {}): Decision =>
  decisionIn(desk.entry(nifty, price, 350, { type: 'PYRAMID', label: 'Long_2', ...changes }))

t.test('an approved pyramid says what bound it and opens the next unit', async (t) => {
  const desk = based()
  const decision = pyramidAt(desk, 54_000)
  t.match(decision, { kind: 'pyramid', outcome: 'approved', boundBy: 'geometric', lots: 2, stop: 53_475 })
  t.match(sizingOf(decision), {
    marginLots: 18,
    geometricLots: 2,
    riskBudgetLots: 5,
    baseLots: 4,
    pyramidsOpened: 0,
    profitBeyondRisk: 2000 * 4 * 30 - 525 * 4 * 30,
    availableMargin: 10_240_000 * 0.6 - 4 * 270_000,
    equity: 10_120_000,
  })
  desk.fillAll()
  t.match(desk.unit(nifty, 2), { label: 'Long_2', heldLots: 2, stop: 53_475, initialStop: 53_475 })
  t.match(desk.book(nifty), { pyramidsOpened: 1, lastUnitFillPrice: 54_000 })
})

t.test('margin, the base halved again, and half of the profit beyond risk each bind', async (t) => {
  t.match(pyramidAt(based({ marginPerLot: 1_200_000 }), 54_000), { boundBy: 'margin', lots: 1 })
  t.match(pyramidAt(based(), 54_000), { boundBy: 'geometric', lots: 2 })
  t.match(pyramidAt(based(), 52_900), { boundBy: 'riskBudget', lots: 1 })
})

t.test('each pyramid is half of the one before, counted from the filled base', async (t) => {
  const desk = based({ deposit: 100_000_000, trend: { ongoingVolatilityPct: 9 } })
  t.equal(desk.unit(nifty).heldLots, 47)
  const lots: number[] = []
  for (let index = 1; index <= 5; index++) {
    const decision = pyramidAt(desk, 53_000 + index * 2000)
    lots.push(decision.lots)
    desk.fillAll()
    desk.wait(HOUR)
  }
  t.same(lots, [23, 11, 5, 2, 1])
  t.same(
    desk.book(nifty).units.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6],
  )
  const sixth = pyramidAt(desk, 70_000)
  t.same(sixth.reasons, ['MAX_PYRAMIDS', 'BELOW_ONE_LOT'])
  t.match(gateIn(sixth, 'MAX_PYRAMIDS'), { measured: 6, limit: 5 })
})

t.test('a base that was peeled still counts with the lots that it filled', async (t) => {
  const desk = based()
  desk.bar(nifty, 52_100, 900)
  desk.fillAll()
  t.equal(desk.unit(nifty).heldLots, 2)
  const decision = pyramidAt(desk.wait(HOUR), 54_000)
  t.match(sizingOf(decision), { baseLots: 4, geometricLots: 2, profitBeyondRisk: (2000 - 525) * 2 * 30 })
})

t.test('a tie names the first of margin, geometric and risk budget', async (t) => {
  const measures: PyramidMeasures = {
    availableMargin: 4,
    marginPerLot: 2,
    baseLots: 4,
    pyramidsOpened: 0,
    profitBeyondRisk: 8,
    stopDistance: 1,
    pointValue: 2,
  }
  t.match(sizePyramid(measures), { marginLots: 2, geometricLots: 2, riskBudgetLots: 2, boundBy: 'margin' })
  t.equal(sizePyramid({ ...measures, availableMargin: 9 }).boundBy, 'geometric')
  t.equal(sizePyramid({ ...measures, availableMargin: 9, baseLots: 9 }).boundBy, 'riskBudget')
  t.match(sizePyramid({ ...measures, profitBeyondRisk: -100 }), { lots: 0, boundBy: 'riskBudget' })
  t.match(sizePyramid({ ...measures, stopDistance: 0 }), { lots: 0, riskBudgetLots: 0 })
})

t.test('a pyramid is the least of its three, whole and never below 0', async () => {
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })
  const measures = fc.record({
    availableMargin: number(0, 1e9),
    marginPerLot: number(1, 1e6),
    baseLots: fc.nat({ max: 500 }),
    pyramidsOpened: fc.nat({ max: 6 }),
    profitBeyondRisk: number(-1e8, 1e8),
    stopDistance: number(0, 5000),
    pointValue: fc.constantFrom(5, 10, 30),
  })
  fc.assert(
    fc.property(measures, (given) => {
      const { marginLots, geometricLots, riskBudgetLots, lots, boundBy } = sizePyramid(given)
      const least = Math.min(marginLots, geometricLots, riskBudgetLots)
      const bound = { margin: marginLots, geometric: geometricLots, riskBudget: riskBudgetLots }[boundBy]
      return lots === Math.max(0, least) && bound === least && Number.isInteger(lots) && !Object.is(lots, -0)
    }),
    { numRuns: counts.propertyRuns },
  )
})

/** 23 and 11 lots were added at 56,000 and 57,000; the last filled far lower: together they lose at 53,200. */
function losing(): Desk {
  const desk = based({ deposit: 100_000_000, trend: { ongoingVolatilityPct: 9 } })
  pyramidAt(desk, 56_000)
  desk.fillAll()
  pyramidAt(desk, 57_000)
  for (const id of desk.send()) desk.fill(id, 1, 53_000)
  return desk
}

const REFUSALS: readonly [code: GateCode, measured: unknown, limit: unknown, decision: () => Decision][] = [
  ['NO_BASE', null, 'an open base unit', () => pyramidAt(new Desk(), 54_000)],
  ['MAX_PYRAMIDS', 1, 0, () => pyramidAt(based({ trend: { maxPyramids: 0 } }), 54_000)],
  ['ATR_SPACING', 1000 / 350, 3, () => pyramidAt(based({ trend: { pyramidSpacingAtr: 3 } }), 53_000)],
  ['NO_PROFIT', -5800 * 30, 0, () => pyramidAt(losing(), 53_200)],
  [
    'HEAT_CAP',
    (94_500 / 10_120_000) * 100,
    0.9,
    () => pyramidAt(based({ settings: { caps: { ...settings().caps, pyramidMaxHeatPct: 0.9 } } }), 54_000),
  ],
  [
    'VOLATILITY_CAP',
    (63_000 / 10_120_000) * 100,
    0.6,
    () =>
      pyramidAt(based({ settings: { caps: { ...settings().caps, pyramidMaxVolatilityPct: 0.6 } } }), 54_000),
  ],
  ['BELOW_ONE_LOT', 0, 1, () => pyramidAt(based(), 52_600)],
  [
    'TRADING_STATE',
    'halted',
    'active',
    () => {
      const desk = based()
      desk.trade('halted')
      return pyramidAt(desk, 54_000)
    },
  ],
  [
    'INSTRUMENT_LOCKED',
    /the book holds 4 lots, the broker 3/,
    'not locked',
    () => {
      const desk = based()
      desk.account({ [nifty]: 3 })
      desk.account({ [nifty]: 3 })
      return pyramidAt(desk, 54_000)
    },
  ],
  [
    'STALE',
    61,
    60,
    () => {
      const desk = based()
      return pyramidAt(desk, 54_000, { timestamp: desk.now - 61 * SECOND })
    },
  ],
  [
    'FUTURE',
    31,
    30,
    () => {
      const desk = based()
      return pyramidAt(desk, 54_000, { timestamp: desk.now + 31 * SECOND })
    },
  ],
  [
    'ORDER_AT_WORK',
    /^O-\d+$/,
    'nothing at work',
    () => {
      const desk = based()
      pyramidAt(desk, 54_000)
      return pyramidAt(desk, 54_000)
    },
  ],
  [
    'PRICE_COLLAR',
    (5700 / 52_300) * 100,
    10,
    () => {
      const desk = based()
      desk.bar(nifty, 52_300, 350)
      return pyramidAt(desk, 58_000)
    },
  ],
  ['NO_ATR', null, 'an ATR or a stop', () => pyramidAt(based(), 54_000, { atr: null })],
  ['STOP_NOT_BELOW_PRICE', 0, 0, () => pyramidAt(based(), 54_000, { stop: 54_000 })],
  [
    'ORDER_VALUE',
    2 * 54_000 * 30,
    3_239_999,
    () => {
      const desk = based()
      const controls = { ...settings().controls, maxOrderValue: 3_239_999 }
      desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings({ controls }) })
      return pyramidAt(desk, 54_000)
    },
  ],
  [
    'ORDERS_PER_DAY',
    2,
    1,
    () =>
      pyramidAt(based({ settings: { controls: { ...settings().controls, maxOrdersPerDay: 1 } } }), 54_000),
  ],
]

t.test('each gate of a pyramid shuts alone, with what was measured and what it allows', async (t) => {
  for (const [code, measured, limit, decision] of REFUSALS) {
    const refused = decision()
    t.equal(refused.outcome, 'blocked', code)
    t.same(refused.reasons, [code])
    t.match(gateIn(refused, code), { passed: false, measured, limit }, code)
  }
})

t.test('a move of 1R or less is refused, and leaves no profit beyond the risk', async (t) => {
  const refused = pyramidAt(based(), 52_525)
  t.same(refused.reasons, ['ONE_R', 'BELOW_ONE_LOT'])
  t.match(gateIn(refused, 'ONE_R'), { measured: 525, limit: 525 })
  t.equal(sizingOf(refused).profitBeyondRisk, 0)
})

t.test('the move must be more than 1R, the distance at least the spacing', async (t) => {
  const base = { averagePrice: 52_000, initialStop: 51_475, roll: null }
  const codes = (price: number, last: number | null, atr = 350) =>
    instrumentGates({ lastUnitFillPrice: last }, base, price, atr, 0.5)
      .filter(({ passed }) => !passed)
      .map(({ gate }) => gate)
  t.same(codes(52_525, null), ['ONE_R'])
  t.same(codes(52_525.05, null), [])
  t.same(codes(54_174.95, 54_000), ['ATR_SPACING'])
  t.same(codes(54_175, 54_000), [])
  t.same(codes(54_175, 54_000, 0), ['ATR_SPACING'], 'without an ATR there is no distance')
  t.equal(profitGate({ units: [] }, 52_000).passed, false, 'nothing held, nothing gained')
})

t.test('the distance is measured from the last unit’s fill, not from its signal', async (t) => {
  const desk = based({ deposit: 100_000_000, trend: { ongoingVolatilityPct: 9 } })
  pyramidAt(desk, 54_000)
  for (const id of desk.send()) desk.fill(id, 1, 54_500)
  const near = pyramidAt(desk.wait(HOUR), 54_600)
  t.match(gateIn(near, 'ATR_SPACING'), { measured: 100 / 350, passed: false })
  const far = desk.entry(nifty, 54_675, 350, { type: 'PYRAMID', label: 'Long_3' })
  t.match(eventsOf(far, 'OrderInitialized'), [{ purpose: 'pyramid', unit: { number: 3 } }])
})

t.test('1R is the distance from the base’s average to the stop that its fills left', async (t) => {
  const desk = new Desk()
  desk.entry(nifty, 52_000, 350)
  const [id] = desk.send()
  desk.fill(id!, 0.5, 52_000)
  desk.fill(id!, 1, 52_400)
  const decision = pyramidAt(desk.wait(HOUR), 52_726)
  t.match(gateIn(decision, 'ONE_R'), { measured: 526, limit: 525, passed: true })
})

t.test('a pyramid that ends without a fill frees its number', async (t) => {
  const desk = based()
  pyramidAt(desk, 54_000)
  const [id] = desk.send()
  desk.report({ kind: 'rejected', orderId: id!, code: 'RMS', message: 'no funds' })
  t.match(desk.book(nifty), { pyramidsOpened: 0, entryOrderId: null })
  const again = desk.wait(HOUR).entry(nifty, 54_000, 350, { type: 'PYRAMID', label: 'Long_9' })
  t.match(eventsOf(again, 'OrderInitialized'), [{ unit: { number: 2, label: 'Long_9' } }])
  desk.fillAll()
  t.match(desk.unit(nifty, 2), { label: 'Long_9' })
})

t.test('once the base is closed there is no pyramid until the instrument was flat', async (t) => {
  const desk = based()
  pyramidAt(desk, 54_000)
  desk.fillAll()
  desk.wait(HOUR).exit(nifty, 'Long_1')
  const closing = pyramidAt(desk, 56_000)
  t.same(closing.reasons, ['ORDER_AT_WORK', 'NO_BASE'], 'a base that is being closed is none')
  t.match(gateIn(closing, 'NO_BASE'), { measured: desk.unit(nifty).id })
  desk.fillAll()
  t.same(pyramidAt(desk.wait(HOUR), 56_000).reasons, ['NO_BASE'])
  desk.exit(nifty)
  desk.fillAll()
  t.same(pyramidAt(desk, 56_000).reasons, ['NO_BASE'], 'flat, and no base yet')
  desk.wait(HOUR).entry(nifty, 52_000, 350)
  desk.fillAll()
  const anew = pyramidAt(desk.wait(HOUR), 54_000)
  t.match(anew, { outcome: 'approved' })
  t.equal(sizingOf(anew).pyramidsOpened, 0, 'counted anew')
})

t.test('a pyramid does not ask for an efficiency ratio', async (t) => {
  t.equal(pyramidAt(based(), 54_000, { er: 'NaN' }).outcome, 'approved')
})

t.test('caps of a pyramid are its own, and count every instrument', async (t) => {
  const caps = { ...settings().caps, pyramidMaxVolatilityPct: 0.7, maxVolatilityPct: 5 }
  const desk = new Desk(settings({ caps }))
  desk.entry(nifty, 52_000, 350)
  desk.fillAll()
  desk.entry('GOLD_MINI', 78_500, 700)
  const refused = pyramidAt(desk.wait(HOUR), 54_000)
  t.same(refused.reasons, ['VOLATILITY_CAP'])
  const measured = gateIn(refused, 'VOLATILITY_CAP').measured
  t.equal(measured, ((42_000 + 14_000 + 21_000) / 10_120_000) * 100)
  t.equal(decisionIn(desk.entry('COPPER', 820, 4)).outcome, 'approved', 'a base entry has more room')
  t.equal(desk.unit(nifty).lots.equals(decimal(4)), true)
})
