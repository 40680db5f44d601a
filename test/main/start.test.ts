import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { describeService, exampleCurl, serviceFacts } from '../../scripts/verbs/start-output.js'
import { eventually } from '../helpers/eventually.js'
import { runGeneral } from '../helpers/general.js'
import { testDirectory } from '../helpers/temporary-directory.js'
import { goldEntry, runService } from './running-service.js'
import { type StartedProcess, startProcess } from './started-process.js'

const run = promisify(execFile)

interface Position {
  readonly id: string
  readonly instrument: string
  readonly lots: string
}

async function send({ webhookUrl }: StartedProcess, alert: unknown): Promise<Record<string, unknown>> {
  const headers = { prefer: 'wait=1.8' }
  const response = await fetch(webhookUrl, { method: 'POST', body: JSON.stringify(alert), headers })
  return { http: response.status, ...((await response.json()) as Record<string, unknown>) }
}

async function positions({ adminUrl, adminToken }: StartedProcess): Promise<readonly Position[]> {
  const headers = { authorization: `Bearer ${adminToken}` }
  const response = await fetch(`${adminUrl}/v1/portfolios/paper/positions`, { headers })
  return ((await response.json()) as { items: readonly Position[] }).items
}

t.test(
  'a service that is killed keeps what it acknowledged, and one that is stopped ends in order',
  async (t) => {
    const home = await testDirectory(t)
    const first = await startProcess(t, home)
    t.match(await send(first, goldEntry()), { http: 200, decision: { outcome: 'executed', lots: '2' } })
    const held = await positions(first)
    t.match(held, [{ instrument: 'GOLD_MINI', lots: '2' }])
    const copper = { instrument: 'COPPER', price: 800, atr: 8 }
    const fetched = fetch(first.webhookUrl, { method: 'POST', body: JSON.stringify(goldEntry(copper)) })
    t.equal((await fetched).status, 200)
    t.equal(await first.end('SIGKILL'), 'SIGKILL')

    const second = await startProcess(t, home)
    const kept = await eventually('both entries are held', async () => {
      const found = await positions(second)
      return found.length === 2 ? found : undefined
    })
    t.same(kept.at(-1), held[0])
    const exit = { type: 'EXIT', instrument: 'COPPER', price: 801, timestamp: new Date().toISOString() }
    t.match(await send(second, exit), { http: 200, decision: { outcome: 'executed' } })
    t.equal(await second.end('SIGTERM'), 0)

    const third = await startProcess(t, home)
    t.same(await positions(third), held)
    t.equal(await third.end('SIGINT'), 0)
    for (const { log } of [first, second, third])
      t.notOk(log().includes(new URL(first.webhookUrl).pathname.slice(9)))
  },
)

t.test('what start prints for people works when it is pasted', async (t) => {
  const { service, ask } = await runService(t)
  const text = describeService(service, true)
  t.match(text, service.tokens.webhook.token)
  t.match(text, exampleCurl(service))
  const { stdout } = await run('sh', ['-c', exampleCurl(service).replace(/^curl/, `printf '%s\\n'`)])
  const [, , , url, , body] = stdout.split('\n')
  const response = await fetch(url!, { method: 'POST', body: body!, headers: { prefer: 'wait=1.8' } })
  t.match(await response.json(), { status: 'accepted', decision: { outcome: 'executed' } })
  t.equal((await ask<{ items: unknown[] }>('/v1/portfolios/paper/positions')).body.items.length, 1)
})

t.test('what start prints to a file tells where the token is, and not the token', async (t) => {
  const { service } = await runService(t)
  const text = `${describeService(service, false)}${JSON.stringify(serviceFacts(service, false))}`
  for (const { token, file } of [service.tokens.webhook, service.tokens.admin]) {
    t.notOk(text.includes(token))
    t.ok(text.includes(file!))
  }
})

t.test('a start that cannot be is told in one line, with the exit code of a failure', async (t) => {
  const home = await testDirectory(t)
  const env = { GENERAL_HOME: home, PORT: 'eighty', ADMIN_PORT: '0' }
  const { code, stdout, stderr } = await runGeneral(['start'], { env })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /PORT: must be a port/)
  const usage = await runGeneral(['start', '--nonsense'], { env })
  t.equal(usage.code, 2)
  const help = await runGeneral(['start', '--help'])
  t.equal(help.code, 0)
  t.match(help.stdout, /Run the service/)
})
