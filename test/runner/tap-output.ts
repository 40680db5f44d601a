/** One assertion that did not hold. */
export interface Failure {
  /** Names of the tests around it and its own, from the outside in. */
  readonly path: readonly string[]
  /** What the assertion reported: difference, place, stack. */
  readonly details: readonly string[]
}

/** What one test file printed, counted. */
export interface FileOutcome {
  readonly passed: number
  readonly failures: readonly Failure[]
  /** Assertions and tests that were skipped or marked as to be done. */
  readonly skipped: number
  /** Names of the tests that had begun and not ended, from the outside in. */
  readonly open: readonly string[]
  /** False when the output breaks off before its end. */
  readonly isComplete: boolean
}

interface Level {
  readonly indent: number
  readonly name: string
}

const point = /^( *)(not ok|ok)\b(?: \d+)?(?: - )?(.*?)(?: # time=[\d.]+m?s)?$/
const subtest = /^( *)# Subtest(?:: (.*))?$/
const directive = / # (?:SKIP|T[O]DO)\b/i

/**
 * Counts the assertions of a file's TAP output. The line that sums a subtest up is no assertion, unless it fails
 * though nothing in it did.
 */
export function readTapOutput(output: string): FileOutcome {
  const lines = output.split('\n')
  const failures: Failure[] = []
  const open: (Level & { readonly failuresBefore: number })[] = []
  let passed = 0
  let skipped = 0
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const begun = subtest.exec(line)
    if (begun) {
      open.push({ indent: begun[1]!.length, name: begun[2] ?? '', failuresBefore: failures.length })
      continue
    }
    const found = point.exec(line)
    if (!found) continue
    const [, indent = '', verdict, name = ''] = found
    const last = open.at(-1)
    const isSummary = last !== undefined && last.indent === indent.length
    if (isSummary) open.pop()
    const details = readDetails(lines, index + 1, indent.length)
    if (directive.test(name)) skipped += 1
    else if (verdict === 'ok') passed += isSummary ? 0 : 1
    else if (!isSummary || failures.length === last.failuresBefore) {
      failures.push({ path: [...open.map((level) => level.name), name], details })
    }
    index += countBlock(lines, index + 1, indent.length)
  }
  return {
    passed,
    failures,
    skipped,
    open: open.map((level) => level.name),
    isComplete: /^# \{ total: \d+/m.test(output) || /^1\.\.\d+/m.test(output),
  }
}

/** Length of the YAML block that starts at the line, markers included; 0 when none does. */
function countBlock(lines: readonly string[], start: number, indent: number): number {
  if (lines[start] !== `${' '.repeat(indent + 2)}---`) return 0
  const end = lines.indexOf(`${' '.repeat(indent + 2)}...`, start)
  return (end === -1 ? lines.length : end) - start + 1
}

/** The block without its markers, and without the excerpt of compiled source, which the editor shows better. */
function readDetails(lines: readonly string[], start: number, indent: number): string[] {
  const block = lines.slice(start + 1, start + Math.max(1, countBlock(lines, start, indent)) - 1)
  const kept: string[] = []
  let isSource = false
  for (const line of block.map((text) => text.slice(indent + 2))) {
    if (/^\S/.test(line)) isSource = line.startsWith('source:')
    if (!isSource) kept.push(line)
  }
  return kept
}
