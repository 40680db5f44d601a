import fc from 'fast-check'
import t from 'tap'
import { type Decimal, decimal, ZERO } from '../../core/decimal.js'
import type { OrderInitialized } from '../../core/event.js'
import type { Asset } from '../../core/instrument/instrument.js'
import { evolve, step } from '../../core/kernel.js'
import type { OrderReport } from '../../core/order/report.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { holdingId, settledCash } from '../../core/portfolio/holding.js'
import { bookOf, type Portfolio, tradedOf } from '../../core/portfolio/portfolio.js'
import { heldLots } from '../../core/reconcile/compare.js'
import { counts } from '../helpers/counts.js'
import { Desk, eventsOf } from '../helpers/desk.js'
import { settings } from '../helpers/settings.js'

const ASSET = 'TPAY'

/** A portfolio with 100,000 in cash that holds nothing. */
function empty(): Portfolio {
  return new Desk().portfolio
}

function order(portfolio: Portfolio, id: string, side: 'buy' | 'sell', lots: Decimal): string {
  const initialized: OrderInitialized = {
    ...{ type: 'OrderInitialized', orderId: id, decisionId: 'D-1', positionId: holdingId(ASSET) },
    ...{ instrument: ASSET, side, purpose: 'rebalance', orderType: 'market', lots, limitPrice: null },
    ...{ referencePrice: 100, at: portfolio.now, unit: null },
  }
  evolve(portfolio, initialized)
  step(portfolio, { type: 'OrdersDue', id: `X-${id}`, at: portfolio.now, orderIds: [id] })
  return id
}

let told = 0

function report(portfolio: Portfolio, one: OrderReport) {
  told += 1
  return step(portfolio, { type: 'BrokerReported', id: `R-${told}`, at: portfolio.now, reports: [one] })
}

function fill(portfolio: Portfolio, orderId: string, lots: Decimal, price: Decimal, fee = ZERO) {
  told += 1
  const at = portfolio.now
  return report(portfolio, { kind: 'fill', orderId, tradeId: `t-${told}`, lots, price, fee, at })
}

t.test('a purchase is paid from the cash, and a sale books its profit on the average cost', async (t) => {
  const portfolio = empty()
  const before = settledCash(portfolio)
  fill(portfolio, order(portfolio, 'O-1', 'buy', decimal(10)), decimal(10), decimal(100), decimal('0.5'))
  fill(portfolio, order(portfolio, 'O-2', 'buy', decimal(10)), decimal(10), decimal(110))
  t.equal(before.minus(settledCash(portfolio)).toString(), '2100.5')
  t.equal(heldLots(bookOf(portfolio, ASSET)).toString(), '20')
  const sold = fill(
    portfolio,
    order(portfolio, 'O-3', 'sell', decimal(5)),
    decimal(5),
    decimal(120),
    decimal(1),
  )
  t.match(
    eventsOf(sold, 'LedgerPosted').map(({ kind, amount }) => [kind, amount.toString()]),
    [
      ['realizedPnl', '75'],
      ['fee', '-1'],
    ],
  )
  const { holding } = bookOf(portfolio, ASSET)
  t.match(JSON.parse(JSON.stringify(holding)), {
    quantity: '15',
    cost: '1575',
    realizedPnl: '75',
    fees: '1.5',
  })
  bookOf(portfolio, ASSET).market.price = 130
  const { closed, open } = equityOf(portfolio)
  t.equal(open - closed, 15 * 130 - 1575)
  t.equal(
    settledCash(portfolio)
      .plus(decimal(15 * 130))
      .toNumber(),
    open,
    'cash and what is held at its price',
  )
})

t.test('what is held stays known when the configuration leaves it out', async (t) => {
  const facts = { from: '2020-01-01', fromInstant: 0, lotSize: 1, pointValue: 1, marginPerLot: 0, tick: 0.01 }
  const asset: Asset = {
    ...{ name: ASSET, exchange: 'MOEX', zone: 'Europe/Moscow', currency: 'INR', facts: [facts] },
    ...{ quantityStep: 1, minQuantity: 0, minNotional: 0 },
  }
  const desk = new Desk(settings({ assets: [asset, { ...asset, name: 'TRUR' }] }))
  fill(desk.portfolio, order(desk.portfolio, 'O-1', 'buy', decimal(3)), decimal(3), decimal(100))
  desk.give({ type: 'ConfigurationActivated', hash: 'h2', settings: settings() })
  t.match(desk.portfolio.settings?.assets, [{ name: ASSET }])
  t.equal(tradedOf(desk.portfolio, ASSET)?.exchange, 'MOEX')
})

t.test('trading states: reducing sells and buys nothing, halted does neither', async (t) => {
  const denied = (state: 'reducing' | 'halted', side: 'buy' | 'sell') => {
    const portfolio = empty()
    fill(portfolio, order(portfolio, 'O-1', 'buy', decimal(10)), decimal(10), decimal(100))
    portfolio.tradingState = state
    order(portfolio, 'O-2', side, decimal(1))
    return portfolio.orders.get('O-2')?.state
  }
  t.equal(denied('reducing', 'buy'), 'denied')
  t.equal(denied('reducing', 'sell'), 'submitted')
  t.equal(denied('halted', 'sell'), 'denied')
})

t.test('what was not held is not sold: the fill is booked, and the instrument is locked', async (t) => {
  const portfolio = empty()
  fill(portfolio, order(portfolio, 'O-1', 'buy', decimal(3)), decimal(3), decimal(100))
  const events = fill(portfolio, order(portfolio, 'O-2', 'sell', decimal(5)), decimal(5), decimal(120))
  t.match(eventsOf(events, 'AlarmRaised'), [{ code: 'OVERSOLD' }])
  t.equal(bookOf(portfolio, ASSET).holding?.quantity.toString(), '0')
  t.equal(bookOf(portfolio, ASSET).holding?.realizedPnl.toString(), '60', 'of what was held')
  t.not(bookOf(portfolio, ASSET).lock, null)
})

t.test('whatever is bought and sold, cash and cost are the money that was there, exactly', async () => {
  const amount = fc.integer({ min: 1, max: 99_999 }).map((hundredths) => decimal(hundredths / 100))
  const trade = fc.record({ isBuy: fc.boolean(), lots: amount, price: amount, fee: amount })
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 12 }), (trades) => {
      const portfolio = empty()
      let cash = settledCash(portfolio)
      let held = ZERO
      trades.forEach(({ isBuy, lots, price, fee }, index) => {
        const quantity = isBuy || lots.isLessThan(held) ? lots : held
        if (quantity.isZero()) return
        fill(
          portfolio,
          order(portfolio, `O-${index}`, isBuy ? 'buy' : 'sell', quantity),
          quantity,
          price,
          fee,
        )
        const value = quantity.times(price)
        cash = (isBuy ? cash.minus(value) : cash.plus(value)).minus(fee)
        held = isBuy ? held.plus(quantity) : held.minus(quantity)
      })
      const holding = bookOf(portfolio, ASSET).holding
      return settledCash(portfolio).equals(cash) && (holding?.quantity ?? ZERO).equals(held)
    }),
    { numRuns: counts.propertyRuns },
  )
})
