import t from 'tap'
import { decimal } from '../../../core/decimal.js'
import type { Decision } from '../../../core/decision.js'
import type { PortfolioEvent } from '../../../core/event.js'
import { equityOf } from '../../../core/portfolio/equity.js'
import { settledCash, unassignedCash } from '../../../core/portfolio/holding.js'
import { DAY, HOUR, SECOND } from '../../../core/time.js'
import { copyState, encodeState } from '../../../server/journal/codec/state-codec.js'
import { builtInCalendar } from '../../../server/market/calendar/effective-calendar.js'
import { type CellChanges, CellDesk, cell, cellSettings } from '../../helpers/cells.js'
import { alarmsIn, decisionIn, decisionsIn, eventsOf } from '../../helpers/desk.js'

function desk(changes: CellChanges = {}, deposit = 10_000): CellDesk {
  return new CellDesk(cellSettings([cell('KO', changes)]), deposit)
}

function reasonOf(events: readonly PortfolioEvent[]): string {
  return decisionIn(events).reasons.join(' ')
}

function evaluationOf(events: readonly PortfolioEvent[]): NonNullable<Decision['evaluation']> {
  const { evaluation } = decisionIn(events)
  if (evaluation === undefined) throw new Error('the decision has no evaluation')
  return evaluation
}

/** A cell of 50 shares at 100 and 5,000 in cash. */
function half(changes: CellChanges = {}): CellDesk {
  const room = desk({ initialStock: 0.5, ...changes })
  room.price('KO', 100)
  room.settle()
  return room
}

t.test(
  'the first price anchors; the cell starts with stock, and from then on follows the moves',
  async (t) => {
    const room = desk({ initialStock: 0.5 })
    const first = room.price('KO', 100)
    t.match(eventsOf(first, 'CellAnchored'), [{ cause: 'firstPrice' }])
    t.match(evaluationOf(first), { wantedBecause: 'initial_stock', orderShares: '50', stockShareAfter: 0.5 })
    t.match(room.settle(), [{ type: 'OrderFilled' }, { type: 'CellAnchored', cause: 'fill' }])
    t.equal(reasonOf(room.price('KO', 101)), 'WITHIN_TRIGGERS')
    t.same(room.price('KO', 102), [], 'another price between the triggers is not recorded')
    t.equal(decisionIn(room.evaluate('KO', 102)).outcome, 'ignored', 'but somebody who asks is told')
    const sale = room.wait(1000).price('KO', 103)
    // (100 ÷ 103 − 1) × 1.6667 × 10,150 ÷ 103
    t.match(evaluationOf(sale), {
      side: 'sell',
      wantedBecause: 'trigger',
      rawShares: /^4\.78376/,
      orderShares: '4.783',
    })
    room.settle()
    t.equal(room.book('KO').cell?.anchor?.toString(), '103')
    t.equal(room.book('KO').holding?.quantity.toString(), '45.217')
    t.equal(room.book('KO').cell?.cash.toString(), `${5000 + 4.783 * 103}`)
    t.ok(unassignedCash(room.portfolio).isZero(), 'the cash of the cell is the cash of the portfolio')
  },
)

t.test('why nothing is done is said: closed, at work, too small, too poor, too many, too much', async (t) => {
  const small = desk()
  small.price('KO', 100)
  t.equal(reasonOf(small.price('KO', 103)), 'NOTHING_TO_SELL')
  t.equal(reasonOf(half({ orders: { minNotional: '1000' } }).price('KO', 103)), 'BELOW_MIN_NOTIONAL')
  t.equal(reasonOf(half({ guardrails: { maxOrdersPerDay: 1 } }).price('KO', 103)), 'MAX_ORDERS_PER_DAY')
  t.equal(reasonOf(half({ guardrails: { maxDailyNotional: '5000' } }).price('KO', 103)), 'MAX_DAILY_NOTIONAL')
  const busy = half()
  busy.price('KO', 103)
  t.equal(reasonOf(busy.price('KO', 103.1)), 'ORDER_AT_WORK')
  t.same(busy.price('KO', 103.2), [], 'said once')
  const reduced = half()
  reduced.trade('reducing')
  t.equal(reasonOf(reduced.price('KO', 97)), 'TRADING_STATE')
  t.equal(decisionIn(reduced.price('KO', 103)).outcome, 'approved', 'a sale reduces')
  const old = half()
  t.equal(reasonOf(old.wait(61 * SECOND).price('KO', 103, old.now - 61 * SECOND)), 'PRICE_STALE')
  t.equal(reasonOf(half().evaluate('KO', 120)), 'PRICE_SUSPECT', 'more than a tenth from the last')
  t.equal(reasonOf(half().evaluate('PEP', 120)), 'NOT_A_CELL')
  for (const price of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const room = half()
    t.equal(reasonOf(room.evaluate('KO', price)), 'PRICE_INVALID')
    t.equal(room.book('KO').market.price, 100)
  }
})

t.test(
  'a far price counts when another one agrees, and beyond half of the anchor the cell is halted',
  async (t) => {
    const room = half()
    t.same(alarmsIn(room.price('KO', 160)), ['PRICE_SUSPECT'])
    const seen = room.wait(1000).price('KO', 161)
    t.same(alarmsIn(seen), ['CELL_HALTED'])
    t.equal(reasonOf(seen), 'ANCHOR_ANOMALY')
    t.equal(reasonOf(room.wait(1000).price('KO', 162)), 'CELL_HALTED')
    t.equal(room.book('KO').cell?.anchor?.toString(), '100', 'the anchor never moves by itself')
    room.command({ kind: 'setAnchor', instrument: 'KO', price: decimal(160), reason: 'it rose' })
    t.equal(reasonOf(room.wait(1000).price('KO', 161)), 'WITHIN_TRIGGERS')
  },
)

t.test('an order whose price moved on is decided again before it is sent, three times at most', async (t) => {
  const room = half()
  room.price('KO', 103)
  const [order] = room.book('KO').rebalanceOrderIds
  room.wait(100).price('KO', 103.5)
  const again = room.give({ type: 'OrdersDue', orderIds: [order!] })
  t.match(eventsOf(again, 'OrderDenied'), [{ orderId: order }])
  t.match(evaluationOf(again), { price: 103.5, attempt: 1 })
  t.equal(room.book('KO').cell?.today.count, 2, 'what was never sent does not count, the first purchase does')
  for (const price of [104, 104.5]) {
    room.wait(100).price('KO', price)
    room.give({ type: 'OrdersDue', orderIds: [...room.book('KO').rebalanceOrderIds] })
  }
  room.wait(100).price('KO', 105)
  const given = room.give({ type: 'OrdersDue', orderIds: [...room.book('KO').rebalanceOrderIds] })
  t.equal(reasonOf(given), 'PRICE_DRIFT')
  t.same(room.book('KO').rebalanceOrderIds, [])
  room.wait(100).price('KO', 105.1)
  t.equal(room.send().length, 1, 'the next price may trade again')
})

t.test('an order that comes back inside the triggers while it waits is not sent', async (t) => {
  const room = half()
  room.price('KO', 103)
  room.price('KO', 101)
  const again = room.give({ type: 'OrdersDue', orderIds: [...room.book('KO').rebalanceOrderIds] })
  t.equal(reasonOf(again), 'WITHIN_TRIGGERS')
  t.same(room.book('KO').rebalanceOrderIds, [])
})

t.test('an operator orders, and what would have to be trimmed is refused', async (t) => {
  const room = half()
  const order = (side: 'buy' | 'sell', shares: number) =>
    room.command({ kind: 'cellOrder', instrument: 'KO', side, shares: decimal(shares), reason: 'a test' })
  t.equal(reasonOf(order('buy', 26)), 'MAX_STOCK')
  t.equal(reasonOf(order('buy', 51)), 'MAX_STOCK')
  t.equal(reasonOf(order('sell', 51)), 'MIN_STOCK')
  t.equal(reasonOf(order('sell', 0.5)), 'BELOW_MIN_NOTIONAL')
  t.equal(reasonOf(order('sell', 1.00001)), 'NOT_A_WHOLE_STEP')
  t.equal(reasonOf(order('sell', -1)), 'AMOUNT_NOT_ABOVE_ZERO')
  t.equal(decisionIn(order('sell', 10)).outcome, 'approved')
  t.equal(reasonOf(order('sell', 10)), 'ORDER_AT_WORK')
  room.price('KO', 102)
  t.equal(room.send().length, 1, 'an operator’s order is sent as it was ordered')
})

t.test('a dividend is announced, goes ex, and is paid, each once', async (t) => {
  const room = half()
  const [exDate, payDate] = ['2026-01-07', '2026-01-20']
  const announce = {
    instrument: 'KO',
    perShare: decimal('0.82'),
    withholdingRate: decimal('0.25'),
    exDate,
    payDate,
  }
  t.equal(reasonOf(room.command({ kind: 'announceDividend', ...announce })), 'ANNOUNCED')
  t.equal(reasonOf(room.command({ kind: 'announceDividend', ...announce })), 'ALREADY_SO')
  const other = { ...announce, perShare: decimal(1) }
  t.equal(reasonOf(room.command({ kind: 'announceDividend', ...other })), 'ANNOUNCED_OTHERWISE')
  t.equal(reasonOf(room.command({ kind: 'goExDividend', instrument: 'KO', exDate })), 'EX_DATE_TO_COME')
  t.equal(reasonOf(room.command({ kind: 'payDividend', instrument: 'KO', exDate })), 'NOT_EX_YET')
  room.wait(2 * DAY)
  const ex = room.price('KO', 99.5)
  t.match(
    eventsOf(ex, 'DividendWentEx').map(({ net, anchor }) => [`${net}`, `${anchor}`]),
    [['30.75', '99.18']],
  )
  t.equal(reasonOf(room.command({ kind: 'goExDividend', instrument: 'KO', exDate })), 'ALREADY_SO')
  const { cell: state } = room.book('KO')
  t.equal(state?.cash.toString(), '5000')
  t.equal(state?.receivable.toString(), '30.75')
  t.equal(equityOf(room.portfolio).open, 5000 + 50 * 99.5 + 30.75)
  const paid = room.command({ kind: 'payDividend', instrument: 'KO', exDate })
  t.match(
    eventsOf(paid, 'LedgerPosted').map(({ kind, amount }) => [kind, `${amount}`]),
    [
      ['dividend', '41'],
      ['tax', '-10.25'],
    ],
  )
  t.equal(reasonOf(room.command({ kind: 'payDividend', instrument: 'KO', exDate })), 'ALREADY_SO')
  t.equal(state?.cash.toString(), '5030.75')
  t.ok(state?.receivable.isZero())
  t.equal(settledCash(room.portfolio).toString(), '5030.75')
  const correct = { kind: 'correctDividend', instrument: 'KO', exDate, reason: 'the treaty' } as const
  const fixed = room.command({ ...correct, perShare: null, withholdingRate: decimal('0.15'), payDate: null })
  t.match(
    eventsOf(fixed, 'LedgerPosted').map(({ kind, amount }) => [kind, `${amount}`]),
    [['tax', '4.1']],
  )
  t.equal(state?.cash.toString(), '5034.85')
  t.equal(state?.anchor?.toString(), '99.18')
})

t.test('what was held at the close before the ex-date counts, however late it is told', async (t) => {
  const room = half()
  room.wait(2 * DAY).price('KO', 104)
  room.settle()
  const sold = room.book('KO').holding?.quantity.toString()
  t.not(sold, '50')
  const exDate = '2026-01-07'
  const announce = {
    instrument: 'KO',
    perShare: decimal(1),
    withholdingRate: decimal(0),
    exDate,
    payDate: exDate,
  }
  room.command({ kind: 'announceDividend', ...announce })
  const ex = room.command({ kind: 'payDividend', instrument: 'KO', exDate })
  t.equal(eventsOf(ex, 'DividendWentEx')[0]?.shares.toString(), '50')
  t.equal(
    room.book('KO').cell?.anchor?.toString(),
    '104',
    'a price of the ex-date is without the dividend already',
  )
})

t.test('bad dates and amounts of dividends are refused, and nothing is booked', async (t) => {
  const room = half()
  const good = {
    perShare: decimal(1),
    withholdingRate: decimal(0),
    exDate: '2026-01-07',
    payDate: '2026-01-07',
  }
  const announce = (changes: object) =>
    reasonOf(room.command({ kind: 'announceDividend', instrument: 'KO', ...good, ...changes }))
  const before = encodeState(room.portfolio)
  t.equal(announce({ perShare: decimal(-1) }), 'AMOUNT_NOT_ABOVE_ZERO')
  t.equal(announce({ withholdingRate: decimal('1.1') }), 'RATE_NOT_A_FRACTION')
  t.equal(announce({ exDate: '2026-02-30' }), 'DATE_UNKNOWN')
  t.equal(announce({ payDate: '2026-01-06' }), 'PAID_BEFORE_EX_DATE')
  t.equal(announce({ instrument: 'PEP' }), 'NOT_A_CELL')
  t.equal(encodeState(room.portfolio), before)
})

t.test('a split changes shares and anchor, once, and the price that is known', async (t) => {
  const room = half()
  const split = { kind: 'splitShares', instrument: 'KO', exDate: '2026-01-05', ratio: decimal(4) } as const
  t.equal(reasonOf(room.command(split)), 'SPLIT')
  t.equal(reasonOf(room.command(split)), 'ALREADY_SO')
  const { cell: state, holding, market } = room.book('KO')
  t.match(
    [holding?.quantity.toString(), holding?.cost.toString(), state?.anchor?.toString()],
    ['200', '5000', '25'],
  )
  t.equal(market.price, 25)
  t.equal(reasonOf(room.price('KO', 25.1)), 'WITHIN_TRIGGERS')
})

t.test(
  'a breach is told and the fill booked; what would deepen it is refused, what mends it is not',
  async (t) => {
    const room = half({ orders: { minNotional: '0' } })
    room.price('KO', 97)
    const [id] = room.send()
    const lots = decimal(30)
    const fill = room.report({
      ...{
        kind: 'fill',
        orderId: id!,
        tradeId: 't-1',
        lots,
        price: decimal(97),
        fee: decimal(0),
        at: room.now,
      },
    })
    t.ok(alarmsIn(fill).includes('GUARDRAIL_BREACH'))
    t.equal(room.book('KO').holding?.quantity.toString(), '80')
    room.command({ kind: 'unlock', instrument: 'KO', reason: 'looked at' })
    t.equal(reasonOf(room.wait(1000).price('KO', 94)), 'AT_OR_ABOVE_MAX_STOCK')
    t.equal(decisionIn(room.wait(1000).price('KO', 100)).outcome, 'approved')
  },
)

t.test('cells are funded out of what is in no cell, and withdrawals leave theirs alone', async (t) => {
  const room = new CellDesk(cellSettings([cell('KO'), cell('PEP')]), 15_000)
  t.not(room.book('KO').cell, null)
  t.equal(room.book('PEP').cell, null)
  t.equal(reasonOf(room.evaluate('PEP', 100)), 'NOT_FUNDED')
  const withdraw = { kind: 'cash', movement: 'withdrawal', amount: decimal(6000), note: null } as const
  t.equal(reasonOf(room.command(withdraw)), 'INSUFFICIENT_CASH')
  const fund = (amount: number) =>
    room.command({ kind: 'fundCell', instrument: 'KO', amount: decimal(amount), reason: 'a test' })
  t.equal(reasonOf(fund(5001)), 'INSUFFICIENT_CASH')
  t.equal(reasonOf(fund(-10_001)), 'INSUFFICIENT_CASH')
  t.equal(reasonOf(fund(-5000)), 'TAKEN_OUT')
  t.equal(room.book('KO').cell?.cash.toString(), '5000')
  const deposit = { kind: 'cash', movement: 'deposit', amount: decimal(1), note: null } as const
  t.equal(eventsOf(room.command(deposit), 'CellOpened').length, 1, 'there is enough for the second one')
})

t.test(
  'orders leave in the sessions of New York, in summer and winter, and around them where that is allowed',
  async (t) => {
    const at = (instant: number, afterHours: boolean, price = 97) => {
      const using = cellSettings([cell('KO', { afterHours })], { hours: 'exchange' })
      const room = new CellDesk(using, 10_000, instant)
      room.give({ type: 'CalendarImported', calendar: builtInCalendar() })
      room.price('KO', 100)
      return reasonOf(room.price('KO', price))
    }
    const [summer, winter] = [Date.UTC(2026, 6, 8), Date.UTC(2026, 0, 7)]
    t.equal(at(summer + 13.5 * HOUR, false), 'TRIGGER')
    t.equal(at(winter + 13.5 * HOUR, false), 'MARKET_CLOSED')
    t.equal(at(summer + 20.5 * HOUR, false), 'MARKET_CLOSED')
    t.equal(at(winter + 20.5 * HOUR, false), 'TRIGGER')
    t.equal(at(summer + 20.5 * HOUR, true), 'TRIGGER')
    t.equal(at(summer + 6 * HOUR, true), 'MARKET_CLOSED')
    t.equal(at(Date.UTC(2026, 0, 10, 15), true), 'MARKET_CLOSED', 'a Saturday')
  },
)

t.test('the state survives its codec, and a fold of the log is the state', async (t) => {
  const room = half()
  room.command({
    ...{ kind: 'announceDividend', instrument: 'KO', perShare: decimal(1), withholdingRate: decimal(0) },
    ...{ exDate: '2026-01-06', payDate: '2026-01-06' },
  })
  room.wait(DAY).price('KO', 103)
  room.settle()
  room.command({ kind: 'payDividend', instrument: 'KO', exDate: '2026-01-06' })
  t.equal(encodeState(copyState(room.portfolio)), encodeState(room.portfolio))
  t.equal(encodeState(room.refold()), encodeState(room.portfolio))
  t.ok(
    decisionsIn(room.log.flatMap(({ events }) => events)).every(
      ({ versions }) => versions.configuration === 'h1',
    ),
  )
})

t.test('a split that is told of after its price ends the halt that the price made', async (t) => {
  const room = half()
  room.price('KO', 25)
  t.same(alarmsIn(room.wait(1000).price('KO', 25.2)), ['CELL_HALTED'])
  room.command({ kind: 'splitShares', instrument: 'KO', exDate: '2026-01-05', ratio: decimal(4) })
  t.equal(room.book('KO').market.price, 25.2, 'it was a price of the new shares')
  t.equal(reasonOf(room.wait(1000).price('KO', 25.1)), 'WITHIN_TRIGGERS')
  t.equal(encodeState(room.refold()), encodeState(room.portfolio))
})
