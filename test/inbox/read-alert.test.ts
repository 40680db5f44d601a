import fc from 'fast-check'
import t from 'tap'
import { createAlertReader } from '../../server/inbox/alert-schema.js'
import { maxDepth, parseStrictJson, parseStrictText } from '../../server/inbox/strict-json.js'
import { counts } from '../helpers/counts.js'
import {
  barBody,
  changed,
  entryBody,
  exitBody,
  instruments,
  pyramidBody,
  read,
  readAlert,
  scoutBody,
  spelled,
  wrongFields,
} from './alert-bodies.js'

const bodies = { entryBody, pyramidBody, exitBody, scoutBody, barBody }

/** 10 February 2026 at 16:00:01 in India. */
const entryTime = Date.UTC(2026, 1, 10, 10, 30, 1)

t.test('samples of every type are read as they are meant', async (t) => {
  t.same(readAlert(entryBody).alert, {
    type: 'BASE_ENTRY',
    instrument: 'GOLD_MINI',
    price: 81240,
    atr: 704.5,
    stop: 80535.5,
    er: 0.8734,
    label: 'Long_1',
    timestamp: entryTime,
    barTime: null,
  })
  t.match(readAlert(pyramidBody).alert, { type: 'PYRAMID', label: 'Long_2', stop: 241900, er: 0.91 })
  t.same(readAlert(exitBody).alert, {
    type: 'EXIT',
    instrument: 'BANK_NIFTY',
    label: 'Long_2',
    price: 58340,
    reason: 'TOM_BASSO_STOP',
    timestamp: Date.UTC(2026, 1, 12, 8, 45, 1),
    barTime: null,
    flags: [],
  })
  t.same(readAlert(scoutBody).alert, {
    type: 'EOD_MONITOR',
    instrument: 'GOLD_MINI',
    price: 81310.5,
    conditions: {
      rsi: true,
      ema: true,
      donchian: true,
      adx: true,
      efficiency: true,
      superTrend: true,
      notDoji: true,
      longEntry: true,
      longExit: false,
    },
    atr: 699.1,
    er: 0.88,
    superTrend: 80410.5,
    timestamp: Date.UTC(2026, 1, 10, 18, 11, 15),
    barTime: null,
  })
  t.same(readAlert(barBody).alert, {
    type: 'MARKET_DATA',
    instrument: 'SILVER_MINI',
    price: 247300,
    atr: 2385.5,
    timestamp: Date.UTC(2026, 1, 10, 8, 30),
    barTime: null,
  })
})

// Faults: N04 N09
t.test('spellings that mean the same are read the same', async (t) => {
  const expected = readAlert(entryBody).alert
  const same = {
    'type and instrument in small letters': changed(entryBody, {
      type: 'base_entry',
      instrument: 'gold_Mini',
    }),
    'numbers as texts': changed(entryBody, {
      price: '81240.0',
      atr: ' 704.50 ',
      stop: '8.05355e4',
      er: '.8734',
    }),
    'a time with its offset': changed(entryBody, { timestamp: '2026-02-10T16:00:01+05:30' }),
    'a time in UTC': changed(entryBody, { timestamp: '2026-02-10T10:30:01.000Z' }),
    'a time with a space': changed(entryBody, { timestamp: '2026-02-10 16:00:01' }),
    'unknown keys': changed(entryBody, { entry_price: null, strategy: { nested: ['x'] }, Price: 1 }),
    'keys of the language': `{"__proto__":{"price":1},"constructor":{"prototype":{"atr":1}},${entryBody.slice(1)}`,
    'a byte order mark': `\ufeff${entryBody}`,
    'space around': ` \r\n\t${entryBody}\n`,
    'a text with escapes': changed(entryBody, {}).replace('Long_1', 'Long\\u005f1'),
    'NaN where the key is unknown': spelled(entryBody, 'entry_price', 'NaN'),
    'advice that is na': spelled(entryBody, 'supertrend', 'NaN'),
  }
  for (const [name, body] of Object.entries(same)) t.same(readAlert(body).alert, expected, name)
})

t.test('optional fields may be absent, null or na', async (t) => {
  for (const absent of ['null', 'NaN', '"NaN"', undefined]) {
    const body = (member: string) =>
      absent === undefined ? changed(entryBody, { [member]: undefined }) : spelled(entryBody, member, absent)
    t.match(readAlert(body('stop')).alert, { stop: null, atr: 704.5 }, `stop ${absent}`)
    t.match(readAlert(body('atr')).alert, { stop: 80535.5, atr: null }, `atr ${absent}`)
    t.match(readAlert(body('barTime')).alert, { barTime: null }, `barTime ${absent}`)
    const notANumber = absent?.includes('NaN')
    t.match(readAlert(body('er')).alert, { er: notANumber ? 'NaN' : null }, `er ${absent}`)
    for (const advice of ['lots', 'supertrend', 'roc']) t.equal(read(body(advice)).kind, 'alert', advice)
  }
  t.match(readAlert(changed(entryBody, { position: undefined })).alert, { label: null })
  t.match(readAlert(changed(entryBody, { position: '' })).alert, { label: null })
})

t.test('what the decider refuses is not refused here', async (t) => {
  t.match(readAlert(changed(entryBody, { er: 1.5 })).alert, { er: 1.5 }, 'an efficiency ratio above 1')
  t.match(readAlert(changed(entryBody, { er: -0.1 })).alert, { er: -0.1 }, 'an efficiency ratio below 0')
  t.match(readAlert(spelled(entryBody, 'er', 'NaN')).alert, { er: 'NaN' }, 'an efficiency ratio that is na')
  t.match(
    readAlert(changed(entryBody, { timestamp: '1999-01-01T00:00:00Z' })).alert,
    { type: 'BASE_ENTRY' },
    'age',
  )
})

t.test('a bar time is ISO 8601, or seconds or milliseconds since 1970', async (t) => {
  const bar = Date.UTC(2026, 1, 10, 9, 30)
  for (const barTime of [bar, bar / 1000, String(bar), '2026-02-10T15:00:00', '2026-02-10T09:30:00Z']) {
    t.match(readAlert(changed(entryBody, { barTime })).alert, { barTime: bar }, String(barTime))
  }
  for (const barTime of [0, -bar, 1e300, true, 'yesterday', 12345]) {
    t.same(wrongFields(changed(entryBody, { barTime })), ['barTime'], String(barTime))
  }
})

// Faults: T04
t.test('a time without an offset is the time of the instrument’s exchange', async (t) => {
  const winter = changed(barBody, { instrument: 'SPY', timestamp: '2026-02-10T16:00:00' })
  const summer = changed(barBody, { instrument: 'SPY', timestamp: '2026-07-10T16:00:00' })
  t.equal(readAlert(winter).alert.timestamp, Date.UTC(2026, 1, 10, 21))
  t.equal(readAlert(summer).alert.timestamp, Date.UTC(2026, 6, 10, 20))
})

t.test('each wrong field is named', async (t) => {
  const wrong: [string, string, readonly string[]][] = [
    ['an empty object', '{}', ['type', 'instrument', 'timestamp']],
    ['an unknown type', changed(entryBody, { type: 'BUY' }), ['type']],
    ['a type that is no text', changed(entryBody, { type: 7 }), ['type']],
    ['an unknown instrument', changed(entryBody, { instrument: 'BTCUSDT' }), ['instrument']],
    ['no price', changed(entryBody, { price: undefined }), ['price']],
    ['a price of null', changed(entryBody, { price: null }), ['price']],
    ['a price that is na', spelled(entryBody, 'price', 'NaN'), ['price']],
    ['an infinite price', spelled(entryBody, 'price', 'Infinity'), ['price']],
    ['a price below 0', changed(entryBody, { price: -81240 }), ['price']],
    ['a price of 0', changed(entryBody, { price: 0 }), ['price']],
    ['a price too large', spelled(entryBody, 'price', '1e999'), ['price']],
    ['a text too large', changed(entryBody, { price: '1e999' }), ['price']],
    ['a price in words', changed(entryBody, { price: 'market' }), ['price']],
    ['a price with separators', changed(entryBody, { price: '81,240' }), ['price']],
    ['a price in hexadecimal', changed(entryBody, { price: '0x13d58' }), ['price']],
    ['an empty price', changed(entryBody, { price: '' }), ['price']],
    ['a price that is true', changed(entryBody, { price: true }), ['price']],
    ['a price in a list', changed(entryBody, { price: [81240] }), ['price']],
    ['an ATR of 0', changed(entryBody, { atr: 0 }), ['atr']],
    ['an ATR of minus 0', spelled(entryBody, 'atr', '-0.0'), ['atr']],
    ['an ATR below 0', changed(entryBody, { atr: -1 }), ['atr']],
    ['an ATR too small to tell from 0', spelled(entryBody, 'atr', '1e-999'), ['atr']],
    ['neither ATR nor stop', changed(entryBody, { atr: undefined, stop: undefined }), ['atr']],
    ['a stop of 0', changed(entryBody, { stop: 0 }), ['stop']],
    ['a stop above the price', changed(entryBody, { stop: 90000 }), ['stop']],
    ['an infinite stop', spelled(entryBody, 'stop', '-Infinity'), ['stop']],
    ['an infinite efficiency ratio', spelled(entryBody, 'er', 'Infinity'), ['er']],
    ['an efficiency ratio in words', changed(entryBody, { er: 'high' }), ['er']],
    ['lots in words', changed(entryBody, { lots: 'six' }), ['lots']],
    ['no timestamp', changed(entryBody, { timestamp: undefined }), ['timestamp']],
    ['a timestamp that is a number', changed(entryBody, { timestamp: 1770719401 }), ['timestamp']],
    ['a timestamp of no day', changed(entryBody, { timestamp: '2026-02-30T10:00:00' }), ['timestamp']],
    ['a position that is a number', changed(entryBody, { position: 1 }), ['position']],
    ['a position too long', changed(entryBody, { position: 'L'.repeat(65) }), ['position']],
    ['a position with a line break', changed(entryBody, { position: 'Long_1\nLong_2' }), ['position']],
    ['bar without ATR', changed(barBody, { atr: undefined }), ['atr']],
    ['bar with an ATR that is na', spelled(barBody, 'atr', 'NaN'), ['atr']],
    ['bar with an ATR of 0', changed(barBody, { atr: 0 }), ['atr']],
    ['scout without conditions', changed(scoutBody, { conditions: undefined }), ['conditions']],
    ['scout with a list of conditions', changed(scoutBody, { conditions: [] }), ['conditions']],
    ['scout without indicators', changed(scoutBody, { indicators: 'none' }), ['indicators']],
    [
      'scout with one condition wrong, one missing',
      changed(scoutBody, {
        conditions: { ...JSON.parse(scoutBody).conditions, not_doji: 1, long_exit: undefined },
      }),
      ['conditions.not_doji', 'conditions.long_exit'],
    ],
    [
      'scout with indicators wrong and missing',
      changed(scoutBody, { indicators: { ...JSON.parse(scoutBody).indicators, rsi: undefined, atr: 0 } }),
      ['indicators.rsi', 'indicators.atr'],
    ],
    [
      'everything at once',
      '{"type":"PYRAMID","instrument":"X","price":"a","atr":-1,"stop":{},"er":[],"position":9,"barTime":"b","lots":"c"}',
      ['instrument', 'price', 'atr', 'stop', 'er', 'position', 'timestamp', 'barTime', 'lots'],
    ],
  ]
  for (const [name, body, fields] of wrong) {
    const reading = read(body)
    t.match(reading, { kind: 'refused', code: 'ALERT_INVALID' }, name)
    t.same(wrongFields(body), fields, name)
  }
})

// Faults: N13
t.test('a refusal says what would be right, and what was there', async (t) => {
  const problems = (body: string) => {
    const reading = read(body)
    return reading.kind === 'refused' ? reading.problems.map((problem) => problem.message).join() : ''
  }
  t.match(
    problems(changed(entryBody, { instrument: 'BTCUSDT' })),
    'BANK_NIFTY, GOLD_MINI, SILVER_MINI, SPY, was "BTCUSDT"',
  )
  t.match(
    problems(changed(entryBody, { type: undefined })),
    'one of BASE_ENTRY, PYRAMID, EXIT, EOD_MONITOR, MARKET_DATA',
  )
  t.match(problems(changed(entryBody, { price: -3 })), 'above 0, was -3')
  t.match(problems(changed(entryBody, { price: 'x'.repeat(5000) })), /was "x{39}…"$/)
})

// Faults: N01 N08
t.test('a body that is no JSON object is refused with the place', async (t) => {
  const broken: [string, string | Buffer, RegExp][] = [
    ['nothing', '', /empty/],
    ['space', ' \n', /empty/],
    ['garbage', 'garbage', /value was expected, not "g" \(at character 0\)/],
    ['a text', '"BASE_ENTRY"', /one JSON object/],
    ['a list', `[${entryBody}]`, /one JSON object/],
    ['null', 'null', /one JSON object/],
    ['NaN', 'NaN', /one JSON object/],
    ['two objects', `${entryBody}${entryBody}`, /follows the end/],
    ['half a body', entryBody.slice(0, 100), /./],
    ['an open text', '{"type', /no closing quote/],
    ['a comma at the end', '{"type":"PYRAMID",}', /key in double quotes was expected, not "}"/],
    ['single quotes', "{'type':'PYRAMID'}", /key in double quotes/],
    ['a comment', '{"type":"PYRAMID"/*x*/}', /comma or } was expected/],
    ['a missing colon', '{"type" "PYRAMID"}', /colon was expected/],
    ['a leading zero', '{"price":0123}', /comma or }/],
    ['a leading plus', '{"price":+1}', /value was expected, not "\+"/],
    ['a naked point', '{"price":1.}', /value was expected/],
    ['a naked exponent', '{"price":1e}', /value was expected/],
    ['a line break in a text', '{"reason":"a\nb"}', /U\+000A must be escaped/],
    ['a raw NUL', Buffer.from('{"reason":"a\0b"}'), /U\+0000 must be escaped/],
    ['an unknown escape', '{"reason":"\\x41"}', /no escape/],
    ['an escape of the language', '{"reason":"\\constructor"}', /no escape/],
    ['half an escape', '{"reason":"\\u12"}', /four hexadecimal digits/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /not UTF-8 \(at character 2\)/],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not UTF-8/],
    ['overlong UTF-8', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not UTF-8/],
    ['UTF-16', Buffer.from(entryBody, 'utf16le'), /./],
    ['too deep', `{"a":${'['.repeat(maxDepth)}${']'.repeat(maxDepth)}}`, /deeper than 16 levels/],
    ['very deep', '['.repeat(16_000), /deeper than 16 levels/],
    ['deep objects', '{"a":'.repeat(3000), /deeper than 16 levels/],
  ]
  for (const [name, body, message] of broken) {
    const reading = read(body)
    t.match(reading, { kind: 'refused', code: 'ALERT_NOT_JSON', problems: [{ message }] }, name)
  }
  const deepest = `${'['.repeat(maxDepth - 1)}${']'.repeat(maxDepth - 1)}`
  t.equal(read(spelled(entryBody, 'unknown', deepest)).kind, 'alert', 'sixteen levels are read')
})

// Faults: N05 N06 N07
t.test('what JSON.parse would hide is refused by name', async (t) => {
  const hidden: [string, string, string][] = [
    ['a key twice', entryBody.replace('"lots":4', '"lots":4,"lots":400'), 'lots'],
    ['a key twice with equal values', entryBody.replace('"lots":4', '"lots":4,"lots":4'), 'lots'],
    ['a key twice, once escaped', entryBody.replace('"lots":4', '"lots":4,"\\u006cots":400'), 'lots'],
    ['a key twice inside', scoutBody.replace('"atr":699.1', '"atr":699.1,"atr":1'), 'indicators.atr'],
    ['a key twice in a list', spelled(entryBody, 'legs', '[{},{"a":1,"a":2}]'), 'legs[1].a'],
    ['a number too large, unknown key', spelled(entryBody, 'x', '-1e999'), 'x'],
    ['NUL', changed(entryBody, { id: 'a\0b' }), 'id'],
    ['half a surrogate pair', spelled(entryBody, 'id', '"\\ud83d"'), 'id'],
    ['the other half', spelled(entryBody, 'id', '"x\\ude00"'), 'id'],
    ['both halves the wrong way', spelled(entryBody, 'id', '"\\ude00\\ud83d"'), 'id'],
    ['a key with NUL', changed(entryBody, { 'a\0': 1 }), ''],
  ]
  for (const [name, body, field] of hidden) {
    t.match(read(body), { kind: 'refused', code: 'ALERT_INVALID' }, name)
    t.same(wrongFields(body), [field], name)
  }
  t.equal(
    readAlert(spelled(entryBody, 'id', '"\\ud83d\\ude00"')).advice.id,
    '😀',
    'a whole pair is a character',
  )
})

t.test('an exit of a known instrument is admitted whatever else is wrong with it', async (t) => {
  const wrong: [string, string | Buffer, object][] = [
    ['a price below 0', changed(exitBody, { price: -1 }), { price: null, label: 'Long_2' }],
    ['a price in words', changed(exitBody, { price: 'market' }), { price: null }],
    ['a price too large', spelled(exitBody, 'price', '1e999'), { price: null }],
    ['an ATR of 0', changed(exitBody, { atr: 0 }), { label: 'Long_2' }],
    ['an ATR that is an object', changed(exitBody, { atr: {} }), { label: 'Long_2' }],
    ['no timestamp', changed(exitBody, { timestamp: undefined }), { timestamp: null }],
    ['a time that cannot be read', changed(exitBody, { timestamp: '12/02/2026 14:15' }), { timestamp: null }],
    ['a timestamp that is a number', changed(exitBody, { timestamp: 1770885901 }), { timestamp: null }],
    [
      'two timestamps',
      exitBody.replace('"timestamp"', '"timestamp":"2026-02-12T10:00:00","timestamp"'),
      { timestamp: null },
    ],
    ['a bar time in words', changed(exitBody, { barTime: 'close' }), { barTime: null }],
    ['a position that is a number', changed(exitBody, { position: 2 }), { label: 'ALL' }],
    ['a position that is a list', changed(exitBody, { position: ['Long_2'] }), { label: 'ALL' }],
    ['a position too long', changed(exitBody, { position: 'L'.repeat(9000) }), { label: 'ALL' }],
    ['two positions', exitBody.replace('"position"', '"position":"Long_3","position"'), { label: 'ALL' }],
    ['a reason that is a number', changed(exitBody, { reason: 5 }), { reason: null }],
    ['a reason with NUL', changed(exitBody, { reason: 'a\0b' }), { reason: 'a\ufffdb' }],
    ['a reason with half a pair', spelled(exitBody, 'reason', '"\\ud83d!"'), { reason: '\ufffd!' }],
    ['lots twice', exitBody.replace('"lots":3', '"lots":3,"lots":4'), { label: 'Long_2' }],
    [
      'everything',
      '{"type":"EXIT","instrument":"gold_mini","price":[],"timestamp":{},"reason":1}',
      { label: 'ALL' },
    ],
    [
      'a quote inside its reason',
      exitBody.replace('TOM_BASSO', 'TOM "B" BASSO'),
      { label: 'Long_2', price: 58340 },
    ],
    [
      'no comma',
      exitBody.replace(', "price"', ' "price"'),
      { label: 'Long_2', timestamp: Date.UTC(2026, 1, 12, 8, 45, 1) },
    ],
    ['no end', exitBody.slice(0, 90), { label: 'Long_2', timestamp: null }],
    [
      'bytes that are no UTF-8',
      Buffer.from(exitBody.replace('TOM', 'TOM\xff'), 'latin1'),
      { label: 'Long_2' },
    ],
    [
      'its instrument twice',
      exitBody.replace('"price"', '"instrument":"BANK_NIFTY", "price"'),
      { label: 'Long_2' },
    ],
    ['its position twice', exitBody.replace('"price"', '"position":"Long_2", "price"'), { label: 'Long_2' }],
    ['depth', exitBody.replace('NaN', '['.repeat(50)), { label: 'Long_2' }],
  ]
  for (const [name, body, expected] of wrong) {
    const { alert } = readAlert(body)
    t.match(alert, { type: 'EXIT', ...expected }, name)
    t.ok(alert.type === 'EXIT' && alert.flags.length > 0, `${name} is flagged`)
  }
})

t.test('an exit without a flag is one that is right', async (t) => {
  const right = {
    'no position': [changed(exitBody, { position: undefined }), 'ALL'],
    'an empty position': [changed(exitBody, { position: ' ' }), 'ALL'],
    'a position that is na': [changed(exitBody, { position: null }), 'ALL'],
    'every position': [changed(exitBody, { position: 'all' }), 'ALL'],
    'no price, no reason': [changed(exitBody, { price: undefined, reason: undefined }), 'Long_2'],
    'a stop above the price': [changed(exitBody, { stop: 99999 }), 'Long_2'],
  } as const
  for (const [name, [body, label]] of Object.entries(right)) {
    t.match(readAlert(body).alert, { label }, name)
    t.same((readAlert(body).alert as { flags: unknown }).flags, [], name)
  }
})

// Faults: N13
t.test('an exit is refused only where nobody can say what it is to close', async (t) => {
  t.same(wrongFields(changed(exitBody, { instrument: 'BTCUSDT' })), ['instrument'])
  t.same(wrongFields(changed(exitBody, { instrument: undefined })), ['instrument'])
  const twice = exitBody.replace('"instrument"', '"instrument":"GOLD_MINI","instrument"')
  t.same(wrongFields(twice), ['instrument'], 'two instruments')
  t.ok(wrongFields(exitBody.replace('"type"', '"type":"PYRAMID","type"')).includes('type'), 'two types')
  t.match(read(`${twice.slice(0, -1)}`), { code: 'ALERT_NOT_JSON' }, 'two instruments and no end')
  t.match(read(exitBody.replace('"EXIT"', '"EXIT').slice(0, 40)), { code: 'ALERT_NOT_JSON' })
})

t.test('a source says only what it is allowed to', async (t) => {
  const scouts = createAlertReader({
    instruments,
    allowedTypes: ['EOD_MONITOR', 'MARKET_DATA'],
    allowedInstruments: ['gold_mini'],
  })
  t.equal(scouts(Buffer.from(scoutBody)).kind, 'alert')
  const refusal = (body: string) => scouts(Buffer.from(body))
  t.match(refusal(entryBody), { code: 'ALERT_NOT_ALLOWED', problems: [{ field: 'type' }] })
  t.match(refusal(barBody), { code: 'ALERT_NOT_ALLOWED', problems: [{ field: 'instrument' }] })
  t.match(refusal(exitBody), {
    code: 'ALERT_NOT_ALLOWED',
    problems: [{ field: 'type' }, { field: 'instrument' }],
  })
  t.match(refusal(changed(scoutBody, { price: 0 })), { code: 'ALERT_INVALID' }, 'what is wrong is told first')
})

t.test('nothing in an exit of a known instrument makes it refused, or unfit to be stored', async (t) => {
  const names = [
    'position',
    'price',
    'atr',
    'stop',
    'er',
    'lots',
    'timestamp',
    'barTime',
    'id',
    'reason',
    'x',
  ]
  const texts = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text))
  const values = fc.oneof(
    fc.json({ maxDepth: 3 }),
    texts,
    fc.constantFrom('NaN', '-1', '1e999', '"Long_2"', '"\\ud800"'),
  )
  const exits = fc.array(fc.tuple(fc.constantFrom(...names), values), { maxLength: 14 })
  const isAdmitted = (members: readonly (readonly [string, string])[]): boolean => {
    const rest = members.map(([name, value]) => `,${JSON.stringify(name)}:${value}`).join('')
    const reading = read(`{"instrument":"GOLD_MINI","type":"exit"${rest}}`)
    if (reading.kind !== 'alert' || reading.alert.type !== 'EXIT') return false
    return reading.alert.label !== '' && !/\\u(0000|[dD][89a-fA-F])/.test(JSON.stringify(reading.alert))
  }
  t.doesNotThrow(() => fc.assert(fc.property(exits, isAdmitted), { numRuns: counts.propertyRuns }))
})

t.test('any bytes are an alert or named problems', async (t) => {
  const isSound = (bytes: Uint8Array): boolean => {
    const reading = read(Buffer.from(bytes))
    if (reading.kind === 'alert')
      return JSON.stringify(reading.alert) === JSON.stringify(JSON.parse(JSON.stringify(reading.alert)))
    return (
      reading.problems.length > 0 &&
      reading.problems.every(({ message }) => message !== '' && !/\p{Surrogate}|\0/u.test(message))
    )
  }
  const runs = { numRuns: counts.propertyRuns }
  t.doesNotThrow(() => fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isSound), runs), 'bytes')
  const samples = fc.constantFrom(...Object.values(bodies))
  const damaged = fc
    .tuple(samples, fc.nat(), fc.nat(40), fc.string({ unit: 'binary', maxLength: 12 }))
    .map(([body, at, length, text]) => {
      const start = at % body.length
      return Buffer.from(body.slice(0, start) + text + body.slice(start + length))
    })
  t.doesNotThrow(() => fc.assert(fc.property(damaged, isSound), runs), 'samples with a part replaced')
  const flipped = fc.tuple(samples, fc.nat(), fc.nat(255)).map(([body, at, byte]) => {
    const bytes = Buffer.from(body)
    bytes[at % bytes.length] = byte
    return bytes
  })
  t.doesNotThrow(() => fc.assert(fc.property(flipped, isSound), runs), 'samples with a byte changed')
  const names = ['type', 'instrument', 'position', 'price', 'atr', 'stop', 'er', 'timestamp', 'barTime', 'id']
  const values = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('EXIT', 'PYRAMID', 'GOLD_MINI', '2026-02-10', 5, '7'),
  )
  const objects = fc
    .dictionary(fc.constantFrom(...names), values)
    .map((value) => Buffer.from(JSON.stringify(value)))
  t.doesNotThrow(() => fc.assert(fc.property(objects, isSound), runs), 'objects with any values')
})

t.test('the parser agrees with JSON.parse wherever that is strict enough', async (t) => {
  const plain = (value: unknown): unknown => {
    if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
    return Array.isArray(value) ? value.map(plain) : value
  }
  const agrees = (value: unknown, indent: number) => {
    const text = JSON.stringify(value, null, indent)
    const parsed = parseStrictJson(Buffer.from(text))
    t.same(parsed.problems, [])
    t.strictSame(plain(parsed.value), JSON.parse(text))
  }
  const values = fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' }).filter((value) => !hasNul(value))
  t.doesNotThrow(() => fc.assert(fc.property(values, fc.nat(2), agrees), { numRuns: counts.propertyRuns }))
  const numerals = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(numerals, (numeral) => Object.is(parseStrictText(numeral).value, JSON.parse(numeral))),
    ),
  )
})

function hasNul(value: unknown): boolean {
  return JSON.stringify(value).includes('\\u0000')
}
