import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import t from 'tap'
import { trendVector, type VectorCase } from '../../scripts/vectors/trend.js'
import { volatilityVector } from '../../scripts/vectors/volatility.js'
import { closeTo } from '../helpers/close-to.js'
import { runGeneral } from '../helpers/general.js'
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

interface PublishedCase {
  readonly id: string
  readonly capability: string
  readonly input: unknown
  readonly expected: unknown
  readonly verdict: 'keep' | 'bug'
  readonly corrected?: unknown
}

/** Fields of the reference that are worded freely, or that no input gives. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'reason',
  'note',
  'currentAmount',
  'targetAmount',
  'currentValue',
  'targetValue',
  'sell_BTC',
  'cash_excluded',
])

/** Returns where `actual` lacks what is published, numbers to 1e-9 also where one side spells them; rows in any order. */
function disagreements(actual: unknown, published: unknown, path: string): string[] {
  if (Array.isArray(published)) return disagreementsOfRows(actual, published, path)
  if (typeof published === 'object' && published !== null) {
    const fields = (actual ?? {}) as Record<string, unknown>
    const named = Object.entries(published).filter(
      ([key]) => !LEFT_OUT.has(key) || typeof fields[key] === 'number',
    )
    return named.flatMap(([key, value]) => disagreements(fields[key], value, `${path}.${key}`))
  }
  const numbers = [actual, published].map((value) =>
    typeof value === 'string' && value !== '' ? Number(value) : value,
  )
  if (numbers.every((value) => typeof value === 'number' && Number.isFinite(value))) {
    const problem = closeTo(numbers[0], numbers[1], 1e-9, path)
    return problem === null ? [] : [problem]
  }
  return actual === published
    ? []
    : [`${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(published)}`]
}

function disagreementsOfRows(actual: unknown, published: readonly unknown[], path: string): string[] {
  if (!Array.isArray(actual) || actual.length !== published.length) return [`${path} has another length`]
  return published.flatMap((row, index) =>
    actual.some((candidate) => disagreements(candidate, row, path).length === 0)
      ? []
      : [`${path}.${index} is nowhere in ${JSON.stringify(actual)}`],
  )
}

for (const [family, count] of [
  ['etf-balancer', 45],
  ['limit-rebalancer', 28],
  ['spot-rebalancer', 47],
] as const) {
  t.test(`every published ${family} case comes out of the command as published or corrected`, async (t) => {
    const input = await readFile(new URL(`${family}.jsonl`, VECTORS), 'utf8')
    const cases = input
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as PublishedCase)
    const { code, stdout } = await runGeneral(['vectors', family], { input })
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    t.same([code, cases.length, answers.length], [0, count, count])
    const problems = cases.flatMap(({ id, capability, expected, corrected }, index) => {
      const answer = answers[index]!
      if (answer.id !== id || !('result' in answer)) return [`${id}: ${JSON.stringify(answer)}`]
      return disagreements(answer.result, corrected ?? expected, `${id} ${capability}`)
    })
    t.same(problems, [])
  })
}
