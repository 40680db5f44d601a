import { Decimal as Reference } from 'decimal.js'
import fc from 'fast-check'
import t from 'tap'
import { commission, modelFill, slippedPrice } from '../../core/backtest/fill.js'
import { decimal } from '../../core/decimal.js'
import { counts } from '../helpers/counts.js'

const terms = { lots: decimal(3), referencePrice: 51_250.35, tick: 0.05, pointValue: 30 }

t.test('a buy fills above its reference by the ticks of slippage, a sell below', async (t) => {
  t.equal(slippedPrice({ ...terms, side: 'buy' }, 2).toString(), '51250.45')
  t.equal(slippedPrice({ ...terms, side: 'sell' }, 2).toString(), '51250.25')
  t.equal(slippedPrice({ ...terms, side: 'buy' }, 0).toString(), '51250.35', 'no slippage, no difference')
})

t.test('a reference between two ticks is moved to the worse one first', async (t) => {
  const between = { ...terms, referencePrice: 51_250.37 }
  t.equal(slippedPrice({ ...between, side: 'buy' }, 1).toString(), '51250.45')
  t.equal(slippedPrice({ ...between, side: 'sell' }, 1).toString(), '51250.3')
  t.equal(slippedPrice({ ...between, side: 'buy', tick: 0 }, 1).toString(), '51250.37', 'no tick: any price')
})

t.test('a fee is the commission of the value traded, to the last digit', async (t) => {
  const fill = modelFill({ ...terms, side: 'buy' }, { slippageTicks: 2, commissionPct: 0.013 })
  t.equal(fill.price.toString(), '51250.45')
  t.equal(fill.fee.toString(), '599.630265', '51250.45 × 3 × 30 × 0.013 %')
  t.equal(commission({ price: fill.price, lots: decimal(0), pointValue: 30 }, 0.013).toString(), '0')
})

t.test('slippage below 0 is a mistake of the caller', async (t) => {
  t.throws(() => slippedPrice({ ...terms, side: 'buy' }, -1), { message: /at least 0 ticks, not -1/ })
})

t.test('price and fee are exact for any terms', async () => {
  const centi = (max: number) => fc.integer({ min: 1, max }).map((value) => value / 100)
  fc.assert(
    fc.property(
      fc.record({
        side: fc.constantFrom('buy' as const, 'sell' as const),
        lots: fc.integer({ min: 1, max: 10_000 }),
        ticks: fc.integer({ min: 100, max: 10_000_000 }),
        tick: fc.constantFrom(0.01, 0.05, 0.25, 1, 5),
        pointValue: centi(100_000),
        slippageTicks: fc.integer({ min: 0, max: 50 }),
        commissionPct: centi(500),
      }),
      (given) => {
        const reference = new Reference(given.tick).times(given.ticks)
        const { price, fee } = modelFill(
          { ...given, lots: decimal(given.lots), referencePrice: reference.toNumber() },
          given,
        )
        const slip = new Reference(given.tick).times(given.slippageTicks)
        const expected = given.side === 'buy' ? reference.plus(slip) : reference.minus(slip)
        const value = expected.times(given.lots).times(given.pointValue)
        return (
          expected.equals(price.toString()) &&
          value.times(given.commissionPct).dividedBy(100).equals(fee.toString())
        )
      },
    ),
    { numRuns: counts.propertyRuns },
  )
})
