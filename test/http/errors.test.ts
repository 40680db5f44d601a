import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ERRORS, type ErrorEntry } from '../../server/errors.js'
import { problem } from '../../server/http/problem.js'

const root = join(import.meta.dirname, '..', '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Returns the rows of the tables between a heading and the next, as cells. */
function tableUnder(document: string, heading: string): string[][] {
  const section = document.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => row.slice(2, -2).split(' | '))
}

function codesOfUnion(path: string, name: string): string[] {
  const union = read(path).split(`export type ${name} =`)[1]?.split('\n\n')[0] ?? ''
  return [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]!)
}

t.test('docs/errors.md says of every error what the table says, and of no other', async (t) => {
  const document = read('docs/errors.md')
  const entries = Object.entries(ERRORS) as [string, ErrorEntry][]
  const answers = entries.filter(([, { status }]) => status !== null)
  t.same(
    tableUnder(document, 'Answers'),
    answers.map(([code, { status, title, remedy }]) => [`\`${code}\``, String(status), title, remedy]),
  )
  const others = entries.filter(([, { status }]) => status === null)
  t.same(
    tableUnder(document, 'Start and recovery'),
    others.map(([code, { title, remedy }]) => [`\`${code}\``, title, remedy]),
  )
})

t.test('docs/errors.md lists every alarm, and no other', async (t) => {
  const codes = [
    ...codesOfUnion('core/alarm-code.ts', 'AlarmCode'),
    ...codesOfUnion('server/observe/alarms.ts', 'ShellAlarmCode'),
  ]
  const told = tableUnder(read('docs/errors.md'), 'Alarms').map(([code]) => code?.slice(1, -1))
  t.same(told, codes.sort())
})

t.test('errors are told in full words, without a final dot', async (t) => {
  for (const [code, { title, remedy }] of Object.entries(ERRORS)) {
    t.match(code, /^[A-Z][A-Z_]+$/)
    for (const text of [title, remedy]) t.match(text, /^[A-Z/G].*[^.]$/, `${code}: ${text}`)
  }
})

t.test('a problem document names each wrong field in its detail and in its list', async (t) => {
  const errors = [
    { field: 'price', message: 'is required' },
    { field: '', message: 'the body is empty' },
  ]
  t.same(problem('ALERT_INVALID', undefined, errors), {
    type: 'urn:smart-general:problem:ALERT_INVALID',
    title: ERRORS.ALERT_INVALID.title,
    status: 400,
    detail: 'price: is required; the body is empty',
    code: 'ALERT_INVALID',
    remedy: ERRORS.ALERT_INVALID.remedy,
    errors,
  })
})
