import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import t from 'tap'
import { trendVector, type VectorCase } from '../../scripts/vectors/trend.js'
import { closeTo } from '../helpers/close-to.js'
import { settings } from '../helpers/settings.js'

const VECTORS = new URL('../../../test/vectors/', import.meta.url)

t.test('every published trend case comes out as published', async (t) => {
  const lines = createInterface({ input: createReadStream(new URL('trend.jsonl', VECTORS)) })
  const counts = new Map<string, number>()
  for await (const line of lines) {
    const vector = JSON.parse(line) as VectorCase & { expected: Record<string, unknown> }
    const result = trendVector(settings(), vector)
    const { reason: _worded, ...expected } = vector.expected
    const problem = closeTo({ ...result }, expected, 1e-9)
    if (problem !== null) t.fail(`${vector.id} ${vector.capability}: ${problem}`)
    counts.set(vector.capability, (counts.get(vector.capability) ?? 0) + 1)
  }
  t.equal(counts.size, 10, 'ten capabilities are covered')
  for (const [capability, count] of counts) t.ok(count > 0, `${capability}: ${count} cases`)
})

t.test('the comparison of numbers notices a difference', async (t) => {
  t.equal(closeTo({ a: 1, b: [2] }, { a: 1, b: [2 + 1e-12] }, 1e-9), null)
  t.match(closeTo({ a: 1, b: [2] }, { a: 1, b: [2.0001] }, 1e-9), /b\.0/)
})
