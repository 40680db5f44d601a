const shownAlready: ReadonlySet<string> = new Set(['level', 'time', 'msg'])

/** Returns a JSON line of the log as a line for people: time, level, sentence, fields. Other text stays as it is. */
export function formatForTerminal(line: string): string {
  const fields = parseObject(line)
  if (fields === undefined) return line
  const { level, time, msg } = fields
  const clock = String(time ?? '').slice(11, 19)
  const rest = Object.entries(fields)
    .filter(([key]) => !shownAlready.has(key))
    .map(([key, value]) => ` ${key}=${spell(value)}`)
  return `${clock} ${String(level).padEnd(5)} ${String(msg ?? '')}${rest.join('')}\n`
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function spell(value: unknown): string {
  if (typeof value === 'string') return /[\s"=]/.test(value) ? JSON.stringify(value) : value
  return JSON.stringify(value)
}
