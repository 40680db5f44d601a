import fc from 'fast-check'
import t from 'tap'
import { barCloses } from '../../core/backtest/bars/bar-close.js'
import { type BarBacktestSetup, runBars } from '../../core/backtest/bars/bar-engine.js'
import type { Bars } from '../../core/backtest/bars/bars.js'
import { newStrategyFeed } from '../../core/backtest/bars/strategy-feed.js'
import type { FillAt } from '../../core/backtest/venue.js'
import type { PortfolioEvent } from '../../core/event.js'
import type { EquityMode } from '../../core/settings.js'
import type { ExitMode } from '../../core/strategies/trend/bar-signals.js'
import { counts } from '../helpers/counts.js'
import { pricePath } from '../helpers/price-path.js'
import { COPPER, GOLD, settings } from '../helpers/settings.js'
import { runBarStrategy } from './bar-strategy.js'

/** What a generated backtest runs on. */
interface Case {
  readonly seed: number
  readonly bars: number
  readonly capital: number
  readonly equityMode: EquityMode
  readonly fillAt: FillAt
  readonly exitMode: ExitMode
  /** Of the ATR by which stops trail, and limits in percent beyond which lots are peeled off. */
  readonly trailingAtrMultiple: number
  readonly ongoingPct: number
}

const COSTS = { slippageTicks: 1, commissionPct: 0.05 }

function settingsOf({ equityMode, trailingAtrMultiple, ongoingPct }: Case) {
  const instruments = [GOLD, COPPER].map((instrument) => ({
    ...instrument,
    trend: {
      ...instrument.trend,
      trailingAtrMultiple,
      ongoingRiskPct: ongoingPct,
      ongoingVolatilityPct: ongoingPct,
    },
  }))
  return settings({ equityMode, instruments })
}

function historiesOf({ seed, bars }: Case): Map<string, Bars> {
  return new Map(
    [GOLD, COPPER].map((instrument, index) => [
      instrument.name,
      pricePath({
        seed: seed + index,
        bars,
        start: [72_000, 820][index]!,
        tick: instrument.facts[0]!.tick,
        barMinutes: instrument.barMinutes,
      }),
    ]),
  )
}

interface Told {
  readonly input: string
  readonly events: readonly PortfolioEvent[]
}

function run(one: Case, stepsOnEveryBar: boolean) {
  const configured = settingsOf(one)
  const histories = historiesOf(one)
  const told: Told[] = []
  let steps = 0
  const setup: BarBacktestSetup = {
    configuration: { hash: 'h', settings: configured },
    initialCapital: one.capital,
    feeds: configured.instruments.map((instrument) => {
      const bars = histories.get(instrument.name)!
      const { barMinutes } = instrument
      const closesAt = barCloses({ exchange: '', offsetMinutes: () => 0, barMinutes, bars })
      return newStrategyFeed(instrument, { bars, closesAt })
    }),
    exitMode: one.exitMode,
    stepsOnEveryBar,
    costs: COSTS,
    fillAt: one.fillAt,
    onDecision: () => {},
    onTrade: () => {},
    onInput: (input, events) => {
      steps += 1
      if (events.length > 0) told.push({ input: input.id, events })
    },
  }
  return { result: runBars(setup), told, steps }
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  bars: fc.constant(1200),
  capital: fc.constantFrom(1_000_000, 5_000_000, 50_000_000),
  equityMode: fc.constantFrom<EquityMode>('closed', 'open', 'blended', 'high'),
  fillAt: fc.constantFrom<FillAt>('close', 'next-open'),
  exitMode: fc.constantFrom<ExitMode>('atr', 'supertrend'),
  trailingAtrMultiple: fc.constantFrom(1, 2, 3),
  ongoingPct: fc.constantFrom(0.4, 1, 3),
})

/** Returns where two runs differ first, or null. */
function difference(left: readonly Told[], right: readonly Told[]): string | null {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one, other] = [JSON.stringify(left[index]), JSON.stringify(right[index])]
    if (one !== other) return `${one} is not ${other}`
  }
  return null
}

t.test('stepping only where the watch says so leads to what stepping on every bar does', async (t) => {
  let quietBars = 0
  fc.assert(
    fc.property(cases, (one) => {
      const watched = run(one, false)
      const stepped = run(one, true)
      quietBars += stepped.steps - watched.steps
      const differing = difference(watched.told, stepped.told)
      if (differing !== null) throw new Error(differing)
      if (JSON.stringify(watched.result) !== JSON.stringify(stepped.result))
        throw new Error('the results differ')
    }),
    { numRuns: Math.min(400, Math.ceil(counts.propertyRuns / 5)) },
  )
  t.ok(quietBars > 0)
})

t.test('the plain strategy on every bar leads to the same', async (t) => {
  fc.assert(
    fc.property(cases, (one) => {
      const plain = runBarStrategy({
        settings: settingsOf(one),
        capital: one.capital,
        histories: historiesOf(one),
        costs: COSTS,
        fillAt: one.fillAt,
        exitMode: one.exitMode,
      })
      const events = plain.log.flatMap(({ input, events }) =>
        events.length === 0 ? [] : [{ input: input.id, events }],
      )
      const differing = difference(run(one, false).told, events)
      if (differing !== null) throw new Error(differing)
    }),
    { numRuns: Math.min(150, Math.ceil(counts.propertyRuns / 10)) },
  )
  t.pass('the same inputs and events, in the same order')
})

t.test('most bars of a long history are only seen', async (t) => {
  const one: Case = {
    seed: 7,
    bars: 20_000,
    capital: 50_000_000,
    equityMode: 'blended',
    fillAt: 'close',
    exitMode: 'atr',
    trailingAtrMultiple: 2,
    ongoingPct: 3,
  }
  const watched = run(one, false)
  const stepped = run(one, true)
  t.equal(difference(watched.told, stepped.told), null)
  t.ok(watched.told.some(({ events }) => events.some(({ type }) => type === 'UnitClosed')))
  t.ok(watched.steps < stepped.steps / 2, `${watched.steps} of ${stepped.steps} steps`)
})
