/** How many faults each letter of the list has. */
const LIST: readonly (readonly [letter: string, count: number])[] = [
  ['K', 25],
  ['R', 9],
  ['P', 13],
  ['B', 25],
  ['T', 7],
  ['N', 15],
  ['L', 6],
]

/** Returns the text of the test file of a name such as `crash/points`; undefined: there is none. */
export type ReadTest = (name: string) => string | undefined

/**
 * Returns what is wrong with the list of faults in a document, as sentences: a fault that is missing or named twice, a
 * test that is not there, or one that does not say which fault it is about.
 */
export function findFaultGaps(document: string, read: ReadTest): string[] {
  const rows = [...document.matchAll(/^\| ([A-Z]\d\d) \| (.*) \| (.*) \| (.*) \|$/gm)]
  const wanted = LIST.flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${String(index + 1).padStart(2, '0')}`),
  )
  const ids = rows.map(([, id]) => id!)
  const missing = wanted.filter((id) => !ids.includes(id)).map((id) => `${id} is not in the list`)
  const odd = ids
    .filter((id, index) => !wanted.includes(id) || ids.indexOf(id) !== index)
    .map((id) => `${id} is in the list once too often`)
  return [...missing, ...odd, ...rows.flatMap(([, id, , , tests]) => findUntrue(id!, tests!, read))]
}

function findUntrue(id: string, tests: string, read: ReadTest): string[] {
  if (/^none: \S/.test(tests)) return []
  const named = [...tests.matchAll(/`([\w/.-]+)` “([^”]+)”/g)]
  if (named.length === 0) return [`${id} names no test, and not why`]
  return named.flatMap(([, file, title]) => {
    const lines = read(file!)?.split('\n')
    if (lines === undefined) return [`${id} names ${file}, which is no test file`]
    const at = lines.findIndex((line) => line.includes(title!))
    if (at < 0) return [`${id} names “${title}”, which is not in ${file}`]
    return isSaid(id, lines.slice(Math.max(0, at - 2), at + 1))
      ? []
      : [`“${title}” in ${file} does not say ${id}`]
  })
}

/** The title says it, or a comment above it. */
function isSaid(id: string, lines: readonly string[]): boolean {
  const title = lines.at(-1)!
  const comments = lines.filter((line) => line.trimStart().startsWith('// Faults: '))
  return [title, ...comments].some((line) => new RegExp(`\\b${id}\\b`).test(line))
}
