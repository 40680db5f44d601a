import { Command } from 'commander'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { formatTime } from '../cli/format.js'
import { parseCount } from '../cli/parse-option.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { type AlarmItem, connectService, type ListOptions, readList } from '../cli/v1.js'

const columns = [
  { title: 'at' },
  { title: 'severity' },
  { title: 'code' },
  { title: 'portfolio' },
  { title: 'instrument' },
  { title: 'message' },
]

/** Returns the verb that lists the alarms of a running service, of every portfolio. */
export function alarmsCommand(): Command {
  return new Command('alarms')
    .description('List what a person should look at, the newest first')
    .option('--limit <n>', 'most alarms', parseCount, 50)
    .option('--cursor <text>', 'go on where an earlier list ended: the value of next in its JSON')
    .option('--json', jsonHelp)
    .action((options: JsonOption & ListOptions) => printAnswer(options, () => listAlarms(options)))
}

async function listAlarms(options: ListOptions) {
  const { items, next } = await readList<AlarmItem>(await connectService(), '/v1/alarms', options)
  const describe = (style: Style): string => {
    if (items.length === 0) return 'No alarms\n'
    const more = next === null ? '' : `There are more: give a larger --limit, or --cursor ${next}\n`
    return formatAlarms(items, style) + more
  }
  return { document: { items, next }, describe }
}

/** Returns a table of alarms; ends with a newline. */
export function formatAlarms(alarms: readonly AlarmItem[], style: Style): string {
  const rows = alarms.map(({ at, severity, code, portfolio, instrument, message }) => {
    const paint = severity === 'critical' ? style.bad : style.warning
    return [formatTime(at), paint(severity), code, portfolio, instrument, message]
  })
  return formatTable(columns, rows, style)
}
