import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docker-compose.yml'), 'utf8')
const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'))

/** The lines of one service, without its name. */
function serviceLines(name: string): string[] {
  const start = lines.indexOf(`  ${name}:`) + 1
  const length = lines.slice(start).findIndex((line) => /^ {0,2}\S/.test(line))
  return lines.slice(start, start + length)
}

t.test('the file is indented as YAML asks', async (t) => {
  t.notMatch(text, /\t/, 'no tabs')
  t.same(
    lines.filter((line) => (/^ */.exec(line)?.[0].length ?? 0) % 2 === 1),
    [],
    'even indents',
  )
})

t.test('only the webhook is reachable from outside', async (t) => {
  const published = lines.filter((line) => /^ +- "?[^ ]*:\d+"?$/.test(line)).map((line) => line.trim())
  t.equal(published.length, 4)
  const open = published.filter((line) => !line.startsWith('- "127.0.0.1:'))
  t.equal(open.length, 1)
  t.match(open[0], /WEBHOOK_PORTS/)
})

t.test('every secret comes from the environment, and a missing one is named', async (t) => {
  const secrets = lines.filter((line) => /(PASSWORD|TOKEN|_URL):/.test(line))
  t.equal(secrets.length, 6)
  for (const line of secrets) t.match(line, /\$\{(\w+):\?set \1\}/, line.trim())
})

// Faults: R05
t.test('the database keeps what it confirms, and Redis drops nothing', async (t) => {
  const database = serviceLines('postgres').join('\n')
  for (const name of ['synchronous_commit', 'fsync', 'full_page_writes']) t.match(database, `${name}=on`)
  t.match(database, 'image: postgres:18')
  const redis = serviceLines('redis').join('\n')
  t.match(redis, /image: redis:7.*--maxmemory-policy noeviction --appendonly yes/s)
})

t.test('every service is watched, and the service waits for the others', async (t) => {
  for (const name of ['general', 'postgres', 'redis'])
    t.ok(serviceLines(name).includes('    healthcheck:'), name)
  t.equal(serviceLines('general').filter((line) => line.includes('condition: service_healthy')).length, 2)
})
