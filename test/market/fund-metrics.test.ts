import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { ReportedMetrics } from '../../core/portfolio/allocation-state.js'
import { HOUR, MINUTE } from '../../core/time.js'
import {
  type HttpMetricsOptions,
  httpMetricsSource,
} from '../../server/market/metrics/http-metrics-source.js'
import { MetricsFollower } from '../../server/market/metrics/metrics-follower.js'
import { allocation, asset, weights } from '../helpers/allocation.js'
import { eventually } from '../helpers/eventually.js'
import { sequencedPortfolio } from '../helpers/sequenced.js'
import { settings } from '../helpers/settings.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { runService } from '../main/running-service.js'

type Request = Parameters<RequestListener>[0]

/** A server of fund metrics; `answer` may be changed at any time. */
class MetricsServer {
  readonly requests: Request[] = []
  url = ''
  answer: RequestListener = (_request, response) => response.writeHead(503).end()

  async start(t: Teardown): Promise<this> {
    const server = createServer((request, response) => {
      this.requests.push(request)
      this.answer(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/funds`
    return this
  }

  says(body: unknown): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    this.answer = (_request, response) => response.setHeader('content-type', 'application/json').end(text)
  }
}

const never = new AbortController().signal

t.test('a source over HTTP tells rows, or why there are none', async (t) => {
  const server = await new MetricsServer().start(t)
  const ask = (options: Partial<HttpMetricsOptions> = {}) =>
    httpMetricsSource({ url: server.url, token: null, ...options }).read(never)
  const row = { symbol: 'A', marketCap: 5, observedAt: '2026-01-05T06:00:00Z' }
  server.says([row])
  t.same(await ask(), { kind: 'read', rows: [{ ...row, aum: null }] })
  t.equal(server.requests[0]?.headers.authorization, undefined)
  server.says({ source: 'theirs', metrics: [row] })
  t.match(await ask({ token: 'a-token' }), { kind: 'read', rows: [{ symbol: 'A' }] })
  t.equal(server.requests[1]?.headers.authorization, 'Bearer a-token')
  t.equal(httpMetricsSource({ url: 'https://funds.example/a?b', token: null }).name, 'funds.example')

  const unusable: [unknown, RegExp][] = [
    ['{"symbol": NaN}', /its answer is no JSON/],
    [[], /metrics: .*/],
    [null, /metrics: .*/],
    [{ funds: [row] }, /metrics: .*/],
    [[row, { symbol: 'B', aum: -1 }], /cannot be used: metrics\.1\.aum: /],
    [[{ symbol: 'B' }], /must have marketCap or aum/],
    [[{ symbol: 'B', aum: 1, observedAt: 'today' }], /metrics\.0\.observedAt: must be an instant/],
    [[{ symbol: 'B', aum: '1' }], /metrics\.0\.aum/],
    [Array(5).fill({ symbol: '', aum: 1 }), /and 2 more/],
  ]
  for (const [body, reason] of unusable) {
    server.says(body)
    t.match(await ask(), { kind: 'failed', reason }, JSON.stringify(body))
  }
  server.says([row])
  t.match(await ask({ maxBytes: 20 }), { kind: 'failed', reason: 'its answer is longer than 20 bytes' })
  server.answer = (_request, response) => response.writeHead(302, { location: server.url }).end()
  t.match(await ask({ token: 'a-token' }), { kind: 'failed', reason: 'it answered 302' })
  server.answer = (_request, response) => response.writeHead(500).end('[]')
  t.match(await ask(), { kind: 'failed', reason: 'it answered 500' })
  server.answer = () => undefined
  t.match(await ask({ timeoutMs: 50 }), { kind: 'failed', reason: 'it did not answer in time' })
  server.answer = (_request, response) => response.writeHead(200).write('[')
  t.match(await ask({ timeoutMs: 200 }), { kind: 'failed', reason: 'it did not answer in time' })
  const closed = await ask({ url: 'http://127.0.0.1:1/' })
  t.match(closed, { kind: 'failed', reason: /it could not be reached/ })
})

t.test(
  'what a source says is recorded when it changes something, and its failure is told once',
  async (t) => {
    const server = await new MetricsServer().start(t)
    const shares = weights('marketcap', { A: 0, B: 0 })
    const using = { currency: 'RUB', instruments: [], assets: [asset('A'), asset('B')] }
    const portfolio = await sequencedPortfolio(t, {
      settings: settings({ ...using, allocation: allocation({ weights: shares }) }),
    })
    const { sequencer, clock, pool, desk } = portfolio
    const source = httpMetricsSource({ url: server.url, token: null, timeoutMs: 20_000 })
    const follower = new MetricsFollower({ source, everyMs: HOUR, sequencer, clock, desk })
    const inputs: string[] = []
    sequencer.onEvents((_events, input) => inputs.push(input.type))
    const known = () => sequencer.state().allocation.metrics
    const alarms = async () =>
      (await pool.query<{ message: string }>(`select message from alarms where code = 'METRICS_UNREACHABLE'`))
        .rows

    t.notOk(await follower.look())
    t.notOk(await follower.look())
    t.match(await alarms(), [{ message: /^The fund metrics of 127.* it answered 503\. .* 48 hours/ }])
    t.equal((await alarms()).length, 1, 'once per outage')

    const observedAt = new Date(clock.now()).toISOString()
    server.says([
      { symbol: 'a', marketCap: 10, observedAt },
      { symbol: 'B', aum: 7, observedAt },
      { symbol: 'OTHER', aum: 1 },
    ])
    t.ok(await follower.look())
    const expected: Partial<ReportedMetrics>[] = [
      { symbol: 'A', marketCap: 10, aum: null, source: source.name, observedAt: clock.now() },
      { symbol: 'B', marketCap: null, aum: 7 },
    ]
    t.match(known(), expected)
    t.equal(known().length, 2, 'what is none of its assets is left out')
    t.ok(await follower.look())
    t.same(inputs, ['MetricsImported'], 'the same again is not recorded')

    server.says([{ symbol: 'OTHER', aum: 1 }])
    t.notOk(await follower.look())
    t.match(await alarms(), [{}, { message: /it names none of the assets of the portfolio/ }])
    t.equal((await alarms()).length, 2, 'the next outage is told again')
    server.says([
      { symbol: 'A', marketCap: 10, observedAt },
      { symbol: 'B', aum: 0 },
    ])
    t.notOk(await follower.look())
    t.equal(inputs.length, 1, 'a line that cannot be used refuses them all')

    t.test('what has no time is confirmed before it is too old', async (t) => {
      server.says([{ symbol: 'A', marketCap: 11 }])
      t.ok(await follower.look())
      t.match(known(), [{ symbol: 'B' }, { symbol: 'A', marketCap: 11, observedAt: clock.now() }])
      clock.advanceTo(clock.now() + 46 * HOUR)
      t.ok(await follower.look())
      t.equal(inputs.length, 2)
      clock.advanceTo(clock.now() + MINUTE)
      t.ok(await follower.look())
      t.equal(inputs.length, 3)
      t.match(known()[1], { symbol: 'A', observedAt: clock.now() })
    })

    t.test('a source that does not answer keeps nothing from stopping', async (t) => {
      const before = server.requests.length
      server.answer = () => undefined
      follower.start()
      await eventually('it is asked', () => server.requests.length > before)
      await follower.stop()
      t.equal((await alarms()).length, 2, 'that it was stopped is no outage')
    })
  },
)

t.test('a service asks the source that its configuration names, with its token', async (t) => {
  const server = await new MetricsServer().start(t)
  server.says({ metrics: [{ symbol: 'TPAY', marketCap: 3e9 }] })
  const file = join(await testDirectory(t), 'general.json')
  const source = { url: server.url, token: `\${FUNDS_TOKEN}` }
  const portfolio = {
    ...{ id: 'etf', currency: 'RUB', assets: [{ name: 'TPAY', exchange: 'MOEX' }] },
    strategy: {
      ...{ kind: 'allocation', cash: 'included', rest: 'sell' },
      weights: { mode: 'marketcap', targets: { TPAY: 0 }, source },
    },
  }
  await writeFile(file, JSON.stringify({ portfolios: [portfolio] }))
  const env = { GENERAL_CONFIG: file, FUNDS_TOKEN: 'the-token-of-funds' }
  const service = await runService(t, { env })
  await eventually(
    'its metrics are recorded',
    async () => {
      const { body } = await service.ask<{ items: readonly object[] }>('/v1/portfolios/etf/metrics')
      return body.items.length === 1
    },
    { timeoutMs: 30_000 },
  )
  t.equal(server.requests[0]?.headers.authorization, 'Bearer the-token-of-funds')
  t.notMatch(service.logged.join('\n'), /the-token-of-funds/)
})
