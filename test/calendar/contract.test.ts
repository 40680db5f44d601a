import t from 'tap'
import {
  bankNiftyLot,
  bankNiftyLotsByDate,
  contractOf,
  contractToTrade,
  daysToRoll,
  expiryOf,
  isProduct,
  leaveOn,
  nearestContract,
  PRODUCTS,
  type Product,
  rollsOn,
} from '../../core/instrument/contract.js'
import { DAY, localDate, parseInstant } from '../../core/time.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'

const calendar = builtInCalendar()

function expiriesOf(
  product: Product,
  year: number,
  months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
): string[] {
  return months.map((month) =>
    expiryOf(product, `${year}-${String(month).padStart(2, '0')}`, calendar).slice(5),
  )
}

t.test(
  'Bank Nifty expires on the last Thursday, from September 2025 Tuesday, or the day before a holiday',
  async (t) => {
    const of2025 = '01-30 02-27 03-27 04-24 05-29 06-26 07-31 08-28 09-30 10-28 11-25 12-30'
    const of2026 = '01-27 02-24 03-30 04-28 05-26 06-30 07-28 08-25 09-29 10-27 11-23 12-29'
    t.same(expiriesOf('BANK_NIFTY', 2025), of2025.split(' '))
    t.same(expiriesOf('BANK_NIFTY', 2026), of2026.split(' '))
    t.equal(expiryOf('BANK_NIFTY', '2024-06', calendar), '2024-06-26', 'a Wednesday')
    t.equal(expiryOf('BANK_NIFTY', '2023-06', calendar), '2023-06-29', 'a Thursday')
  },
)

t.test('metals expire on their day, or on the trading day before it', async (t) => {
  const gold2025 = '01-03 02-05 03-05 04-04 05-05 06-05 07-04 08-05 09-05 10-03 11-05 12-05'
  const gold2026 = '01-05 02-05 03-05 04-02 05-05 06-05 07-03 08-05 09-04 10-05 11-05 12-04'
  t.same(expiriesOf('GOLD_MINI', 2025), gold2025.split(' '))
  t.same(expiriesOf('GOLD_MINI', 2026), gold2026.split(' '))
  t.same(expiriesOf('SILVER_MINI', 2026, [2, 4, 6, 8, 11]), ['02-27', '04-30', '06-30', '08-31', '11-30'])
  t.same(expiriesOf('COPPER', 2026, [1, 2, 5, 8, 10, 12]), [
    '01-30',
    '02-27',
    '05-29',
    '08-31',
    '10-30',
    '12-31',
  ])
  t.throws(() => contractOf('SILVER_MINI', '2026-10', calendar), {
    message: /SILVER_MINI has no contract of 2026-10/,
  })
})

t.test('an expiry that rests on unknown dates, or on a half day, is not certain', async (t) => {
  t.equal(contractOf('GOLD_MINI', '2026-04', calendar).isCertain, true)
  t.same(contractOf('GOLD_MINI', '2027-01', calendar), {
    product: 'GOLD_MINI',
    month: '2027-01',
    expiry: '2027-01-05',
    isCertain: false,
  })
  t.equal(contractOf('COPPER', '2026-03', calendar).isCertain, false, '31 March trades in the evening only')
  t.equal(contractOf('GOLD_MINI', '2026-04', { version: '', exchanges: {} }).expiry, '2026-04-03')
})

t.test('new orders leave a contract in time, also when its expiry moved off a weekend', async (t) => {
  const month = (product: Product, date: string) => contractToTrade(product, date, calendar).month
  t.equal(month('GOLD_MINI', '2026-03-26'), '2026-04')
  t.equal(rollsOn(contractOf('GOLD_MINI', '2026-04', calendar), calendar), '2026-03-27')
  t.equal(month('GOLD_MINI', '2026-03-27'), '2026-05', 'three trading days lie between')
  t.equal(month('GOLD_MINI', '2026-04-04'), '2026-05', 'the contract expired on 2 April')
  t.equal(month('SILVER_MINI', '2026-02-13'), '2026-02')
  t.equal(month('SILVER_MINI', '2026-02-16'), '2026-04')
  t.equal(month('COPPER', '2026-01-30'), '2026-02')
  t.equal(month('COPPER', '2026-12-31'), '2027-01')
  t.equal(month('BANK_NIFTY', '2026-11-12'), '2026-11')
  t.equal(month('BANK_NIFTY', '2026-11-13'), '2026-12', 'expiry on Monday 23 November')
})

t.test(
  'on no date is an expired or a nearly expired contract traded, and contracts follow in order',
  async (t) => {
    for (const product of PRODUCTS) {
      let last = ''
      for (let day = parseInstant('2025-01-01')! / DAY; day <= parseInstant('2027-03-31')! / DAY; day++) {
        const date = localDate(day * DAY)
        const contract = contractToTrade(product, date, calendar)
        const nearest = nearestContract(product, date, calendar)
        const isSound =
          contract.expiry > date &&
          rollsOn(contract, calendar) > date &&
          nearest.expiry >= date &&
          nearest.month <= contract.month &&
          contract.month >= last
        if (!isSound) t.fail(`${product} ${date}: ${contract.month} expires ${contract.expiry}`)
        last = contract.month
      }
    }
  },
)

t.test('positions leave before the tender period', async (t) => {
  const gold = contractOf('GOLD_MINI', '2026-05', calendar)
  t.equal(leaveOn(gold), '2026-04-28')
  t.equal(daysToRoll(gold, '2026-04-20'), 8)
  t.equal(daysToRoll(gold, '2026-04-28'), 0)
  t.equal(daysToRoll(contractOf('BANK_NIFTY', '2026-01', calendar), '2026-01-22'), -1)
})

t.test('a lot of Bank Nifty goes by the contract, not by the date of the trade', async (t) => {
  const lots = [
    '2023-06',
    '2023-07',
    '2025-01',
    '2025-02',
    '2025-06',
    '2025-07',
    '2025-12',
    '2026-01',
    '2026-12',
  ]
  t.same(lots.map(bankNiftyLot), [25, 15, 15, 30, 30, 35, 35, 30, 30])
  const byDate = bankNiftyLotsByDate(calendar)
  t.same(byDate.slice(-4), [
    { from: '2023-06-21', lotSize: 15 },
    { from: '2025-01-22', lotSize: 30 },
    { from: '2025-06-18', lotSize: 35 },
    { from: '2025-12-19', lotSize: 30 },
  ])
  for (const { from, lotSize } of byDate.slice(-3)) {
    t.equal(bankNiftyLot(contractToTrade('BANK_NIFTY', from, calendar).month), lotSize, from)
    const dayBefore = localDate(parseInstant(from)! - DAY)
    t.not(bankNiftyLot(contractToTrade('BANK_NIFTY', dayBefore, calendar).month), lotSize, dayBefore)
  }
  t.equal(isProduct('GOLD_MINI'), true)
  t.equal(isProduct('BITCOIN'), false)
})
