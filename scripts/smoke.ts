import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { findFreePort } from '../server/db/postgres-port.js'

/**
 * The main job from an empty home, as a stranger would try it: start, send an entry, see the position; kill the service
 * with SIGKILL, start again, find the position, send the entry once more, see that nothing happens; stop in order.
 */

interface Running {
  readonly child: ChildProcess
  readonly webhookUrl: string
  readonly adminUrl: string
  readonly webhookToken: string
  readonly adminToken: string
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

const startTimeoutMs = 60_000
const fillTimeoutMs = 20_000
const stopTimeoutMs = 20_000

const general = join(import.meta.dirname, 'general.js')
const home = await mkdtemp(join(tmpdir(), 'smart-general-smoke-'))
const ports = { PORT: String(await findFreePort()), ADMIN_PORT: String(await findFreePort()) }
const children: ChildProcess[] = []

async function start(): Promise<Running> {
  const env = { ...process.env, ...ports, GENERAL_HOME: home, LOG_LEVEL: 'warn' }
  const child = spawn(process.execPath, [general, 'start', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface(child.stdout).on('line', () => undefined)
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`The service ended with exit code ${code} before it was ready`)
  })
  const first = once(lines, 'line') as Promise<[string]>
  const [line] = await within(startTimeoutMs, 'the service is ready', Promise.race([first, exited]))
  exited.catch(() => undefined)
  const facts = JSON.parse(line) as Record<
    'webhookUrl' | 'webhookTokenFile' | 'adminUrl' | 'adminTokenFile',
    string
  >
  const [webhookToken = '', adminToken = ''] = await Promise.all(
    [facts.webhookTokenFile, facts.adminTokenFile].map(async (file) => (await readFile(file, 'utf8')).trim()),
  )
  return { child, webhookUrl: facts.webhookUrl, adminUrl: facts.adminUrl, webhookToken, adminToken }
}

async function send(running: Running, alert: object): Promise<Answer> {
  const headers = { 'content-type': 'text/plain', prefer: 'wait=1.8' }
  const init = { method: 'POST', headers, body: JSON.stringify(alert) }
  return read(await fetch(running.webhookUrl + running.webhookToken, init))
}

async function ask(running: Running, path: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${running.adminToken}` }
  return read(await fetch(new URL(path, running.adminUrl), { headers }))
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function listPositions(running: Running): Promise<Record<string, unknown>[]> {
  const { body } = await ask(running, '/v1/portfolios')
  const [portfolio] = body.items as { id: string }[]
  const positions = await ask(running, `/v1/portfolios/${portfolio?.id}/positions`)
  return positions.body.items as Record<string, unknown>[]
}

async function awaitFilled(running: Running): Promise<Record<string, unknown>[]> {
  const deadline = Date.now() + fillTimeoutMs
  for (;;) {
    const positions = await listPositions(running)
    if (positions.some(({ lots }) => Number(lots) > 0)) return positions
    if (Date.now() > deadline)
      throw new Error(`No position after ${fillTimeoutMs} ms: ${JSON.stringify(positions)}`)
    await delay(50)
  }
}

function within<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  const late = delay(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`Not within ${timeoutMs} ms: ${what}`)
  })
  return Promise.race([work, late])
}

function expect(isTrue: boolean, what: string, found: unknown): void {
  if (!isTrue) throw new Error(`${what}, but found ${JSON.stringify(found)}`)
  console.log(`  ${what}`)
}

async function smoke(): Promise<void> {
  const alert = {
    ...{ type: 'BASE_ENTRY', instrument: 'GOLD_MINI', position: 'Long_1', price: 78500, stop: 77800 },
    ...{ atr: 700.25, er: 0.85, supertrend: 77650.5, roc: 1.8, timestamp: new Date().toISOString() },
  }
  const first = await start()
  const ready = await ask(first, '/readyz')
  expect(ready.status === 200, 'the service is ready', ready)
  const answer = await send(first, alert)
  expect(answer.status === 200 && answer.body.status === 'accepted', 'the entry is accepted', answer)
  const positions = await awaitFilled(first)
  expect(positions.length === 1, 'the entry became one position', positions)

  const killed = once(first.child, 'exit')
  first.child.kill('SIGKILL')
  await killed
  const second = await start()
  const found = await listPositions(second)
  expect(JSON.stringify(found) === JSON.stringify(positions), 'after kill -9 the position is the same', found)
  const again = await send(second, alert)
  expect(again.body.status === 'duplicate', 'the same entry again is a duplicate', again)
  expect(again.body.alertId === answer.body.alertId, 'and answered as the first one', again)
  const still = await listPositions(second)
  expect(JSON.stringify(still) === JSON.stringify(positions), 'and nothing was bought twice', still)

  const stopped = once(second.child, 'exit') as Promise<[number | null]>
  second.child.kill('SIGTERM')
  const [code] = await within(stopTimeoutMs, 'the service has stopped', stopped)
  expect(code === 0, 'the service stops in order', code)
}

try {
  await smoke()
  console.log('Smoke check passed')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  for (const child of children) child.kill('SIGKILL')
  await delay(500)
  await rm(home, { recursive: true, force: true })
}
