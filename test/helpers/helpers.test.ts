import { Redis } from 'ioredis'
import t from 'tap'
import { eventually } from './eventually.js'
import { testDatabase } from './postgres.js'
import { testRedis } from './redis.js'

t.test('each call for a database gives an empty one of its own', async (t) => {
  const [first, second] = await Promise.all([testDatabase(t), testDatabase(t)])
  await first.pool.query('create table marks (id int)')
  const { rows } = await second.pool.query("select to_regclass('marks') as found")
  t.equal(rows[0].found, null, 'what is made in one is not in the other')
})

t.test('each call for Redis gives an empty database of its own', async (t) => {
  const [first, second] = await Promise.all([testRedis(t), testRedis(t)])
  const [writer, reader] = [new Redis(first.url), new Redis(second.url)]
  t.teardown(() => [writer, reader].map((client) => client.disconnect()))
  await writer.set('mark', '1')
  t.equal(await reader.get('mark'), null, 'what is written to one is not in the other')
})

t.test('looking eventually returns what was found and names what was not', async (t) => {
  let looks = 0
  t.equal(await eventually('the third look', () => (++looks === 3 ? looks : undefined)), 3)
  await t.rejects(
    eventually('the impossible', () => false, { timeoutMs: 20, intervalMs: 5 }),
    { message: 'Not within 20 ms: the impossible' },
  )
})
