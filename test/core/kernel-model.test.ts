import fc from 'fast-check'
import t from 'tap'
import { TRADING_STATES, type TradingState } from '../../core/risk/trading-state.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { MINUTE, SECOND } from '../../core/time.js'
import { counts } from '../helpers/counts.js'
import { type Action, KernelModel, NAMES } from '../helpers/kernel-model.js'
import type { Reception } from '../helpers/model-venue.js'
import { EXECUTION } from '../helpers/settings.js'

/** A portfolio is seldom left halted for long. */
const FREE: TradingState[] = ['active', 'active', 'active', 'active', 'active']

const name = fc.constantFrom(...NAMES)
const label = fc.constantFrom('Long_1', 'Long_2', 'Long_3')
const pick = fc.nat({ max: 12 })
const drift = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: -0.02, max: 0.03, noNaN: true }) },
  { weight: 2, arbitrary: fc.constant(-0.05) },
  { weight: 1, arbitrary: fc.constantFrom(-0.9, 9, -0.15, 0.15) },
)
const slip = fc.double({ min: -0.004, max: 0.004, noNaN: true })
const age = fc.oneof(fc.constant(0), fc.integer({ min: -40 * SECOND, max: 90 * MINUTE }))
const share = fc.double({ min: 0.1, max: 1, noNaN: true })

const actionsOf = (haunts: number) =>
  fc.oneof(
    {
      weight: 18,
      arbitrary: fc.record({
        do: fc.constant('buy'),
        name,
        label,
        rise: fc.constantFrom(0, 0.03, 0.05),
        share: fc.constantFrom(1, 1, 1, 1, 0.5),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('entry', 'pyramid'),
        name,
        drift,
        label,
        age: fc.constant(0),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('entry', 'pyramid'), name, drift, label, age }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('exit'),
        name,
        label: fc.oneof(label, fc.constant('ALL')),
        age: fc.oneof(age, fc.constant(null)),
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('bar'),
        name,
        drift,
        atr: fc.constantFrom(null, 0.004, 0.008, 0.008, 0.02),
        age: fc.constantFrom(0, 0, 0, 30 * MINUTE),
      }),
    },
    {
      weight: 14,
      arbitrary: fc.record({
        do: fc.constant('send'),
        reception: fc.constantFrom<Reception>(
          'accepted',
          'accepted',
          'accepted',
          'silent',
          'lost',
          'rejected',
        ),
      }),
    },
    { weight: 14, arbitrary: fc.record({ do: fc.constant('fill'), pick, share, drift: slip }) },
    { weight: haunts, arbitrary: fc.record({ do: fc.constant('haunt'), pick }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('unlock'), pick }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('end'), pick, byItself: fc.boolean() }) },
    { weight: 25, arbitrary: fc.record({ do: fc.constant('deliver'), pick, again: fc.boolean() }) },
    {
      weight: 18,
      arbitrary: fc.record({
        do: fc.constantFrom('resolve', 'timer', 'step', 'step', 'step', 'count', 'flush'),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('wait'),
        ms: fc.constantFrom(-5000, 1, 900, 31_000, 3_600_000, 9e7),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('trade'), state: fc.constantFrom(...TRADING_STATES, ...FREE) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('operator'),
        target: fc.constantFrom('all', 'instrument', 'position'),
        pick,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('cash'), amount: fc.integer({ min: -2e6, max: 2e6 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('configure'), without: fc.constantFrom(null, ...NAMES) }),
    },
  ) as fc.Arbitrary<Action>

/** Market orders, chases of either kind, and stops that rest at the venue. */
const POLICIES: readonly Partial<PortfolioSettings>[] = [
  {},
  { execution: EXECUTION },
  { execution: { ...EXECUTION, partialFill: 'cancel' } },
  { protectiveStop: { limitPct: 1 } },
  { execution: EXECUTION, protectiveStop: { limitPct: 1 } },
]

function modelled(isOrderly: boolean) {
  return fc.property(
    fc.array(actionsOf(isOrderly ? 0 : 6), { minLength: 10, maxLength: 70, size: 'max' }),
    fc.constantFrom(...POLICIES),
    (given, changes) => {
      const model = new KernelModel(isOrderly, changes)
      for (const action of given) model.run(action)
      model.finish()
      model.replay()
    },
  )
}

// Faults: B20
t.test(
  'whatever happens in whatever order, an orderly venue is never sold short and ends flat',
  async (t) => {
    fc.assert(modelled(true), { numRuns: counts.propertyRuns })
    t.pass(`${counts.propertyRuns} stories`)
  },
)

t.test(
  'a venue that fills what it had ended, and more than it was asked, never breaks the books',
  async (t) => {
    fc.assert(modelled(false), { numRuns: counts.propertyRuns })
    t.pass(`${counts.propertyRuns} stories`)
  },
)
