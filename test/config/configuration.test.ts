import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { factsAt } from '../../core/instrument/instrument.js'
import {
  type Configuration,
  loadConfiguration,
  type PortfolioConfiguration,
  readConfiguration,
} from '../../server/config/configuration.js'
import { configurationJsonSchema } from '../../server/config/json-schema.js'
import { secretsOf } from '../../server/config/secrets.js'
import { alertRulesOf, configurationHash, paperSettingsOf, settingsOf } from '../../server/config/settings.js'

const docs = join(import.meta.dirname, '..', '..', '..', 'docs')
const secrets = secretsOf({ WEBHOOK_TOKEN: 'hook', SCOUT_TOKEN: 'scout', NEXT_SCOUT_TOKEN: 'next' })

function read(file: unknown, secret = secrets) {
  return readConfiguration(Buffer.from(typeof file === 'string' ? file : JSON.stringify(file)), secret)
}

function valid(file: unknown): Configuration {
  const reading = read(file)
  if (reading.kind === 'valid') return reading.configuration
  throw new Error(JSON.stringify(reading.problems))
}

function problemsOf(file: unknown, secret = secrets): readonly string[] {
  const reading = read(file, secret)
  return reading.kind === 'valid' ? [] : reading.problems.map(({ path, message }) => `${path}: ${message}`)
}

const portfolioOf = (file: unknown): PortfolioConfiguration => valid(file).portfolios[0]!

t.test('without a file there is a paper portfolio of four instruments', async (t) => {
  const { portfolios, sources } = await loadConfiguration(null, secrets)
  const [portfolio] = portfolios
  t.match(portfolio, { id: 'paper', currency: 'INR', initialDeposit: '10000000', sessions: 'always' })
  t.same(sources, [
    { id: 'tradingview', portfolio: 'paper', tokens: ['hook'], types: null, instruments: null },
  ])
  t.same(paperSettingsOf(portfolio!).slippageTicks, 0)
  const settings = settingsOf(portfolio!)
  t.match(settings, {
    portfolio: 'paper',
    equityMode: 'blended',
    blendedWeight: 0.5,
    constraints: ['risk', 'volatility', 'margin'],
    defaultEr: 1,
    entryMaxAgeSeconds: 60,
    caps: {
      maxHeatPct: 15,
      maxVolatilityPct: 5,
      maxMarginPct: 60,
      pyramidMaxHeatPct: 12,
      pyramidMaxVolatilityPct: 4,
    },
  })
  const at = Date.UTC(2026, 1, 10)
  const rows = settings.instruments.map((instrument) => {
    const { lotSize, pointValue, marginPerLot, tick } = factsAt(instrument, at)
    const { trend } = instrument
    return [
      ...[instrument.name, instrument.barMinutes, lotSize, pointValue, marginPerLot, tick],
      ...[trend.initialAtrMultiple, trend.trailingAtrMultiple, trend.maxPyramids, trend.pyramidSpacingAtr],
      ...[trend.initialRiskPct, trend.ongoingRiskPct, trend.initialVolatilityPct, trend.ongoingVolatilityPct],
    ]
  })
  t.same(rows, [
    ['BANK_NIFTY', 75, 30, 30, 270_000, 0.05, 1.5, 2.5, 5, 0.5, 1, 1, 0.5, 0.7],
    ['GOLD_MINI', 60, 100, 10, 105_000, 1, 1, 2, 3, 0.5, 1, 1, 0.2, 0.3],
    ['SILVER_MINI', 60, 5, 5, 385_000, 1, 2, 3, 5, 0.5, 1, 1, 0.2, 0.3],
    ['COPPER', 60, 2500, 2500, 300_000, 0.05, 3, 5, 3, 0.5, 1, 1, 0.2, 0.3],
  ])
  t.same(
    settings.instruments.map(({ signals }) => [signals.emaPeriod, signals.donchianPeriod, signals.adxBelow]),
    [
      [200, 20, 25],
      [200, 20, 15],
      [200, 20, 25],
      [50, 10, 15],
    ],
  )
  const { rsiPeriod, rsiAbove, superTrendFactor, superTrendPeriod } = settings.instruments[3]!.signals
  t.same([rsiPeriod, rsiAbove, superTrendFactor, superTrendPeriod], [6, 70, 1.5, 10])
})

t.test('a lot of Bank Nifty is that of the contract that is traded on the day', async (t) => {
  const [bankNifty] = settingsOf(portfolioOf({})).instruments
  const lots: [string, number][] = [
    ['1999-06-01', 25],
    ['2005-05-17', 25],
    ['2005-06-13', 100],
    ['2009-01-01', 50],
    ['2012-01-01', 25],
    ['2016-01-01', 30],
    ['2017-01-01', 40],
    ['2019-01-01', 20],
    ['2021-01-01', 25],
    ['2024-01-01', 15],
    ['2024-11-20', 15],
    ['2025-01-21', 15],
    ['2025-01-22', 30],
    ['2025-06-01', 30],
    ['2025-06-18', 35],
    ['2025-12-18', 35],
    ['2025-12-19', 30],
  ]
  for (const [day, lotSize] of lots) {
    const facts = factsAt(bankNifty!, Date.parse(`${day}T00:00:00+05:30`))
    t.match(facts, { lotSize, pointValue: lotSize, marginPerLot: lotSize * 9000 }, day)
  }
})

t.test('the example is a configuration, and its schema is the one in the documents', async (t) => {
  const example = await readFile(join(docs, 'config.example.json'), 'utf8')
  const { portfolios, sources } = valid(example)
  t.equal(portfolios[0]?.initialDeposit, '5000000')
  t.same(
    sources.map(({ id, tokens }) => [id, ...tokens]),
    [
      ['strategies', 'hook'],
      ['scouts', 'scout', 'next'],
    ],
  )
  const schemaFile = join(docs, 'config.schema.json')
  if (process.env.GOLDEN === 'update') await writeFile(schemaFile, configurationJsonSchema())
  t.equal(await readFile(schemaFile, 'utf8'), configurationJsonSchema(), 'GOLDEN=update writes it anew')
})

t.test('what a file leaves out is taken from the defaults, and what it says from the file', async (t) => {
  const signals = { adxBelow: 20, rsiPeriod: 14 }
  const instruments = [{ name: 'GOLD_MINI', barMinutes: 75, trend: { maxPyramids: 0 }, signals }]
  const strategy = { kind: 'trend', constraints: ['margin', 'risk'], caps: { maxMarginPct: 50 } }
  const broker = { kind: 'paper', seed: '7', slippageTicks: 2, faults: { rejectRate: 0.5 } }
  const portfolio = portfolioOf({
    portfolios: [{ id: 'p', initialDeposit: 2500000.5, strategy, broker, instruments }],
  })
  const settings = settingsOf(portfolio)
  t.notOk('execution' in settings, 'market orders')
  const execution = { stepSeconds: 3, partialFill: 'cancel' }
  const chasing = settingsOf(portfolioOf({ portfolios: [{ id: 'p', execution, protectiveStop: {} }] }))
  t.same(chasing.protectiveStop, { limitPct: 1 })
  const defaults = { stepPct: 0.05, maxSlippagePct: 0.2, marketableBufferPct: 0.25 }
  t.same(chasing.execution, { ...execution, ...defaults })
  t.same(settings.constraints, ['risk', 'margin'], 'in the order of ties')
  t.match(settings.caps, { maxMarginPct: 50, maxHeatPct: 15 })
  t.match(settings.instruments, [
    { barMinutes: 75, exchange: 'MCX', trend: { maxPyramids: 0, trailingAtrMultiple: 2 } },
  ])
  t.match(settings.instruments[0]?.signals, { adxBelow: 20, rsiPeriod: 14, rsiAbove: 70, emaPeriod: 200 })
  t.equal(settings.instruments.length, 1)
  t.equal(portfolio.initialDeposit, '2500000.5')
  t.match(paperSettingsOf(portfolio), {
    slippageTicks: 2,
    faults: { seed: '7', rejectRate: 0.5, lateFillRate: 0 },
  })
})

t.test('the hash is that of the settings, not of their spelling', async (t) => {
  const hashOf = (file: unknown) => configurationHash(settingsOf(portfolioOf(file)))
  const plain = hashOf({})
  t.match(plain, /^[0-9a-f]{64}$/)
  const spelled =
    '{"sources":[{"id":"x"}],"portfolios":[{"currency":"INR","strategy":{"caps":{"maxHeatPct":1.5e1},"kind":"trend"},"id":"paper"}]}'
  t.equal(hashOf(spelled), plain)
  t.equal(
    hashOf({ portfolios: [{ id: 'paper', initialDeposit: 5, broker: { kind: 'paper', seed: 'x' } }] }),
    plain,
  )
  const other = { portfolios: [{ id: 'paper', strategy: { kind: 'trend', defaultEr: 0.9 } }] }
  t.not(hashOf(other), plain)
})

t.test('every problem is named with its path, what is wrong and what would be right', async (t) => {
  const file = {
    portfolio: [],
    portfolios: [
      {
        id: 'my portfolio',
        sessions: 'sometimes',
        initialDeposit: -5,
        broker: { kind: 'papers', slippageTicks: 1 },
        strategy: {
          kind: 'trend',
          equitymode: 'closed',
          equityMode: 'blend',
          caps: { maxHeatPct: 0, pyramidMaxHeatPct: 'x' },
          constraints: ['risk', 'risk'],
          controls: { maxOrdersPerDay: 0, maxOrderValue: true },
        },
        instruments: [
          { name: 'GOLD_MINI', trend: { initialRiskPct: 2, maxPyramid: 3 } },
          { name: 'GOLD_MINI', trend: { initialVolatilityPct: 0.5 } },
          { name: 'GOLDMINI' },
          { name: 'COPPER', signals: { rsiPeriod: 0, adxBelows: 10, efficiencyAbove: 1, emaPeriod: 50.5 } },
          { name: 'SPY', currency: 'USD', zone: 'Mars', facts: [{ from: '2026-02-30', lotSize: 0 }] },
        ],
      },
    ],
    sources: [
      { id: 'a', portfolio: 'mine', tokens: ['plain-secret'], types: ['EXITS'] },
      { id: 'a', tokens: [`\${NOWHERE}`], instruments: ['gold_mini', 'GOLDMIN'] },
    ],
  }
  const problems = problemsOf(file)
  const expected = [
    'portfolio: is not a key of the configuration (did you mean "portfolios"?)',
    'portfolios[0].id: must be 1 to 32 letters, digits, - and _, the first no sign',
    'portfolios[0].sessions: must be one of "always", "exchange", was "sometimes"',
    'portfolios[0].initialDeposit: must be an amount of at least 0 such as "10000000.00"',
    'portfolios[0].broker.kind: must be one of "paper", "openalgo", was "papers" (did you mean "paper"?)',
    'portfolios[0].strategy.equitymode: is not a key of the configuration (did you mean "equityMode"?)',
    'portfolios[0].strategy.equityMode: must be one of "closed", "open", "blended", "high", was "blend" (did you mean "blended"?)',
    'portfolios[0].strategy.caps.maxHeatPct: must be above 0, was 0',
    'portfolios[0].strategy.caps.pyramidMaxHeatPct: must be a number, was "x"',
    'portfolios[0].strategy.constraints: must name each constraint once',
    'portfolios[0].strategy.controls.maxOrdersPerDay: must be at least 1, was 0',
    'portfolios[0].strategy.controls.maxOrderValue: must be a number, was true',
    'portfolios[0].instruments[0].trend.maxPyramid: is not a key of the configuration (did you mean "maxPyramids"?)',
    'portfolios[0].instruments[0].trend.ongoingRiskPct: must be at least initialRiskPct, which is 2, was 1',
    'portfolios[0].instruments[1].trend.ongoingVolatilityPct: must be at least initialVolatilityPct, which is 0.5, was 0.3',
    'portfolios[0].instruments[1].name: "GOLD_MINI" is taken by an earlier one',
    'portfolios[0].instruments[2].name: must be one of BANK_NIFTY, GOLD_MINI, SILVER_MINI, COPPER, or be described in full, was "GOLDMINI" (did you mean "GOLD_MINI"?)',
    'portfolios[0].instruments[3].signals.rsiPeriod: must be at least 1, was 0',
    'portfolios[0].instruments[3].signals.adxBelows: is not a key of the configuration (did you mean "adxBelow"?)',
    'portfolios[0].instruments[3].signals.efficiencyAbove: must be below 1, was 1',
    'portfolios[0].instruments[3].signals.emaPeriod: must be a whole number, was 50.5',
    'portfolios[0].instruments[4].currency: must be INR, the currency of the portfolio, was USD',
    'portfolios[0].instruments[4].zone: must be one of "UTC", "Asia/Kolkata", "Europe/Moscow", "America/New_York", was "Mars"',
    'portfolios[0].instruments[4].facts[0].from: must be a date such as 2026-01-31, was "2026-02-30"',
    'portfolios[0].instruments[4].facts[0].lotSize: must be above 0, was 0',
    'portfolios[0].instruments[4].facts[0].pointValue: is required',
    'portfolios[0].instruments[4].facts[0].marginPerLot: is required',
    'portfolios[0].instruments[4].facts[0].tick: is required',
    'sources[0].portfolio: must be one of my portfolio, was "mine"',
    `sources[0].tokens[0]: must name the variable that holds the secret, as \${WEBHOOK_TOKEN}; the value is not shown`,
    'sources[0].types[0]: must be one of "BASE_ENTRY", "PYRAMID", "EXIT", "EOD_MONITOR", "MARKET_DATA", was "EXITS" (did you mean "EXIT"?)',
    'sources[1].id: "a" is taken by an earlier one',
    'sources[1].tokens[0]: the secret NOWHERE is not set: set the variable NOWHERE, or NOWHERE_FILE to a file',
    'sources[1].instruments[1]: must be one of GOLD_MINI, GOLDMINI, COPPER, SPY, was "GOLDMIN" (did you mean "GOLDMINI"?)',
  ]
  t.same([...problems].sort(), [...expected].sort())
  t.notOk(problems.join().includes('plain-secret'))
  await t.rejects(loadConfiguration(join(docs, 'missing.json'), secrets), {
    code: 'CONFIGURATION_INVALID',
    message: /cannot be read/,
  })
})

t.test('parts of a configuration must agree', async (t) => {
  const two = [{ id: 'a' }, { id: 'b' }]
  const cases: [string, unknown, readonly (string | RegExp)[]][] = [
    [
      'a source of two portfolios names one',
      { portfolios: two, sources: [{ id: 's' }] },
      ['sources[0].portfolio: is required: one of a, b'],
    ],
    ['two portfolios need a source', { portfolios: two }, ['sources[0].portfolio: is required: one of a, b']],
    [
      'portfolios have different ids',
      { portfolios: [{ id: 'a' }, { id: 'a' }], sources: [{ id: 's', portfolio: 'a' }] },
      [/^portfolios\[1\]\.id: "a" is taken/],
    ],
    [
      'a token says who',
      { sources: [{ id: 's' }, { id: 't' }] },
      [/^sources\[1\]\.tokens\[0\]: must be another token than that of sources\[0\]\.tokens\[0\]/],
    ],
    [
      'three tokens are no rotation',
      { sources: [{ id: 's', tokens: Array(3).fill(`\${WEBHOOK_TOKEN}`) }] },
      ['sources[0].tokens: must have at most 2 items', /another token/, /another token/],
    ],
    [
      'caps agree',
      { portfolios: [{ id: 'a', strategy: { kind: 'trend', caps: { maxHeatPct: 10 } } }] },
      [/pyramidMaxHeatPct: must be at most maxHeatPct, which is 10, was 12$/],
    ],
    [
      'facts are in order',
      {
        portfolios: [
          {
            id: 'a',
            instruments: [
              {
                name: 'COPPER',
                facts: ['2026-02-01', '2026-01-01'].map((from) => ({
                  from,
                  lotSize: 1,
                  pointValue: 1,
                  marginPerLot: 1,
                  tick: 1,
                })),
              },
            ],
          },
        ],
      },
      [/facts\[1\]\.from: must be after 2026-02-01/],
    ],
    [
      'a new instrument is described in full',
      { portfolios: [{ id: 'a', instruments: [{ name: 'NIFTY', zone: 'Asia/Kolkata' }] }] },
      [/exchange: is required/],
    ],
    ['a list is not empty', { portfolios: [] }, ['portfolios: must have at least 1 item, was a list']],
  ]
  for (const [name, file, expected] of cases) t.match(problemsOf(file), expected, name)
})

t.test('a file that is no JSON is refused with the place', async (t) => {
  t.match(problemsOf(''), [': the text is empty (line 1, column 1)'])
  t.match(problemsOf('{\n  "portfolios": [}\n'), [/a value was expected, not "}" \(line 2, column 18\)$/])
  t.match(problemsOf('{"sources": [],\n "sources": []}'), [
    /^sources: the key appears more than once, with different values \(line 2, column 2\)/,
  ])
  t.match(problemsOf('[]'), [': must be an object, was a list'])
  t.match(problemsOf('{"portfolios":[{"id":"a","strategy":{"kind":"trend","defaultEr":NaN}}]}'), [
    /defaultEr/,
  ])
  t.match(problemsOf('{"__proto__":{"x":1}}'), [/__proto__: is not a key/])
})

t.test('secrets come from variables and from files', async (t) => {
  const directory = t.testdir({ hook: 'from-a-file\n' })
  const file = { WEBHOOK_TOKEN_FILE: join(directory, 'hook') }
  const tokenWith = (secret: ReturnType<typeof secretsOf>) => {
    const reading = read({}, secret)
    return reading.kind === 'valid'
      ? reading.configuration.sources[0]?.tokens[0]
      : reading.problems[0]?.message
  }
  t.equal(tokenWith(secretsOf(file)), 'from-a-file')
  t.equal(tokenWith(secretsOf({ ...file, WEBHOOK_TOKEN: 'variable' })), 'variable')
  t.equal(tokenWith(secretsOf({ WEBHOOK_TOKEN: 'variable' }, { WEBHOOK_TOKEN: 'made' })), 'made')
  t.match(tokenWith(secretsOf({ WEBHOOK_TOKEN: ' ' })), /the secret WEBHOOK_TOKEN is not set/)
  t.match(tokenWith(secretsOf({ WEBHOOK_TOKEN: 'a/b?c' })), /must consist of letters.*the value is not shown/)
  t.notMatch(tokenWith(secretsOf({ WEBHOOK_TOKEN: 'a/b?c' })), 'a/b?c')
  t.match(tokenWith(secretsOf({ WEBHOOK_TOKEN_FILE: join(directory, 'none') })), /could not be read: ENOENT/)
})

t.test('a source knows what its alerts may say', async (t) => {
  const sources = [{ id: 's', types: ['EXIT'], instruments: ['copper'] }]
  const configuration = valid({ sources })
  t.same(alertRulesOf(configuration, configuration.sources[0]!), {
    instruments: ['BANK_NIFTY', 'GOLD_MINI', 'SILVER_MINI', 'COPPER'].map((name) => ({
      name,
      zone: 'Asia/Kolkata',
    })),
    allowedTypes: ['EXIT'],
    allowedInstruments: ['COPPER'],
  })
})

t.test(
  'an account behind OpenAlgo is configured with its key by name, and trades no money unless told to',
  async (t) => {
    const secret = secretsOf({ WEBHOOK_TOKEN: 'hook', OPENALGO_KEY: 'a-key', SHORT: '', SPACED: 'two words' })
    const broker = { kind: 'openalgo', url: 'http://127.0.0.1:5000', apiKey: `\${OPENALGO_KEY}` }
    const instruments = [{ name: 'GOLD_MINI' }, { name: 'COPPER' }]
    const live = { id: 'live', sessions: 'exchange', broker, instruments }
    const reading = read({ portfolios: [live] }, secret)
    if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.problems))
    t.same(reading.configuration.portfolios[0]!.broker, {
      ...broker,
      ...{ product: 'NRML', bufferPct: 0.25, commissionPct: 0, allowLive: false },
    })
    t.same([...reading.configuration.apiKeys], [['live', 'a-key']])
    const hashOf = (allowLive: boolean) => {
      const told = read({ portfolios: [{ ...live, broker: { ...broker, allowLive } }] }, secret)
      return told.kind === 'valid' ? configurationHash(settingsOf(told.configuration.portfolios[0]!)) : null
    }
    t.equal(hashOf(true), hashOf(false), 'how orders are sent decides nothing')
    const about = (portfolio: object) => problemsOf({ portfolios: [{ ...live, ...portfolio }] }, secret)
    t.match(about({ sessions: 'always' }), [
      /^portfolios\[0\].sessions: must be "exchange" with the broker openalgo/,
    ])
    t.same(about({ protectiveStop: {} }), [], 'its stops rest at the broker')
    t.match(about({ instruments: [{ name: 'BANK_NIFTY' }] }), [
      /instruments\[0\].synthetic: is required with the broker openalgo/,
    ])
    t.same(about({ instruments: [{ name: 'BANK_NIFTY', synthetic: {} }] }), [])
    t.match(about({ instruments: [{ name: 'GOLD_MINI', synthetic: {} }] }), [/is known of BANK_NIFTY only/])
    t.match(about({ instruments: undefined }), [/instruments: is required with the broker openalgo/])
    t.match(about({ broker: { ...broker, slipageTicks: 1 } }), [/broker.slipageTicks: is not a key/])
    t.match(about({ broker: { ...broker, bufferPct: 7 } }), [/broker.bufferPct: must be at most 5, was 7/])
    t.match(about({ broker: { ...broker, apiKey: 'the-key-itself' } }), [/^((?!the-key-itself).)*not shown$/])
    t.match(about({ broker: { ...broker, apiKey: `\${NOWHERE}` } }), [/the secret NOWHERE is not set/])
    t.match(about({ broker: { ...broker, apiKey: `\${SPACED}` } }), [/^((?!two words).)*without spaces$/])
    t.match(about({ broker: { seed: '1' } }), [/broker.kind: is required: one of "paper", "openalgo"/])
    for (const url of [
      'http://trade.example.com',
      'ftp://127.0.0.1',
      'http://u:p@localhost',
      'x',
      'http://h/api',
    ]) {
      t.match(about({ broker: { ...broker, url } }), [/broker.url: must be such as/], url)
    }
    for (const url of ['https://trade.example.com', 'http://openalgo:5000', 'http://192.168.1.4:5000/']) {
      t.same(about({ broker: { ...broker, url } }), [], url)
    }
    const twice = problemsOf(
      { portfolios: [live, { ...live, id: 'too' }], sources: [{ id: 's', portfolio: 'too' }] },
      secret,
    )
    t.match(twice, [/^portfolios\[1\].broker: must be another account/])
  },
)

t.test('notifications go to this machine or encrypted, and their token is named', async (t) => {
  const secret = secretsOf({ WEBHOOK_TOKEN: 'hook', NOTIFY: 'a-token' })
  const url = 'http://127.0.0.1:9000/notify'
  const reading = read({ notifications: [{ kind: 'webhook', url, token: `\${NOTIFY}` }] }, secret)
  if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.problems))
  const about = ['alarms', 'fills', 'units', 'decisions', 'approvals', 'preClose']
  t.same(reading.configuration.notifications, [{ kind: 'webhook', url, about, token: 'a-token' }])
  const bot = { kind: 'telegram', botToken: `\${NOTIFY}`, chatIds: [-5], allowedUsers: [7] }
  const told = read({ notifications: [bot] }, secret)
  if (told.kind === 'invalid') throw new Error(JSON.stringify(told.problems))
  t.same(told.configuration.notifications, [{ ...bot, botToken: 'a-token', apiRoot: null, about }])
  t.same(valid({ notifications: [{ kind: 'webhook', url, token: `\${WEBHOOK_TOKEN}` }] }).sources.length, 1)
  t.same(valid({}).notifications, [])
  const problems = (notification: object) =>
    problemsOf({ notifications: [{ kind: 'webhook', url, ...notification }] }, secret)
  for (const sound of ['https://hooks.example.com/a/b?c=d', 'http://localhost:1/', 'http://[::1]:1/']) {
    t.same(problems({ url: sound }), [], sound)
  }
  const elsewhere = [
    ...['http://hooks.example.com/', 'http://192.168.1.2/', 'http://127.evil.example/', 'ftp://127.0.0.1/'],
    ...['https://user:secret-word@hooks.example.com/', 'no url', `\${NOTIFY}`],
  ]
  for (const wrong of elsewhere) {
    const [problem, ...more] = problems({ url: wrong })
    t.same(more, [], wrong)
    t.match(problem, /^notifications\[0\]\.url: must be https:\/\/, or http:\/\/ on this machine/)
    t.notOk(problem?.includes('secret-word'))
  }
  t.match(problems({ token: 'in-plain-text' }), [/^notifications\[0\]\.token: must name the variable/])
  t.same(problems({ token: 123_456 }), ['notifications[0].token: must be a text'])
  t.match(problems({ token: `\${UNSET_TOKEN}` }), [/the secret UNSET_TOKEN is not set/])
  t.match(problems({ about: ['fill'] }), [/^notifications\[0\]\.about\[0\]: must be one of .* was "fill"/])
  t.same(problems({ about: [] }), ['notifications[0].about: must have at least 1 item, was a list'])
  t.match(problems({ kind: 'post' }), [/^notifications\[0\]\.kind: must be .*"webhook".*"telegram"/])
  t.match(problemsOf({ notifications: [{ ...bot, allowedUsers: ['@me'] }] }, secret), [/allowedUsers\[0\]/])
  t.match(problemsOf({ notifications: [{ ...bot, botToken: '1:in-plain' }] }, secret), [
    /must name the variable/,
  ])
  t.match(problemsOf({ notifications: [bot, bot] }, secret), [
    /^notifications\[1\]\.botToken: must be another bot/,
  ])
})

t.test('a portfolio of cells has assets and no instruments, and its parts must agree', async (t) => {
  const asset = { name: 'KO', exchange: 'NYSE' }
  const strategy = { kind: 'volatility', cells: [{ asset: 'KO', cash: 10_000 }] }
  const portfolio = { id: 'cells', currency: 'USD', initialDeposit: 20_000, assets: [asset], strategy }
  const configuration = valid({ portfolios: [portfolio] })
  const settings = settingsOf(configuration.portfolios[0]!)
  t.same(settings.instruments, [])
  t.match(settings.assets, [{ name: 'KO', zone: 'America/New_York', currency: 'USD', quantityStep: 1 }])
  t.match(settings.volatility, {
    cells: [
      { asset: 'KO', cash: '10000', triggers: { upPct: 3, downPct: 3 }, guardrails: { maxOrdersPerDay: 5 } },
    ],
    maxDriftBps: 20,
  })
  t.equal(settings.preClose, null)
  const rules = alertRulesOf(configuration, configuration.sources[0]!)
  t.match(rules, { instruments: [{ name: 'KO', zone: 'America/New_York' }], allowedTypes: ['MARKET_DATA'] })
  t.notOk('volatility' in settingsOf(portfolioOf({})), 'others are what they were')
  const cells = [
    { asset: 'KO', cash: 15_000, guardrails: { minStock: 0.8 } },
    { asset: 'KQ', cash: 10_000, triggers: { upPct: 0 } },
  ]
  const broken = {
    ...{ ...portfolio, instruments: [{ name: 'GOLD_MINI', currency: 'USD' }], execution: {} },
    ...{ assets: [asset, { name: 'PEP', exchange: 'XETRA' }], strategy: { ...strategy, cells } },
    broker: { kind: 'openalgo', url: 'http://127.0.0.1:5000', apiKey: `\${WEBHOOK_TOKEN}` },
  }
  t.match(
    problemsOf({
      portfolios: [broken, { id: 'trend', assets: [asset] }],
      sources: [{ id: 's', portfolio: 'trend' }],
    }),
    [
      'portfolios[0].strategy.cells[0].guardrails.minStock: must be below maxStock, which is 0.75, was 0.8',
      'portfolios[0].strategy.cells[1].triggers.upPct: must be above 0, was 0',
      'portfolios[0].assets[1].zone: is required: only of NYSE, NASDAQ, MOEX, NSE, always is it known without it',
      'portfolios[0].sessions: must be "exchange" with the broker openalgo',
      'portfolios[0].currency: must be INR with the broker openalgo',
      'portfolios[0].instruments: must be left out with the strategy "volatility"',
      'portfolios[0].execution: must be left out with the strategy "volatility"',
      'portfolios[0].broker.kind: must be "paper" with the strategy "volatility", was "openalgo"',
      'portfolios[0].strategy.cells[1].asset: must be one of the assets KO, PEP, was "KQ" (did you mean "KO"?)',
      'portfolios[0].assets[1]: PEP has no cell in strategy.cells',
      'portfolios[0].strategy.cells: the cells are to start with 25000 together, and the initialDeposit is 20000',
      'portfolios[1].assets: go with the strategies "volatility" and "allocation"',
    ],
  )
})

t.test('a portfolio that is kept at target weights says how, and its weights must be possible', async (t) => {
  const asset = { name: 'TPAY', exchange: 'MOEX' }
  const strategy = {
    ...{ kind: 'allocation', cash: 'target', rest: 'sell' },
    weights: { targets: { TPAY: 90, RUB: 10 } },
  }
  const portfolio = { id: 'etf', currency: 'RUB', assets: [asset], strategy }
  const settings = settingsOf(portfolioOf({ portfolios: [portfolio] }))
  t.match(settings.allocation, {
    weights: { mode: 'manual', targets: [{ symbol: 'TPAY', pct: 90 }, { symbol: 'RUB' }] },
    ...{ cash: 'target', automatic: false, style: { kind: 'market' }, maxDriftBps: 20 },
    margin: { enabled: false, maxMarginSize: '5000' },
  })
  t.match(settings.assets, [{ name: 'TPAY', currency: 'RUB' }])
  const told = (changes: object) =>
    problemsOf({ portfolios: [{ ...portfolio, strategy: { ...strategy, ...changes } }] })
  const weights = 'portfolios[0].strategy.weights.targets'
  t.match(told({ weights: { targets: { TPAY: 90, RUB: 5 } } }), [`${weights}: must sum to 100`])
  t.match(told({ weights: { targets: { TPAI: 90, RUB: 10 } } }), [/TPAI: must be one of TPAY, RUB.*TPAY/])
  t.match(told({ weights: { targets: { TPAY: 100 } } }), [/must name RUB/])
  t.match(told({ cash: 'included' }), [/RUB is cash/])
  t.match(told({ weights: { targets: { TPAY: 110, RUB: -10 } } }).join('\n'), /TPAY.*100.*\n.*RUB.*0/)
  t.match(told({ cash: undefined, rest: undefined }).join('\n'), /cash.*\n.*rest/)
  t.match(told({ rule: { kind: 'schedule', schedule: { kind: 'interval', seconds: 29 } } }), [/at least 30/])
  t.match(told({ margin: { enabled: true, maxMarginSize: 4000 } }), [/at least freeThreshold/])
  const heldIn = (currency: string) =>
    problemsOf({ portfolios: [{ ...portfolio, assets: [{ ...asset, currency }] }] })
  t.same(heldIn('RUB'), [])
  t.match(heldIn('USD'), [/^portfolios\[0\]\.assets\[0\]\.currency: must be RUB, .* was USD: .* in USD$/])
  t.equal(heldIn('USD').length, 1)
  const copper = {
    ...{ ...portfolio, assets: [{ ...asset, name: 'COPPER' }] },
    strategy: { ...strategy, weights: { targets: { COPPER: 90, RUB: 10 } } },
  }
  t.same(problemsOf({ portfolios: [copper] }), [], 'an asset is no contract of the same name')

  t.test('the source of its metrics is on this machine or encrypted, and its token is named', async (t) => {
    const secret = secretsOf({ WEBHOOK_TOKEN: 'hook', FUNDS: 'a-token' })
    const url = 'https://funds.example/metrics'
    const withSource = (source: object) => {
      const sourced = { ...strategy, weights: { ...strategy.weights, source } }
      return { portfolios: [{ ...portfolio, strategy: sourced }] }
    }
    const reading = read(withSource({ url, token: `\${FUNDS}` }), secret)
    if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.problems))
    const { configuration } = reading
    t.same([...configuration.metricsTokens], [['etf', 'a-token']])
    t.same(settingsOf(configuration.portfolios[0]!), settings, 'it changes nothing that is decided with')
    t.match(configuration.portfolios[0]?.strategy, { weights: { source: { url, everyMinutes: 60 } } })
    const problems = (source: object) => problemsOf(withSource({ url, ...source }), secret)
    const place = 'portfolios[0].strategy.weights.source'
    t.match(problems({ url: 'http://funds.example/' }), [
      `${place}.url: must be https://, or http:// on this`,
    ])
    t.match(problems({ token: 'plain' }), [`${place}.token: must name the variable`])
    t.match(problems({ token: `\${NONE}` }), [/the secret NONE is not set/])
    t.match(problems({ everyMinutes: 2881 }), [`${place}.everyMinutes: must be at most 2880: metrics older`])
    t.match(problems({ everyMinutes: 0 }), [`${place}.everyMinutes: must be at least 1`])
  })
})
