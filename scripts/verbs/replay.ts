import { Command } from 'commander'
import type { Database } from '../../server/db/database.js'
import { readHead } from '../../server/journal/load.js'
import { type ReplayReport, recordedEntries, replay } from '../../server/journal/replay.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { readProcessEnvironment } from '../cli/environment.js'
import { formatNumber } from '../cli/format.js'
import { createProgress } from '../cli/progress.js'
import { chooseRecorded } from '../cli/recorded-portfolios.js'
import { withServiceDatabase } from '../cli/service-database.js'
import type { Style } from '../cli/style.js'

type Options = JsonOption & { readonly portfolio?: string; readonly assertIdentical?: boolean }

/** Returns the verb that decides everything that is recorded anew and compares. */
export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'Run recorded inputs through the present core and compare what it decides with what was recorded',
    )
    .option('--portfolio <id>', 'one portfolio; every one when left out')
    .option('--assert-identical', 'exit code 1 at the first event that differs')
    .option('--json', jsonHelp)
    .action((options: Options) => printAnswer(options, () => replayAll(options)))
}

async function replayAll({ portfolio, assertIdentical, json }: Options) {
  const reports = await withServiceDatabase(readProcessEnvironment(), async (database) => {
    const found: ReplayReport[] = []
    for (const id of await chooseRecorded(database, portfolio)) {
      found.push(await replayOne(database, id, json !== true))
    }
    return found
  })
  const identical = reports.every(({ difference }) => difference === null)
  return {
    document: { identical, portfolios: reports },
    describe: (style: Style) => describeReports(reports, style),
    isFinding: assertIdentical === true && !identical,
  }
}

async function replayOne({ pool }: Database, portfolio: string, isShown: boolean): Promise<ReplayReport> {
  const total = (await readHead(pool, portfolio))?.seq ?? 0
  const progress = createProgress(`Replaying ${portfolio}`, isShown)
  let report: ReplayReport = { portfolio, inputs: 0, events: 0, decisions: 0, difference: null }
  try {
    for await (const { events, difference } of replay(portfolio, recordedEntries(pool, portfolio))) {
      const decisions = events.filter(({ type }) => type === 'DecisionMade').length
      report = {
        portfolio,
        inputs: report.inputs + 1,
        events: report.events + events.length,
        decisions: report.decisions + decisions,
        difference,
      }
      if (report.inputs % 1000 === 0) progress.advance(report.inputs, total)
    }
  } finally {
    progress.finish()
  }
  return report
}

function describeReports(reports: readonly ReplayReport[], style: Style): string {
  if (reports.length === 0) return 'Nothing is recorded yet\n'
  return `${reports.map((report) => describeReport(report, style)).join('\n')}\n`
}

function describeReport(
  { portfolio, inputs, events, decisions, difference }: ReplayReport,
  style: Style,
): string {
  const number = (value: number): string => formatNumber(value, 'USD')
  const counts = `${number(inputs)} inputs, ${number(events)} events, ${number(decisions)} decisions`
  if (difference === null) return `Portfolio ${portfolio}: ${style.good('identical')}, ${counts}`
  const { seq, idx, inputId, inputType, path, recorded, replayed, recordedEvent, replayedEvent } = difference
  const where = `input ${seq} (${inputType} ${inputId}), event ${idx}`
  const event = (recordedEvent ?? replayedEvent)?.type ?? 'nothing'
  return [
    `Portfolio ${portfolio}: ${style.bad('differs')} at ${where}, after ${counts}`,
    `  ${event}${path === '' ? '' : `.${path}`}`,
    `  recorded  ${JSON.stringify(recorded) ?? 'nothing'}`,
    `  replayed  ${JSON.stringify(replayed) ?? 'nothing'}`,
  ].join('\n')
}
