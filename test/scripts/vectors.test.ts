import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import t from 'tap'
import { trendVector, type VectorCase } from '../../scripts/vectors/trend.js'
import { volatilityVector } from '../../scripts/vectors/volatility.js'
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

/** What the reference words in its own way, or has no name for here. */
const WORDED = new Set(['reason', 'rejections', 'warnings', 'trimming_reason', 'raw_qty', 'note'])

/** Returns a published result as numbers, without what is worded. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string' && value !== '' && Number.isFinite(Number(value))) return Number(value)
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([name]) => !WORDED.has(name))
  return Object.fromEntries(fields.map(([name, field]) => [name, comparable(field)]))
}

t.test('every published volatility case that is data comes out as published, or as corrected', async (t) => {
  const lines = createInterface({ input: createReadStream(new URL('volatility-balancing.jsonl', VECTORS)) })
  let [answered, told] = [0, 0]
  for await (const line of lines) {
    const vector = JSON.parse(line) as VectorCase & Record<'expected' | 'corrected' | 'verdict', unknown>
    let result: unknown
    try {
      result = volatilityVector(vector)
    } catch (error) {
      t.match(error, /told in words/, vector.id)
      told += 1
      continue
    }
    const expected = vector.verdict === 'keep' ? vector.expected : vector.corrected
    const problem = closeTo(comparable(result), comparable(expected), 1e-9)
    if (problem !== null) t.fail(`${vector.id} ${vector.capability}: ${problem}`)
    answered += 1
  }
  t.same([answered, told], [48, 3])
})

t.test('the comparison of numbers notices a difference', async (t) => {
  t.equal(closeTo({ a: 1, b: [2] }, { a: 1, b: [2 + 1e-12] }, 1e-9), null)
  t.match(closeTo({ a: 1, b: [2] }, { a: 1, b: [2.0001] }, 1e-9), /b\.0/)
})
