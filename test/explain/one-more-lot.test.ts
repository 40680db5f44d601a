import fc from 'fast-check'
import t from 'tap'
import type { EntrySizing, PyramidSizing } from '../../core/decision.js'
import { openingOf } from '../../core/explain/gate-opening.js'
import { type Measure, type Need, oneMoreLot } from '../../core/explain/one-more-lot.js'
import { above, atLeast, atMost, must } from '../../core/risk/gate.js'
import type { Constraint } from '../../core/settings.js'
import { sizeEntry, sizePyramid } from '../../core/strategies/trend/sizing.js'
import { counts } from '../helpers/counts.js'

type EntryBase = Omit<EntrySizing, 'riskLots' | 'volatilityLots' | 'marginLots' | 'lots' | 'boundBy'>
type PyramidBase = Omit<PyramidSizing, 'marginLots' | 'geometricLots' | 'riskBudgetLots' | 'lots' | 'boundBy'>

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
/** Nothing, or an amount that is not lost among the digits of what it is compared with. */
const nothingOr = (min: number, max: number) => fc.oneof(fc.constant(0), between(min, max))
const runs = { numRuns: counts.propertyRuns }

function entry(base: EntryBase): EntrySizing {
  return { ...base, ...sizeEntry(base, base.constraints) }
}

function pyramid(base: PyramidBase): PyramidSizing {
  return { ...base, ...sizePyramid(base) }
}

const entries = fc
  .record({
    equity: between(1e5, 1e9),
    availableMargin: nothingOr(1, 1e8),
    price: between(1000, 100_000),
    atr: between(1, 900),
    multiple: fc.constantFrom(1, 1.5, 2, 3),
    er: nothingOr(0.05, 1),
    pointValue: fc.constantFrom(5, 10, 30, 2500),
    marginPerLot: between(50_000, 500_000),
    riskPct: between(0.1, 3),
    volatilityPct: between(0.1, 1),
    constraints: fc.subarray<Constraint>(['risk', 'volatility', 'margin'], { minLength: 1 }),
  })
  .map(({ multiple, ...rest }): EntryBase => {
    const stopDistance = rest.atr * multiple
    return { kind: 'entry', ...rest, stopDistance, stop: rest.price - stopDistance, atrFrom: 'alert' }
  })

const pyramids = fc
  .record({
    equity: between(1e5, 1e9),
    availableMargin: nothingOr(1, 1e8),
    price: between(1000, 100_000),
    atr: between(1, 900),
    pointValue: fc.constantFrom(5, 10, 30),
    marginPerLot: between(50_000, 500_000),
    baseLots: fc.integer({ min: 1, max: 400 }),
    pyramidsOpened: fc.integer({ min: 0, max: 5 }),
    profitBeyondRisk: fc.oneof(between(-1e7, 0), between(1000, 1e8)),
  })
  .map((rest): PyramidBase => {
    const stopDistance = rest.atr * 2
    return { kind: 'pyramid', ...rest, stopDistance, stop: rest.price - stopDistance, atrFrom: 'alert' }
  })

/** Returns the entry with one quantity changed to `value`, as the decider would have measured it. */
function changeEntry(base: EntryBase, measure: Measure, value: number): EntryBase {
  const multiple = base.stopDistance / base.atr
  switch (measure) {
    case 'stop':
      return { ...base, stopDistance: base.price - value }
    case 'atr':
      return { ...base, atr: value, stopDistance: value * multiple }
    case 'efficiencyRatio':
      return { ...base, er: value }
    default:
      return { ...base, [measure]: value }
  }
}

function changePyramid(base: PyramidBase, measure: Measure, value: number): PyramidBase {
  return measure === 'stop' ? { ...base, stopDistance: base.price - value } : { ...base, [measure]: value }
}

/** The value moved by a hair to the side that is enough, or to the one that is not. */
function nudge({ measure, comparison, value }: Need, price: number, isEnough: boolean): number {
  const hair = (measure === 'stop' ? price : Math.abs(value)) * 1e-9
  const up = comparison === 'atLeast' ? isEnough : !isEnough
  return up ? value + hair : value - hair
}

t.test('each alternative of an entry is the very threshold of its constraint', async (t) => {
  let seen = 0
  fc.assert(
    fc.property(entries, (base) => {
      const sizing = entry(base)
      const more = oneMoreLot(sizing, [])
      for (const { constraint, isEnough, alternatives } of more.constraints) {
        if (isEnough) continue
        for (const need of alternatives) {
          seen += 1
          const only = [constraint as Constraint]
          const enough = sizeEntry(changeEntry(base, need.measure, nudge(need, base.price, true)), only)
          if (enough.lots < more.lots) return false
          const short = sizeEntry(changeEntry(base, need.measure, nudge(need, base.price, false)), only)
          if (short.lots >= more.lots) return false
        }
      }
      return true
    }),
    runs,
  )
  t.ok(seen > counts.propertyRuns, `${seen} alternatives were tried`)
})

t.test('each alternative of a pyramid is the very threshold of its constraint', async (t) => {
  const lotsOf = { margin: 'marginLots', geometric: 'geometricLots', riskBudget: 'riskBudgetLots' } as const
  let seen = 0
  fc.assert(
    fc.property(pyramids, (base) => {
      const more = oneMoreLot(pyramid(base), [])
      for (const { constraint, isEnough, alternatives } of more.constraints) {
        if (isEnough) continue
        const lots = lotsOf[constraint as keyof typeof lotsOf]
        for (const need of alternatives) {
          seen += 1
          const isCount = need.measure === 'baseLots' || need.measure === 'pyramidsOpened'
          const enough = isCount ? need.value : nudge(need, base.price, true)
          if (sizePyramid(changePyramid(base, need.measure, enough))[lots] < more.lots) return false
          const step = need.comparison === 'atLeast' ? -1 : 1
          const short = isCount ? need.value + step : nudge(need, base.price, false)
          if (sizePyramid(changePyramid(base, need.measure, short))[lots] >= more.lots) return false
        }
      }
      return true
    }),
    runs,
  )
  t.ok(seen > counts.propertyRuns, `${seen} alternatives were tried`)
})

t.test('at least one constraint is short of one more lot, and the others say so', async () => {
  fc.assert(
    fc.property(entries, (base) => {
      const { constraints } = oneMoreLot(entry(base), [])
      return constraints.length === base.constraints.length && constraints.some((each) => !each.isEnough)
    }),
    runs,
  )
})

t.test('one lot of Bank Nifty more, by hand', async (t) => {
  const sizing = entry({
    kind: 'entry',
    equity: 10_000_000,
    availableMargin: 6_000_000,
    price: 52_000,
    stop: 51_475,
    stopDistance: 525,
    atr: 350,
    atrFrom: 'alert',
    er: 0.82,
    pointValue: 30,
    marginPerLot: 270_000,
    riskPct: 1,
    volatilityPct: 0.5,
    constraints: ['risk', 'volatility', 'margin'],
  })
  t.match(sizing, { lots: 4, boundBy: 'volatility' }, '5.2 by risk, 4.76 by volatility, 22.2 by margin')
  const gates = [
    atMost('HEAT_CAP', 0.63, 15),
    atMost('VOLATILITY_CAP', 0.42, 0.5),
    atMost('ORDER_VALUE', 4 * 52_000 * 30, 7_000_000),
    must('TRADING_STATE', true, 'active', 'active'),
  ]
  const more = oneMoreLot(sizing, gates)
  t.equal(more.lots, 5)
  const [risk, volatility, margin] = more.constraints
  t.match(risk, { constraint: 'risk', isEnough: true, alternatives: [] })
  t.match(margin, { constraint: 'margin', isEnough: true, alternatives: [] })
  t.match(volatility, { constraint: 'volatility', isEnough: false })
  const values = Object.fromEntries(volatility!.alternatives.map((need) => [need.measure, need.value]))
  t.same(Object.keys(values), ['equity', 'atr', 'volatilityPct'])
  t.equal(values.equity, 10_500_000)
  t.ok(Math.abs(values.atr! - 1000 / 3) < 1e-9, '50 000 of volatility is 333.3 points for five lots')
  t.ok(Math.abs(values.volatilityPct! - 0.525) < 1e-12)
  t.same(
    more.caps.map(({ gate, passes }) => [gate, passes]),
    [
      ['HEAT_CAP', true],
      ['VOLATILITY_CAP', false],
      ['ORDER_VALUE', false],
    ],
    'the caps are judged with five lots',
  )
})

t.test('where nothing alone helps, nothing is offered', async (t) => {
  const base: EntryBase = {
    kind: 'entry',
    equity: 1_000_000,
    availableMargin: 0,
    price: 100,
    stop: 90,
    stopDistance: 10,
    atr: 10,
    atrFrom: 'bar',
    er: 0,
    pointValue: 10,
    marginPerLot: 1000,
    riskPct: 1,
    volatilityPct: 1,
    constraints: ['risk', 'margin'],
  }
  const [risk, margin] = oneMoreLot(entry(base), []).constraints
  t.same(
    risk!.alternatives.map(({ measure }) => measure),
    ['efficiencyRatio'],
    'an efficiency ratio of 0 allows nothing at any equity',
  )
  t.same(
    margin!.alternatives.map(({ measure }) => measure),
    ['availableMargin'],
    'without margin no lot is cheap enough',
  )
})

t.test('a shut gate says what would have opened it', async (t) => {
  const sizing = { price: 51_000, atr: 300, equity: 10_000_000 } as EntrySizing
  const oneR = openingOf(above('ONE_R', 400, 525), sizing)
  t.match(oneR, { comparison: 'above', shortBy: 125, price: 51_125, release: null })
  const spacing = openingOf(atLeast('ATR_SPACING', 0.25, 0.75), sizing)
  t.match(spacing, { comparison: 'atLeast', shortBy: 0.5, price: 51_150 })
  const heat = openingOf(atMost('HEAT_CAP', 15.5, 15), sizing)
  t.match(heat, { comparison: 'atMost', shortBy: 0.5, price: null, release: 50_000 })
  const stale = openingOf(atMost('STALE', 75, 60), null)
  t.match(stale, { comparison: 'atMost', shortBy: 15, price: null, release: null })
  const frozen = openingOf(must('TRADING_STATE', false, 'halted', 'active'), sizing)
  t.match(frozen, { comparison: 'is', measured: 'halted', limit: 'active', shortBy: null })
})
