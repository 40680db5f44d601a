import t from 'tap'
import { decimal } from '../../core/decimal.js'
import { type Option, optionName } from '../../core/instrument/synthetic.js'
import { optionSymbol, readOptionSymbol } from '../../server/brokers/openalgo/option-symbol.js'
import { type DoubleContract, listedOptions } from '../helpers/openalgo-server.js'
import { BANK_NIFTY } from '../helpers/settings.js'
import type { Teardown } from '../helpers/temporary-directory.js'
import { newOrder, openAccount } from './openalgo-account.js'

const CALL: Option = { underlying: 'BANK_NIFTY', kind: 'call', strike: 52_000, expiry: '2026-12-29' }
const synthetic = { strikeStep: 500, legPolicy: 'complete', legAttempts: 3 } as const

function open(t: Teardown, changes: Partial<DoubleContract> = {}) {
  const contracts = listedOptions('29-DEC-26', 52_000).map((one) => ({ ...one, ...changes }))
  return openAccount(t, { contracts, instruments: [{ ...BANK_NIFTY, exchange: 'NFO', synthetic }] })
}

function buy(option = CALL, pointValue = 30) {
  const of = { instrument: optionName(option), option, lots: decimal(2) }
  return newOrder({ ...of, referencePrice: 52_030, pointValue, tick: 0.05 })
}

const soon = () => AbortSignal.timeout(30_000)

t.test('an option is asked for by its symbol, in units, a little beyond the other side', async (t) => {
  const { broker, double } = await open(t)
  const request = buy()
  t.match(await broker.submit(request, soon()), { kind: 'accepted' })
  t.match(double.orders, [
    { symbol: 'BANKNIFTY29DEC2652000CE', exchange: 'NFO', quantity: 60, price: 401.45 },
  ])
  const [shown] = await broker.orders(0)
  t.match(shown, { instrument: request.instrument, side: 'buy', status: 'filled' })
  t.equal(`${shown!.lots}`, '2')
  t.same(
    shown!.fills.map(({ price, lots }) => [`${price}`, `${lots}`]),
    [['400', '2']],
  )
  t.same(Object.keys(await broker.positions()), [request.instrument])
})

t.test('what is not certain is not sent', async (t) => {
  const other = await open(t)
  t.match(await other.broker.submit(buy(CALL, 35), soon()), {
    kind: 'notSent',
    cause: /a lot of 30 .* one of 35/,
  })
  t.match(await other.broker.submit(buy({ ...CALL, strike: 53_000 }), soon()), { kind: 'notSent' })
  const strange = await open(t, { strike: 51_000 })
  t.match(await strange.broker.submit(buy(), soon()), { kind: 'notSent', cause: /as something else/ })
  for (const isTold of [true, false]) {
    const { broker, double, incidents } = await open(t, { price: 20_000 })
    if (!isTold) double.intercept('quotes', () => ({ status: 500, body: { status: 'error', message: 'x' } }))
    t.match(await broker.submit(buy(), soon()), {
      kind: 'notSent',
      cause: /no credible price of BANKNIFTY29DEC26/,
    })
    t.match(incidents, [{ code: 'BROKER_CONTRACT', instrument: 'BANK_NIFTY' }])
    t.same(double.orders, [])
  }
})

// Faults: T01
t.test('a clock that is far from ours holds up what opens two legs, and not what closes them', async (t) => {
  const { broker, double } = await open(t)
  double.aheadBy = 45_000
  t.match(await broker.submit(buy(), soon()), { kind: 'notSent', cause: /no entry is sent/ })
  t.match(await broker.submit(buy({ ...CALL, kind: 'put' }), soon()), { kind: 'accepted' })
})

t.test('an examination looks at the options of the next entry', async (t) => {
  const { broker } = await open(t)
  const found = (await broker.examine()).find(({ check }) => check === 'BANK_NIFTY')
  t.match(found, {
    severity: 'ok',
    found:
      /BANKNIFTY29DEC26FUT last 52030; BANKNIFTY29DEC2652000CE last 400, quantity 30 a lot, at most 600 an order; .*PE last 370/,
  })
  const { broker: wrong } = await open(t, { lotsize: 35 })
  const told = (await wrong.examine()).find(({ check }) => check === 'BANK_NIFTY')
  t.match(told, { severity: 'failure' })
})

t.test('symbols of options are spelled and read', async (t) => {
  for (const strike of [52_000, 292.5]) {
    for (const kind of ['call', 'put'] as const) {
      const symbol = optionSymbol('BANKNIFTY', { strike, kind, expiry: '2026-12-29' })
      t.same(readOptionSymbol(symbol), { base: 'BANKNIFTY', expiry: '2026-12-29', strike, kind })
    }
  }
  t.equal(readOptionSymbol('BANKNIFTY29DEC26FUT'), null)
  t.equal(readOptionSymbol('BANKNIFTY99XXX9952000CE')?.expiry, null)
})
