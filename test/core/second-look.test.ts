import fc from 'fast-check'
import t from 'tap'
import type { EntryAlert } from '../../core/alert/alert.js'
import type { Decision } from '../../core/decision.js'
import { DAY, HOUR, SECOND } from '../../core/time.js'
import { plainStyle } from '../../scripts/cli/style.js'
import { describeDecision } from '../../scripts/explain/describe-decision.js'
import { counts } from '../helpers/counts.js'
import { Desk, decisionIn, eventsOf, gateIn } from '../helpers/desk.js'
import { instrument, settings } from '../helpers/settings.js'

const X = 'X'
/** A stop 500 points away, and a collar that never speaks. */
const using = settings({
  constraints: ['risk'],
  controls: { maxOrderValue: null, maxOrdersPerDay: 1000, priceCollarPct: 50 },
  instruments: [instrument(X, { marginPerLot: 1000 }, { maxPyramids: 3 })],
})
const ATR = 500

interface Looked {
  readonly kind?: 'entry' | 'pyramid'
  /** The signal's price; the broker's. */
  readonly price?: number
  readonly quote: number | null
  readonly ageSeconds?: number
  readonly quoteAgeSeconds?: number
  readonly er?: number
}

/** Decides an entry of 20 lots at 50,000, or a pyramid of 10 at 54,000, at the broker's price. */
function look(looked: Looked): Decision {
  const { kind = 'entry', price, quote, ageSeconds = 0, quoteAgeSeconds = 0, er = 1 } = looked
  const desk = new Desk(using)
  if (kind === 'pyramid') {
    desk.entry(X, 50_000, ATR)
    desk.fillAll()
    desk.wait(DAY)
  }
  const alert: EntryAlert = {
    type: kind === 'entry' ? 'BASE_ENTRY' : 'PYRAMID',
    instrument: X,
    price: price ?? (kind === 'entry' ? 50_000 : 54_000),
    ...{ atr: ATR, stop: null, er, label: 'Long_9', barTime: null },
    timestamp: desk.now - ageSeconds * SECOND,
  }
  const observedAt = desk.now - quoteAgeSeconds * SECOND
  return decisionIn(desk.alert(alert, false, quote === null ? null : { price: quote, observedAt }))
}

t.test('an entry and a pyramid as large as they are without a second look', async (t) => {
  t.match(look({ quote: null }), { outcome: 'approved', lots: 20, boundBy: 'risk' })
  t.match(look({ kind: 'pyramid', quote: null }), { outcome: 'approved', lots: 10, boundBy: 'geometric' })
  const unseen = look({ quote: null })
  t.equal(unseen.sizing?.execution, undefined)
  t.notOk(unseen.gates.some(({ gate }) => gate === 'PRICE_DIVERGENCE' || gate === 'ABOVE_STOP'))
})

t.test('the age of an entry has tiers: told, judged by half the divergence, refused', async (t) => {
  const tiers = [
    { ageSeconds: 0, isTold: false, limit: 2, outcome: 'approved' },
    { ageSeconds: 10, isTold: false, limit: 2, outcome: 'approved' },
    { ageSeconds: 10.001, isTold: true, limit: 2, outcome: 'approved' },
    { ageSeconds: 30, isTold: true, limit: 2, outcome: 'approved' },
    { ageSeconds: 30.001, isTold: true, limit: 1, outcome: 'approved' },
    { ageSeconds: 60, isTold: true, limit: 1, outcome: 'approved' },
    { ageSeconds: 60.001, isTold: true, limit: 1, outcome: 'blocked' },
  ]
  for (const { ageSeconds, isTold, limit, outcome } of tiers) {
    const decision = look({ quote: 50_000, ageSeconds })
    t.equal(decision.outcome, outcome, `${ageSeconds} s`)
    t.match(gateIn(decision, 'STALE'), { measured: ageSeconds, limit: 60, passed: outcome === 'approved' })
    t.match(gateIn(decision, 'PRICE_DIVERGENCE'), { measured: 0, limit }, `${ageSeconds} s`)
    t.equal(
      decision.notes.some((note) => /s old, more than 10 s/.test(note)),
      isTold,
    )
    const pyramid = look({ kind: 'pyramid', quote: 54_000, ageSeconds })
    t.match(gateIn(pyramid, 'PRICE_DIVERGENCE'), { limit: limit / 2 })
    t.equal(pyramid.outcome, outcome)
  }
})

t.test('a price of the broker that is too old opens nothing', async (t) => {
  for (const kind of ['entry', 'pyramid'] as const) {
    const quote = kind === 'entry' ? 50_000 : 54_000
    const fresh = look({ kind, quote, quoteAgeSeconds: 10 })
    t.match(gateIn(fresh, 'QUOTE_AGE'), { passed: true, measured: 10, limit: 10 })
    t.equal(fresh.outcome, 'approved')
    const old = look({ kind, quote, quoteAgeSeconds: 10.001 })
    t.match(old, { outcome: 'blocked', reasons: ['QUOTE_AGE'] })
    t.match(
      gateIn(look({ kind, quote, quoteAgeSeconds: -5 }), 'QUOTE_AGE'),
      { measured: 0 },
      'a clock that goes fast',
    )
  }
})

t.test('the broker’s price may be so far from the signal’s, and not a tick further', async (t) => {
  const rows = [
    { kind: 'entry', ageSeconds: 0, limit: 2, at: [51_000, 49_000], beyond: [51_001, 48_999] },
    { kind: 'entry', ageSeconds: 31, limit: 1, at: [50_500, 49_500], beyond: [50_501, 49_499] },
    { kind: 'pyramid', ageSeconds: 0, limit: 1, at: [54_540, 53_460], beyond: [54_541, 53_459] },
    { kind: 'pyramid', ageSeconds: 31, limit: 0.5, at: [54_270, 53_730], beyond: [54_271, 53_729] },
  ] as const
  for (const { kind, ageSeconds, limit, at, beyond } of rows) {
    for (const quote of at) {
      const gate = gateIn(look({ kind, ageSeconds, quote }), 'PRICE_DIVERGENCE')
      t.match(gate, { passed: true, measured: limit, limit }, `${kind} ${ageSeconds} s ${quote}`)
    }
    for (const quote of beyond) {
      const decision = look({ kind, ageSeconds, quote })
      const price = kind === 'entry' ? 50_000 : 54_000
      const measured = (Math.abs(quote - price) * 100) / price
      t.match(gateIn(decision, 'PRICE_DIVERGENCE'), { passed: false, measured, limit })
      t.equal(decision.outcome, 'blocked')
      t.ok(decision.reasons.includes('PRICE_DIVERGENCE'))
    }
  }
})

t.test('a divergence of the limit itself passes at every price', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 2000 }), fc.boolean(), (hundreds, isUp) => {
      const price = hundreds * 100
      const quote = price + (isUp ? 2 : -2) * hundreds
      return gateIn(look({ price, quote, er: 0.5 }), 'PRICE_DIVERGENCE').passed
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('risk that grows beyond its limit takes off lots, up to the limit it takes none', async (t) => {
  const rows = [
    { kind: 'entry', quote: 50_250, riskIncreasePct: 50, lotsBefore: 20, lots: 20 },
    { kind: 'entry', quote: 50_251, riskIncreasePct: 50.2, lotsBefore: 20, lots: 13 },
    { kind: 'entry', quote: 51_000, riskIncreasePct: 200, lotsBefore: 20, lots: 6 },
    { kind: 'entry', quote: 49_600, riskIncreasePct: -80, lotsBefore: 20, lots: 20 },
    { kind: 'pyramid', quote: 54_100, riskIncreasePct: 20, lotsBefore: 10, lots: 10 },
    { kind: 'pyramid', quote: 54_101, riskIncreasePct: 20.2, lotsBefore: 10, lots: 8 },
    { kind: 'pyramid', quote: 54_540, riskIncreasePct: 108, lotsBefore: 10, lots: 4 },
    { kind: 'pyramid', quote: 53_600, riskIncreasePct: -80, lotsBefore: 10, lots: 10 },
  ] as const
  for (const { kind, quote, riskIncreasePct, lotsBefore, lots } of rows) {
    const decision = look({ kind, quote })
    t.match(decision, { outcome: 'approved', lots }, `${kind} at ${quote}`)
    const maxRiskIncreasePct = kind === 'entry' ? 50 : 20
    const { execution } = decision.sizing ?? {}
    t.match(execution, { price: quote, riskIncreasePct, maxRiskIncreasePct, lotsBefore })
    const isTold = decision.notes.some((note) => /further from the stop/.test(note))
    t.equal(isTold, lots < lotsBefore, 'fewer lots are told')
  }
})

t.test(
  'no more is at risk at the broker’s price than at the signal’s, or than the limit lets grow',
  async () => {
    const kinds = fc.constantFrom('entry' as const, 'pyramid' as const)
    fc.assert(
      fc.property(kinds, fc.integer({ min: -900, max: 1000 }), (kind, moved) => {
        const price = kind === 'entry' ? 50_000 : 54_000
        const { sizing, lots, outcome } = look({ kind, quote: price + moved })
        if (outcome === 'blocked') return lots === 0
        const { lotsBefore = 0 } = sizing?.execution ?? {}
        const grown = lots * (ATR + moved)
        const isWithin = moved * 100 <= (kind === 'entry' ? 50 : 20) * ATR
        return isWithin
          ? lots === lotsBefore
          : grown <= lotsBefore * ATR && grown + ATR + moved > lotsBefore * ATR
      }),
      { numRuns: counts.propertyRuns },
    )
  },
)

t.test('what the second look leaves below one lot is refused', async (t) => {
  const one = { er: 0.05 }
  t.match(look({ ...one, quote: 50_250 }), { outcome: 'approved', lots: 1 })
  const refused = look({ ...one, quote: 50_251 })
  t.match(refused, { outcome: 'blocked', reasons: ['BELOW_ONE_LOT'], lots: 0 })
  t.match(gateIn(refused, 'BELOW_ONE_LOT'), { measured: 0, limit: 1 })
  t.match(refused.sizing, { lots: 0, execution: { lotsBefore: 1 } })
})

t.test('a price that is not above the stop is refused', async (t) => {
  const at = look({ quote: 49_500 })
  t.match(at, { outcome: 'blocked', reasons: ['ABOVE_STOP'] })
  t.match(gateIn(at, 'ABOVE_STOP'), { passed: false, measured: 0, limit: 0 })
  t.match(gateIn(look({ quote: 49_400 }), 'ABOVE_STOP'), { passed: false, measured: -100, limit: 0 })
  t.match(gateIn(look({ quote: 49_501 }), 'ABOVE_STOP'), { passed: true, measured: 1, limit: 0 })
})

t.test('an exit is exempt from all of it', async (t) => {
  const away = { price: 20_000, observedAt: 0 }
  for (const age of [0, 11 * SECOND, 31 * SECOND, 61 * SECOND, 20 * HOUR]) {
    const desk = new Desk(using)
    desk.entry(X, 50_000, ATR)
    desk.fillAll()
    desk.wait(DAY)
    const exit = { type: 'EXIT', instrument: X, label: 'ALL', price: 50_000, reason: null } as const
    const alert = { ...exit, timestamp: desk.now - age, barTime: null, flags: [] }
    const events = desk.alert(alert, false, away)
    t.match(decisionIn(events), { outcome: 'approved', lots: 20, gates: [], sizing: null })
    t.equal(eventsOf(events, 'OrderInitialized').length, 1)
  }
})

const words = { style: plainStyle, currency: 'INR' }

t.test('an explanation tells the second look: price, divergence, growth of the risk and lots', async (t) => {
  const kept = describeDecision(look({ quote: 50_250 }), 'approved', words)
  t.match(kept, /together 20 lots, bound by risk\n/)
  t.match(kept, /second look at the broker's price 50,250: 0\.50 % above the signal's\n/)
  t.match(
    kept,
    /500 points to the stop become 750, 50\.00 % more risk \(at most 50\.00 % is let pass\): still 20 lots/,
  )
  const cut = describeDecision(look({ kind: 'pyramid', quote: 54_540 }), 'approved', words)
  t.match(cut, /together 10 lots, bound by geometric\n/)
  t.match(
    cut,
    /become 1,040, 108\.00 % more risk \(more than 20\.00 %\): 10 lots × 500 ÷ 1,040, floored = 4 lots/,
  )
  t.match(cut, /the second look needed a broker's price of at most 54,500/)
  const fell = describeDecision(look({ quote: 49_900 }), 'approved', words)
  t.match(fell, /49,900: 0\.20 % below the signal's/)
  t.match(fell, /become 400, 20\.00 % less risk/)
  t.match(describeDecision(look({ quote: 50_000 }), 'approved', words), /50,000: the signal's\n/)
  const refused = describeDecision(look({ quote: 51_500 }), 'blocked', words)
  t.match(refused, /SHUT +PRICE_DIVERGENCE +3\.00 % +at most 2\.00 % +the broker's price from the signal's/)
  t.notMatch(describeDecision(look({ quote: null }), 'approved', words), /second look/)
})

t.test('the price that one more lot would have needed is the very threshold', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 251, max: 1000 }), (moved) => {
      const decision = look({ quote: 50_000 + moved })
      const needed = /at most ([\d,.]+)\n/.exec(
        /the second look needed.*\n/.exec(describeDecision(decision, 'approved', words))?.[0] ?? '',
      )?.[1]
      const price = Number(needed?.replaceAll(',', ''))
      const isEnough = look({ quote: price }).lots > decision.lots
      return isEnough && look({ quote: price + 0.02 }).lots <= decision.lots
    }),
    { numRuns: counts.propertyRuns },
  )
})
