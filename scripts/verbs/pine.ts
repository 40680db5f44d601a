import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { type Answer, type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { parseCount } from '../cli/parse-option.js'
import type { Style } from '../cli/style.js'
import { resolveUserPath } from '../cli/user-path.js'
import { VerbFailure } from '../cli/verb-failure.js'
import { type LintReport, lintScript } from '../pine/lint/lint.js'
import { MOST_ALERTS } from '../pine/lint/worst-case.js'
import { generatePineScripts } from '../pine/scripts.js'
import {
  compareScripts,
  listScripts,
  type PineDifferences,
  pineDirectory,
  writeScripts,
} from '../pine/write-scripts.js'

/** Returns the verb that makes and examines the Pine scripts of TradingView. */
export function pineCommand(): Command {
  return new Command('pine')
    .description('Make and examine the Pine scripts that send the alerts')
    .addCommand(generateCommand())
    .addCommand(lintCommand())
}

interface GenerateOptions extends JsonOption {
  readonly out?: string
  readonly check?: boolean
}

function generateCommand(): Command {
  return new Command('generate')
    .description('Write the scouts and strategies of every instrument, from its configuration')
    .option('--out <directory>', 'where to write them (default: pine/ of this checkout)')
    .option('--check', 'write nothing; tell what differs')
    .option('--json', jsonHelp)
    .action((options: GenerateOptions) => printAnswer(options, async () => generate(options)))
}

function generate({ out, check }: GenerateOptions): Answer {
  const directory = out === undefined ? pineDirectory : resolveUserPath(out)
  const scripts = generatePineScripts()
  const differences = compareScripts(directory, scripts)
  if (check !== true) {
    writeScripts(directory, scripts)
    const written = scripts.map(({ path }) => path)
    return {
      document: { directory, written },
      describe: (style) => `${style.good(`${written.length} scripts`)} in ${directory}\n`,
    }
  }
  const isFinding = Object.values(differences).some((names: readonly string[]) => names.length > 0)
  return {
    document: { directory, same: !isFinding, ...differences },
    describe: (style) => describeDifferences(directory, differences, style),
    isFinding,
  }
}

function describeDifferences(directory: string, differences: PineDifferences, style: Style): string {
  const lines = [
    ...differences.missing.map((name) => `  ${name} is missing`),
    ...differences.different.map((name) => `  ${name} differs from what is generated`),
    ...differences.surplus.map((name) => `  ${name} is not generated`),
  ]
  if (lines.length === 0) return `${directory} is ${style.good('as generated')}\n`
  return `${style.bad(`${directory} is not as generated`)}; general pine generate writes it\n${lines.join('\n')}\n`
}

interface LintOptions extends JsonOption {
  readonly barMinutes?: number
}

function lintCommand(): Command {
  return new Command('lint')
    .description('Reckon how often scripts can alert, and read what they say as the service would')
    .argument('[files...]', 'Pine scripts (default: those of this checkout)')
    .option(
      '--bar-minutes <minutes>',
      'the chart they will be on, where they do not insist on one',
      parseCount,
    )
    .option('--json', jsonHelp)
    .addHelpText('after', BLIND_SPOTS)
    .action((files: string[], options: LintOptions) => printAnswer(options, async () => lint(files, options)))
}

const BLIND_SPOTS = `
What it cannot see: whether TradingView compiles the script, whether an indicator is right, what order fills with
alert_message send, alertcondition(), what comes from imported libraries, and how the alert was set up on TradingView.
A switch, and a value from a block, are reported as not checked.`

interface FileReport extends LintReport {
  readonly file: string
}

function lint(files: readonly string[], { barMinutes }: LintOptions): Answer {
  const own = listScripts(pineDirectory).map((name) => join(pineDirectory, name))
  const paths = files.length === 0 ? own : files.map((file) => resolveUserPath(file))
  const reports = paths.map((file) => ({ file, ...lintScript(readScript(file), barMinutes ?? null) }))
  return {
    document: { most: MOST_ALERTS, scripts: reports },
    describe: (style) => reports.map((report) => describeReport(report, style)).join('\n'),
    isFinding: reports.some(({ findings }) => findings.length > 0),
  }
}

function readScript(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new VerbFailure(`${file} cannot be read`, {
      code: 'FILE_UNREADABLE',
      remedy: 'Check the path',
      details: cause,
      cause: error,
    })
  }
}

function describeReport(
  { file, kind, alertTypes, worstCase, arithmetic, findings }: FileReport,
  style: Style,
): string {
  const what = `${kind ?? 'no declaration'}: ${alertTypes.join(', ') || 'no alert that can be read'}`
  const most = worstCase === null ? 'without limit' : `${worstCase} of ${MOST_ALERTS}`
  const problems = findings.map(({ line, rule, message }) => {
    return `  ${style.bad(rule)}${line === null ? '' : ` line ${line}`}: ${message}`
  })
  return [
    `${file}`,
    `  ${what}`,
    `  alerts in 3 minutes, at most: ${most}`,
    ...arithmetic.map((step) => `    ${step}`),
    ...(problems.length === 0 ? [`  ${style.good('nothing found')}`] : problems),
    '',
  ].join('\n')
}
