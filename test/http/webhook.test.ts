import { connect } from 'node:net'
import fc from 'fast-check'
import type { InjectOptions, Response } from 'light-my-request'
import t from 'tap'
import { openDatabase } from '../../server/db/database.js'
import { silentLog } from '../../server/observe/log.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { testDatabase } from '../helpers/postgres.js'
import {
  barBody,
  changed,
  entryBody,
  exitBody,
  pyramidBody,
  scoutBody,
  spelled,
} from '../inbox/alert-bodies.js'
import { openWebhookDesk, tokens, type WebhookDesk } from './webhook-desk.js'

const path = `/webhook/${tokens.current}`

function post(desk: WebhookDesk, payload: string | Buffer, changes: InjectOptions = {}): Promise<Response> {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return desk.app.inject({ method: 'POST', url: path, payload, headers, ...changes })
}

interface ProblemBody {
  readonly status: number
  readonly code: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

function problemOf(response: Response): ProblemBody {
  return response.json<ProblemBody>()
}

function wrongFields(response: Response): readonly string[] {
  return (problemOf(response).errors ?? []).map(({ field }) => field)
}

t.test('every type of alert is stored word for word before it is acknowledged', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  for (const body of [entryBody, pyramidBody, exitBody, scoutBody, barBody]) {
    const response = await post(desk, body)
    t.equal(response.statusCode, 200)
    const { alertId, status } = response.json<{ alertId: string; status: string }>()
    t.equal(status, 'accepted')
    const { rows } = await pool.query('select raw from inbox where alert_id = $1', [alertId])
    t.equal(rows[0].raw.toString(), body)
  }
})

// Faults: N02
t.test('the bytes decide, whatever content type they come with, and two tokens are valid', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const types = ['application/json', 'text/plain', 'garbage', 'a, b', 'multipart/form-data', '', undefined]
  for (const [index, type] of types.entries()) {
    const payload = changed(entryBody, { price: 81240 + index })
    const headers = type === undefined ? {} : { 'content-type': type }
    const url = `/webhook/${index % 2 === 0 ? tokens.current : tokens.next}`
    const response = await post(desk, payload, { url, headers })
    t.equal(response.statusCode, 200, String(type))
    t.equal(response.json<{ status: string }>().status, index === 0 ? 'accepted' : 'conflict')
  }
})

t.test('a wrong alert is answered with every field that is wrong, and kept on record', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const rows: [body: string, code: string, fields: readonly string[]][] = [
    ['', 'ALERT_NOT_JSON', ['']],
    ['buy now', 'ALERT_NOT_JSON', ['']],
    ['{"type":"BASE_ENTRY"', 'ALERT_NOT_JSON', ['']],
    ['[1]', 'ALERT_NOT_JSON', ['']],
    [changed(entryBody, { type: undefined }), 'ALERT_INVALID', ['type']],
    [changed(entryBody, { type: 'BUY' }), 'ALERT_INVALID', ['type']],
    [changed(entryBody, { instrument: 'GOLD' }), 'ALERT_INVALID', ['instrument']],
    [changed(entryBody, { price: 0, timestamp: 'soon' }), 'ALERT_INVALID', ['price', 'timestamp']],
    [changed(entryBody, { price: -1 }), 'ALERT_INVALID', ['price']],
    [changed(entryBody, { price: 'abc' }), 'ALERT_INVALID', ['price']],
    [changed(entryBody, { timestamp: undefined }), 'ALERT_INVALID', ['timestamp']],
    [changed(entryBody, { timestamp: '2026-02-30T10:00:00Z' }), 'ALERT_INVALID', ['timestamp']],
    [changed(entryBody, { atr: 0 }), 'ALERT_INVALID', ['atr']],
    [changed(entryBody, { atr: undefined, stop: undefined }), 'ALERT_INVALID', ['atr']],
    [spelled(entryBody, 'price', 'NaN'), 'ALERT_INVALID', ['price']],
    [spelled(entryBody, 'price', '1e999'), 'ALERT_INVALID', ['price']],
    [`{"price":1,${entryBody.slice(1)}`, 'ALERT_INVALID', ['price']],
    [changed(scoutBody, { conditions: { long_entry: 'yes' } }), 'ALERT_INVALID', []],
    [spelled(entryBody, 'position', `${'['.repeat(40)}${']'.repeat(40)}`), 'ALERT_NOT_JSON', []],
  ]
  for (const [body, code, fields] of rows) {
    const response = await post(desk, body)
    const problem = problemOf(response)
    t.equal(response.statusCode, 400, body.slice(0, 60))
    t.match(response.headers['content-type'], /^application\/problem\+json/)
    t.match(problem, {
      type: `urn:smart-general:problem:${code}`,
      status: 400,
      code,
      detail: /\w/,
      remedy: /\w/,
    })
    for (const field of fields) t.ok(wrongFields(response).includes(field), `${field} is named`)
  }
  const count = 'select count(*) as count from refused_alerts where status = 400 and source = $1'
  await eventually('all are on record', async () => {
    const { rows: found } = await pool.query(count, ['tradingview'])
    return found[0].count === rows.length
  })
  const { rows: stored } = await pool.query('select count(*) as count from inbox')
  t.equal(stored[0].count, 0, 'and none waits to be decided')
})

t.test('an exit that names its instrument is taken whatever else is wrong with it', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const wrong = [
    '{"type":"exit","instrument":"gold_mini"}',
    spelled(exitBody, 'timestamp', 'NaN'),
    `${exitBody},`,
  ]
  for (const body of wrong) t.equal((await post(desk, body)).statusCode, 200, body)
})

// Faults: N11
t.test('a token that is not known is refused before the body is read, and only counted', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const wrong = [`${tokens.current}x`, tokens.current.slice(1), '%20', '%world', 'x'.repeat(5000), 'a/b', '']
  for (const token of wrong) {
    const response = await post(desk, entryBody, { url: `/webhook/${token}` })
    t.equal(response.statusCode, 401, token.slice(0, 40))
    t.equal(problemOf(response).code, 'WEBHOOK_TOKEN_UNKNOWN')
  }
  t.equal((await post(desk, entryBody, { url: '/webhook' })).statusCode, 401)
  const { rows } = await pool.query(
    'select (select count(*) from inbox) + (select count(*) from refused_alerts) as n',
  )
  t.equal(rows[0].n, 0)
  const { values } = await desk.metrics.unauthorizedRequests.get()
  t.equal(values[0]?.value, wrong.length + 1)
})

t.test('a source is confined to its types and instruments', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const url = `/webhook/${tokens.narrow}`
  t.equal((await post(desk, barBody, { url })).statusCode, 200)
  for (const body of [entryBody, changed(barBody, { instrument: 'GOLD_MINI' })]) {
    const response = await post(desk, body, { url })
    t.equal(response.statusCode, 403)
    t.equal(problemOf(response).code, 'ALERT_NOT_ALLOWED')
  }
})

// Faults: N03
t.test('a body of 16 KiB is read, one byte more is refused', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const room = 16 * 1024 - changed(entryBody, { note: '' }).length
  const longest = changed(entryBody, { note: 'x'.repeat(room) })
  t.equal(longest.length, 16 * 1024)
  t.equal((await post(desk, longest)).statusCode, 200)
  const response = await post(desk, `${longest} `)
  t.equal(response.statusCode, 413)
  t.equal(problemOf(response).code, 'BODY_TOO_LARGE')
  await eventually('it is on record', async () => {
    const { rows } = await pool.query('select raw from refused_alerts where status = 413')
    return rows.length === 1
  })
})

t.test('other paths and methods are told apart, and nothing else is served', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const ask = async (method: InjectOptions['method'], url: string) => {
    const { statusCode, headers } = await desk.app.inject({ method: method ?? 'GET', url })
    return [statusCode, headers.allow]
  }
  t.same(await ask('GET', '/healthz'), [200, undefined])
  t.same(await ask('GET', path), [405, 'POST'])
  t.same(await ask('PUT', path), [405, 'POST'])
  t.same(await ask('POST', '/healthz'), [405, 'GET, HEAD'])
  for (const other of ['/', '/metrics', '/v1/portfolios', '/readyz', '/docs', '/%zz']) {
    t.same(await ask('GET', other), [404, undefined], other)
  }
})

t.test(
  'the same alert again answers with the first, other content under the same key is a conflict',
  async (t) => {
    const { pool } = await testDatabase(t)
    const desk = openWebhookDesk(pool)
    const sent = await Promise.all([1, 2, 3, 4].map(() => post(desk, entryBody)))
    const answers = sent.map((response) => response.json<{ alertId: string; status: string }>())
    t.equal(new Set(answers.map(({ alertId }) => alertId)).size, 1)
    t.same(answers.map(({ status }) => status).sort(), ['accepted', 'duplicate', 'duplicate', 'duplicate'])
    const other = (await post(desk, changed(entryBody, { price: 81250 }))).json()
    t.match(other, {
      status: 'conflict',
      firstAlertId: answers[0]!.alertId,
      decision: { outcome: 'ignored' },
    })
  },
)

t.test('no proof of storage is a 503 in time, and the alert counts once when it is sent again', async (t) => {
  const { connectionString } = await testDatabase(t)
  const { pool, close } = openDatabase({ connectionString, log: silentLog, poolSize: 2 })
  t.teardown(close)
  const locker = await pool.connect()
  const desk = openWebhookDesk(pool)
  await locker.query('begin; lock table inbox in exclusive mode')
  const response = await post(desk, entryBody)
  t.equal(response.statusCode, 503)
  t.equal(response.headers['retry-after'], '5')
  t.equal(problemOf(response).code, 'STORAGE_NOT_PROVEN')
  await locker.query('rollback')
  locker.release()
  const again = await eventually('it is stored', async () => {
    const sent = await post(desk, entryBody)
    return sent.statusCode === 200 ? sent.json<{ status: string }>().status : undefined
  })
  t.match(again, /^(accepted|duplicate)$/)
  const { rows } = await pool.query('select count(*) as count from inbox')
  t.equal(rows[0].count, 1)
})

t.test('alerts are refused with a 503 while the service starts or stops', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  for (const [intake, code] of [['starting', 'STARTING'] as const, ['stopping', 'STOPPING'] as const]) {
    desk.intake = intake
    const response = await post(desk, entryBody)
    t.equal(response.statusCode, 503)
    t.equal(response.headers['retry-after'], '5')
    t.equal(problemOf(response).code, code)
  }
})

t.test('a wait that nobody decides ends without a decision, and is never an error', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const headers = { prefer: 'respond-async, wait=0.05', 'content-type': 'application/json' }
  const response = await post(desk, entryBody, { headers })
  t.equal(response.statusCode, 200)
  t.equal(response.json<{ decision?: unknown }>().decision, undefined)
})

// Faults: N11
t.test('only allowed addresses are served, and only the named proxy is believed', async (t) => {
  const { pool } = await testDatabase(t)
  const allowedSenders = ['52.89.214.238']
  const open = openWebhookDesk(pool, { allowedSenders, trustedProxy: ['10.0.0.0/8'] })
  const from = async (remoteAddress: string, forwarded?: string) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    return (await post(open, entryBody, { remoteAddress, headers })).statusCode
  }
  t.equal(await from('52.89.214.238'), 200)
  t.equal(await from('::ffff:52.89.214.238'), 200)
  t.equal(await from('127.0.0.1'), 403)
  t.equal(await from('127.0.0.1', '52.89.214.238'), 403, 'anybody can write that header')
  t.equal(await from('10.1.2.3', '52.89.214.238'), 200)
  t.equal(await from('10.1.2.3', '52.89.214.238, 6.6.6.6'), 403, 'the last is what the proxy saw')
  t.equal(await from('10.1.2.3'), 403)
})

t.test('neither tokens nor bodies are logged, whatever goes wrong', async (t) => {
  const { connectionString } = await testDatabase(t)
  const { pool, close } = openDatabase({ connectionString, log: silentLog, poolSize: 1 })
  const desk = openWebhookDesk(pool)
  await post(desk, entryBody)
  await post(desk, 'canary-body')
  await post(desk, entryBody, { url: '/webhook/canary-token%' })
  await post(desk, 'x'.repeat(20_000))
  await close()
  t.equal((await post(desk, pyramidBody)).statusCode, 503)
  t.ok(desk.logged.length > 0, 'something was logged')
  const logged = desk.logged.join('\n')
  for (const secret of [tokens.current, 'canary', '81240', '248150', '/webhook/']) {
    t.notOk(logged.includes(secret), secret)
  }
})

// Faults: L01
t.test('no body makes the service fail, and every acknowledged one is stored word for word', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  const samples = fc.constantFrom(entryBody, pyramidBody, exitBody, scoutBody, barBody)
  const mutated = fc
    .tuple(
      samples,
      fc.nat(),
      fc.nat({ max: 8 }),
      fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.constant(Buffer.from('NaN'))),
    )
    .map(([body, at, removed, added]) => {
      const bytes = Buffer.from(body)
      const from = at % bytes.length
      return Buffer.concat([bytes.subarray(0, from), added, bytes.subarray(from + removed)])
    })
  const anyBody = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 300 }).map(Buffer.from),
    fc.json().map((json) => Buffer.from(json)),
  )
  const property = fc.asyncProperty(anyBody, async (body) => {
    const response = await post(desk, body)
    if (response.statusCode === 400) return problemOf(response).code.startsWith('ALERT_')
    const { alertId, status } = response.json<{ alertId: string; status: string }>()
    if (response.statusCode !== 200) return false
    if (status === 'duplicate') return true
    const { rows } = await pool.query('select raw from inbox where alert_id = $1', [alertId])
    return body.equals(rows[0].raw)
  })
  await fc.assert(property, { numRuns: counts.propertyRuns })
})

t.test('what is not HTTP, or comes too slowly, is answered and cut off', async (t) => {
  const { pool } = await testDatabase(t)
  const desk = openWebhookDesk(pool)
  t.teardown(() => desk.app.close())
  await desk.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = desk.app.server.address() as { port: number }
  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\n`
  const say = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      let answer = ''
      socket.on('data', (data) => {
        answer += data.toString()
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })
  const answers = await Promise.all([
    say('nonsense\r\n\r\n'),
    say(`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`),
    say(`${head}x: ${'y'.repeat(9000)}\r\n\r\n`),
    say(`${head}content-length: 500\r\n\r\n{`),
    say(head.slice(0, 10)),
  ])
  t.same(
    answers.map((answer) => answer.slice(9, 12)),
    ['400', '400', '400', '408', '408'],
  )
  for (const answer of answers) t.match(answer, /application\/problem\+json/)
})
