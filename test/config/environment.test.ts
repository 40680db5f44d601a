import t from 'tap'
import { ConfigurationError } from '../../server/config/configuration-error.js'
import { didYouMean } from '../../server/config/did-you-mean.js'
import { readEnvironment } from '../../server/config/env.js'

function problemsOf(variables: Record<string, string>): readonly string[] {
  try {
    readEnvironment(variables, '/srv/general')
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

t.test('an empty environment is a service on this machine', async (t) => {
  t.same(readEnvironment({ PORT: '', HOST: ' ' }, '/srv/general'), {
    port: 8080,
    host: '127.0.0.1',
    adminPort: 8081,
    adminHost: '127.0.0.1',
    databaseUrl: null,
    redisUrl: null,
    home: '/srv/general/.general',
    configPath: null,
    adminToken: null,
    webhookToken: null,
    tradingViewOnly: null,
    logLevel: 'info',
  })
})

t.test('every variable is read', async (t) => {
  const variables = {
    PORT: '0',
    HOST: '0.0.0.0',
    ADMIN_PORT: '9001',
    ADMIN_HOST: 'general.internal',
    DATABASE_URL: 'postgresql://u:p%40ss@db:5432/general?sslmode=require',
    REDIS_URL: 'rediss://:secret@cache:6380/1',
    GENERAL_HOME: 'state',
    GENERAL_CONFIG: '/etc/general.json',
    ADMIN_TOKEN: 'b64+/token==',
    WEBHOOK_TOKEN: 'hook-1_2.3~4',
    LOG_LEVEL: 'WARN',
  }
  t.match(readEnvironment(variables, '/srv'), {
    port: 0,
    host: '0.0.0.0',
    adminPort: 9001,
    adminHost: 'general.internal',
    databaseUrl: variables.DATABASE_URL,
    redisUrl: variables.REDIS_URL,
    home: '/srv/state',
    configPath: '/etc/general.json',
    adminToken: variables.ADMIN_TOKEN,
    webhookToken: variables.WEBHOOK_TOKEN,
    logLevel: 'warn',
  })
})

t.test('relative paths are those of the user who ran npm', async (t) => {
  const variables = { INIT_CWD: '/home/me', GENERAL_HOME: 'state', GENERAL_CONFIG: '../general.json' }
  t.match(readEnvironment(variables, '/srv'), { home: '/home/me/state', configPath: '/home/general.json' })
  t.equal(
    readEnvironment({ INIT_CWD: '/home/me' }, '/srv').home,
    '/srv/.general',
    'the default stays in its place',
  )
})

t.test('TradingView alone may be served, directly or behind one proxy', async (t) => {
  const only = (value: string) => readEnvironment({ TRADINGVIEW_IPS_ONLY: value }, '/').tradingViewOnly
  for (const value of ['true', '1', 'YES', 'on']) t.same(only(value), { trustedProxy: null }, value)
  for (const value of ['false', '0', 'no', 'Off']) t.equal(only(value), null, value)
  for (const value of ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'])
    t.same(only(value), { trustedProxy: value })
  for (const value of ['10.0.0.0/33', 'proxy', '10.0.0.0/8/8', '10.0.0.0/', '::1/129']) {
    t.match(problemsOf({ TRADINGVIEW_IPS_ONLY: value }), [/true \(TradingView connects directly\)/], value)
  }
})

t.test('every problem is listed at once, and no secret with it', async (t) => {
  const secret = 'hunter2 is/no?token'
  const problems = problemsOf({
    PORT: '80a',
    HOST: 'http://x',
    ADMIN_PORT: '65536',
    DATABASE_URL: 'mysql://root:hunter2@db',
    REDIS_URL: secret,
    ADMIN_TOKEN: secret,
    WEBHOOK_TOKEN: secret,
    LOG_LEVEL: 'inf',
  })
  t.match(problems, [
    'PORT: must be a port, 0 to 65535, was "80a"',
    /^HOST: must be an address or a host name/,
    'ADMIN_PORT: must be a port, 0 to 65535, was "65536"',
    'DATABASE_URL: must be a URL that begins with postgres://, and it begins with mysql://',
    'REDIS_URL: must be a URL that begins with redis://, and it is no URL',
    /^ADMIN_TOKEN: must consist of letters/,
    /^WEBHOOK_TOKEN: must consist of letters/,
    /^LOG_LEVEL: must be one of .*, was "inf" \(did you mean "info"\?\)/,
  ])
  t.equal(problems.length, 8)
  t.notOk(problems.some((problem) => problem.includes('hunter2')))
})

t.test('the two listeners do not share a port', async (t) => {
  t.match(problemsOf({ PORT: '9000', ADMIN_PORT: '9000' }), [/^ADMIN_PORT: must differ from PORT/])
  t.same(problemsOf({ PORT: '0', ADMIN_PORT: '0' }), [], 'unless the system chooses both')
  t.same(problemsOf({ PORT: '9000', ADMIN_PORT: '9000', HOST: '192.0.2.1' }), [], 'or their addresses differ')
})

t.test('a name that is nearly right is recognised', async (t) => {
  const known = ['maxHeatPct', 'maxMarginPct', 'equityMode']
  t.equal(didYouMean('maxheatpct', known), ' (did you mean "maxHeatPct"?)')
  t.equal(didYouMean('maxMarginPercent', known), ' (did you mean "maxMarginPct"?)')
  t.equal(didYouMean('leverage', known), '')
  t.equal(didYouMean('', known), '')
})
