import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import type { ExportedTrade } from '../../core/backtest/exported-trade.js'
import { isoInstant } from '../../core/time.js'
import { CsvError } from '../../server/csv/csv-error.js'
import { readNumber } from '../../server/csv/number-field.js'
import { readRecords } from '../../server/csv/records.js'
import { readEntrySignal } from '../../server/csv/signal.js'
import { chartZone, readTime, timeReader } from '../../server/csv/time-field.js'
import { readTradesExport, type TradesExport } from '../../server/csv/trades-export.js'
import { counts } from '../helpers/counts.js'

const data = new URL('../../../test/data/', import.meta.url)
const bankNifty = readFileSync(new URL('trades-bank-nifty.csv', data))
const goldMini = readFileSync(new URL('trades-gold-mini.csv', data))
const offset = chartZone('Asia/Kolkata')!.localOffset

function read(content: Buffer | string, instrument = 'BANK_NIFTY'): TradesExport {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return readTradesExport({ file: 'export.csv', bytes, instrument, offset })
}

/** What a trade says apart from where it stands in its file. */
function story(trade: ExportedTrade) {
  const { line: _entryLine, ...entry } = trade.entry
  const exit = trade.exit === null ? null : { ...trade.exit, line: 0 }
  return { ...trade, file: '', entry, exit }
}

t.test('a real export is read to the last row', async (t) => {
  const { trades, rejected, rows, currency } = read(bankNifty)
  t.equal(rows, 76)
  t.equal(trades.length, 38)
  t.equal(currency, 'INR')
  t.same(rejected, [])
  t.match(trades[0], {
    number: 1,
    instrument: 'BANK_NIFTY',
    quantity: 15,
    entry: { line: 3, price: 4596.25 },
    signal: { kind: 'base', label: 'Long_1', atr: null, er: null, stop: null },
    exit: { line: 2, price: 4456.55, reason: 'EXIT - Basso Stop', open: false },
    statedNet: -75718.86,
  })
  t.equal(isoInstant(trades[0]!.entry.barOpen), '2009-02-13T07:45:00.000Z', '13:15 in India')
  t.match(trades[12], { number: 13, signal: { kind: 'pyramid', label: 'Long_4' } })
  t.match(trades.at(-1), { number: 825, exit: { reason: 'Open', open: true, price: 58538.2 } })
  t.equal(read(goldMini, 'GOLD_MINI').trades.length, 24)
})

t.test('every header that TradingView has used means the same', async (t) => {
  const plain = bankNifty.toString('utf8').replace('\uFEFF', '')
  const expected = read(bankNifty).trades.map(story)
  const [header, ...rows] = plain.split('\n')
  const headers = [
    header!.replace('Trade #', 'Trade number').replace('Date/Time', 'Date and time'),
    header!
      .replace('Price INR', 'Price')
      .replace('Position size (qty)', 'Contracts')
      .replace('Net P&L INR', 'Profit'),
    header!.replace('Position size (qty)', 'Size (qty)').replace('Net P&L INR', 'Net PnL INR'),
    header!.replace('Run-up INR', 'Favorable excursion INR').replace('Drawdown INR', 'Adverse excursion INR'),
    header!.toUpperCase(),
  ]
  for (const name of headers)
    t.same(read([name, ...rows].join('\n')).trades.map(story), expected, name.slice(0, 80))
  t.same(
    read(`\uFEFF${[header, ...rows].join('\r\n')}\r\n`).trades.map(story),
    expected,
    'with carriage returns',
  )
  t.same(read([header, ...rows].join('\r')).trades.map(story), expected, 'with carriage returns only')
})

t.test(
  'quoted fields, thousands, brackets, dashes and blanks are read as TradingView means them',
  async (t) => {
    const { trades, rejected } = read(
      [
        'Trade #,Type,Signal,Date/Time,Price USDT,Contracts,Profit USDT,Profit %',
        '1,Entry long,"ENTRY-10L, ""first""",2024-01-03 15:00,"1,142,150.50","1,000",—,—',
        '1,Exit long,"EXIT - Basso, Stop",2024-01-05 09:00,"1,043,980.10","1,000",(124.75),(0.3)',
        '',
        '2,Entry Long,ENTRY-2L,2024-01-06T09:00:00+05:30,₹41000.5,2 INR,,',
        '2,exit long,Open,Open,,2,,',
        '3,Entry long,PYR1-1L|ATR:350|ER:0.82|STOP:51650|ST:51650|POS:Long_3|HI:52500,2024-01-08,42000,1,,',
        ',,,,,,,',
      ].join('\n'),
    )
    t.same(rejected, [])
    t.match(trades[0], {
      quantity: 1000,
      entry: { price: 1142150.5 },
      exit: { price: 1043980.1 },
      statedNet: -124.75,
    })
    t.equal(trades[0]?.exit?.reason, 'EXIT - Basso, Stop')
    t.match(
      trades[1],
      { quantity: 2, entry: { price: 41000.5 }, exit: null },
      'an open trade without a price',
    )
    t.equal(isoInstant(trades[1]!.entry.barOpen), '2024-01-06T03:30:00.000Z')
    t.match(trades[2], {
      signal: { kind: 'pyramid', label: 'Long_3', atr: 350, er: 0.82, stop: 51650 },
      exit: null,
    })
  },
)

t.test('no row is dropped silently', async (t) => {
  const header = 'Trade #,Type,Signal,Date/Time,Price,Contracts,Profit'
  const { trades, rejected, rows } = read(
    [
      header,
      '1,Entry long,ENTRY-1L,2024-01-03 15:00,100,1,',
      '1,Exit long,EXIT,2024-01-03 16:00,110,1,10',
      '2,Entry short,S,2024-01-04 15:00,100,1,',
      '2,Exit short,X,2024-01-04 16:00,110,1,-10',
      '3,Exit long,EXIT,2024-01-05 16:00,110,1,10',
      '4,Entry long,ENTRY-1L,2024-01-05 15:00,1,234,1,',
      '5,Entry long,ENTRY-1L,2024-01-06 15:00,abc,1,',
      '5,Exit long,EXIT,2024-01-06 16:00,110,1,10',
      '6,Entry long,ENTRY-1L,02/03/2024 15:00,100,1,',
      '7,Entry long,ENTRY-1L|STOP:low,2024-01-07 15:00,100,1,',
      '1,Entry long,ENTRY-1L,2024-01-08 15:00,100,1,',
      '8,Entry long,ENTRY-1L,2024-01-09 15:00,100,1,',
      '8,Exit long,EXIT,2024-01-08 15:00,100,1,',
      '9,Entry long,"ENTRY-1L,2024-01-09 15:00,100,1,',
      '10,Entry long,ENTRY-1L,2024-01-09 15:00,100,2,',
      '10,Exit long,EXIT,2024-01-09 16:00,100,1,',
      '11,Entry long,ENTRY-1L,2024-01-0',
    ].join('\n'),
  )
  t.same(
    trades.map((trade) => trade.number),
    [1],
  )
  t.equal(rows, 17)
  t.equal(rejected.length, rows - 2)
  const reason = (line: number) => rejected.find((row) => row.line === line)?.reason ?? ''
  t.match(reason(4), /short trade/)
  t.match(reason(5), /short trade/)
  t.match(reason(6), /no entry/)
  t.match(reason(7), /8 fields and the header 7: a field with a comma is not quoted/)
  t.match(reason(8), /price "abc"/)
  t.match(reason(9), /trade 5 has a row that cannot be used in line 8/)
  t.match(reason(10), /"02\/03\/2024 15:00" is not a date and time that can be read in one way only/)
  t.match(reason(11), /STOP:low/)
  t.match(reason(12), /trade 1 has its entry in line 2 already/)
  t.match(reason(13), /ends before it begins/)
  t.match(reason(15), /quoted field is not closed/)
  t.match(reason(16), /enters with 2 lots and exits with 1/)
  t.match(reason(18), /cut off/)
})

t.test('a file of no use says why', async (t) => {
  const cases: [string, string | Buffer, RegExp][] = [
    ['empty', '', /export\.csv: the file is empty/],
    ['only a header', 'Trade #,Type,Signal,Date/Time,Price,Contracts', /a header and no rows/],
    [
      'chart data',
      'time,open,high,low,close\n1,2,3,4,5',
      /not a TradingView "List of trades" export.*"Trade #".*The header is: time,open/,
    ],
    ['another separator', 'Trade #;Type;Signal\n1;2;3', /separated by commas/],
    ['a spreadsheet', Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 9]), /not a UTF-8 text file/],
    [
      'no usable row',
      'Trade #,Type,Signal,Date/Time,Price,Contracts\n1,Entry short,a,2024-01-01,1,1',
      /export\.csv: its only row cannot be used\n {2}line 2: a short trade/,
    ],
    ['an open quote', '"Trade #,Type', /no header that can be read/],
  ]
  for (const [name, content, message] of cases) {
    t.throws(() => read(content), { name: 'CsvError', message }, name)
  }
})

t.test('any order of the rows gives the same trades', async (t) => {
  const [header, ...rows] = bankNifty.toString('utf8').split('\n')
  const expected = read(bankNifty).trades.map(story)
  fc.assert(
    fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
      const { trades, rejected } = read([header, ...shuffled].join('\n'))
      t.equal(rejected.length, 0)
      return JSON.stringify(trades.map(story)) === JSON.stringify(expected)
    }),
    { numRuns: Math.min(50, counts.propertyRuns) },
  )
})

t.test('a file cut at any byte, or damaged in any, gives trades or a clear error', async (t) => {
  const attempt = (bytes: Buffer): void => {
    try {
      const { trades, rejected, rows } = read(bytes)
      const used = trades.reduce((sum, trade) => sum + (trade.exit === null ? 1 : 2), 0)
      t.ok(used + rejected.length <= rows + 1 && used + rejected.length >= rows, 'every row is accounted for')
    } catch (error) {
      if (!(error instanceof CsvError)) throw error
    }
  }
  const small = bankNifty.subarray(0, 1200)
  for (let length = 0; length <= small.length; length += 1) attempt(small.subarray(0, length))
  const damage = fc.array(
    fc.tuple(fc.nat(small.length - 1), fc.constantFrom(...Buffer.from('",\n\r —0x\ufeff'))),
  )
  fc.assert(
    fc.property(damage, (changes) => {
      const bytes = Buffer.from(small)
      for (const [at, byte] of changes) bytes[at] = byte
      attempt(bytes)
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('records are split exactly as csv-parse splits them', async () => {
  const plain = fc.string({ unit: fc.constantFrom('a', ' ', '1', '—', '.', "'"), maxLength: 6 })
  const quoted = fc
    .string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' '), maxLength: 6 })
    .map((text) => `"${text.replaceAll('"', '""')}"`)
  const record = fc.array(fc.oneof({ weight: 4, arbitrary: plain }, quoted), { minLength: 2, maxLength: 6 })
  const file = fc.tuple(
    fc.array(record, { minLength: 1, maxLength: 8 }),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
  )
  fc.assert(
    fc.property(file, ([records, lineEnd, mark]) => {
      const text = records.map((fields) => fields.join(',')).join(lineEnd)
      const ours = [...readRecords(Buffer.from(`${mark ? '\uFEFF' : ''}${text}`))]
      const theirs = parse(text, { relax_column_count: true, record_delimiter: ['\n', '\r\n'] })
      return (
        JSON.stringify(ours.map((one) => ('fields' in one ? one.fields : one))) === JSON.stringify(theirs)
      )
    }),
    { numRuns: counts.propertyRuns },
  )
})

t.test('broken quotes cost one line', async (t) => {
  const records = [...readRecords(Buffer.from('a,"b\nc,d\ne,"f" g\nh"i,j\nk,"l\nm",n'))]
  t.same(
    records.map((record) => [record.line, 'fields' in record ? record.fields : 'problem']),
    [
      [1, 'problem'],
      [2, ['c', 'd']],
      [3, 'problem'],
      [4, 'problem'],
      [5, ['k', 'l\nm', 'n']],
    ],
  )
})

t.test('numbers', async (t) => {
  const cases: [string, number | null | undefined][] = [
    ['4456.55', 4456.55],
    ['-3', -3],
    ['1,234,567.5', 1234567.5],
    ['1,49,801,440', undefined],
    ['14,98,01,440', 149801440],
    ['(1,124.75)', -1124.75],
    ['−5.5', -5.5],
    ['₹1,000', 1000],
    ['-₹1,000', -1000],
    ['12.5 INR', 12.5],
    ['3.14 %', 3.14],
    ['1e3', 1000],
    ['—', null],
    ['', null],
    ['NaN', null],
    ['1,5', undefined],
    ['1.234.567', undefined],
    ['(-5)', undefined],
    ['Infinity', undefined],
    ['0x10', undefined],
    ['12 34', undefined],
  ]
  for (const [text, value] of cases) t.equal(readNumber(text), value, `"${text}"`)
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (value) => readNumber(String(value)) === value,
    ),
  )
})

t.test('times', async (t) => {
  const expected = Date.UTC(2009, 1, 13, 7, 45)
  for (const text of [
    '2009-02-13 13:15',
    '2009-02-13T13:15:00',
    '2009-02-13T07:45:00Z',
    '2009/02/13 13:15',
    '2009.2.13, 13:15:00',
    'Feb 13, 2009, 13:15',
    'February 13, 2009 1:15 PM',
    '1234511100',
    '1234511100000',
  ]) {
    t.equal(readTime(text, offset), expected, text)
  }
  for (const text of [
    '',
    'Open',
    '13/02/2009',
    '2009-02-30',
    '2009-02-13 24:15',
    '2009-13-01 10:00',
    'Fab 13, 2009',
  ]) {
    t.equal(readTime(text, offset), null, `"${text}"`)
  }
  const date = fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
  const reader = timeReader(offset)
  fc.assert(
    fc.property(date, (day) => {
      const text = day.toISOString().slice(0, 16).replace('T', ' ')
      return reader(text) === readTime(text, offset) && reader(text) !== null
    }),
  )
  t.equal(reader('2009-02-30 10:00'), null)
  t.equal(readTime('2024-07-01 12:00', chartZone('America/Chicago')!.localOffset), Date.UTC(2024, 6, 1, 17))
  t.equal(readTime('2024-01-01 12:00', chartZone('America/New_York')!.localOffset), Date.UTC(2024, 0, 1, 17))
  t.equal(readTime('2024-01-01 12:00', chartZone('+05:30')!.localOffset), Date.UTC(2024, 0, 1, 6, 30))
  t.equal(chartZone('Asia/Atlantis'), null)
})

t.test('signals', async (t) => {
  const label = (comment: string) => {
    const reading = readEntrySignal(comment)
    return 'signal' in reading ? `${reading.signal.kind} ${reading.signal.label}` : 'problem'
  }
  t.equal(label('ENTRY-15L'), 'base Long_1')
  t.equal(label('EOD-ENTRY-14L'), 'base Long_1')
  t.equal(label('PYR3-4L'), 'pyramid Long_4')
  t.equal(label('PYR1-4L|POS:Long_6'), 'pyramid Long_6')
  t.equal(label('Long'), 'base Long_1', 'a strategy of someone else')
  t.equal(label('Add|POS:Long_2'), 'pyramid Long_2')
  t.equal(label('ENTRY-1L|POS:2'), 'problem')
  t.equal(label('ENTRY-1L|ATR:-3'), 'problem')
  t.match(readEntrySignal('ENTRY-1L|ATR:NaN|ST:1'), { signal: { atr: null, stop: null } })
})
