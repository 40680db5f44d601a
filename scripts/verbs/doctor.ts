import { Command } from 'commander'
import { ConfigurationError } from '../../server/config/configuration-error.js'
import type { Environment } from '../../server/config/env.js'
import { settingsOf } from '../../server/config/settings.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { readProcessEnvironment } from '../cli/environment.js'
import type { Style } from '../cli/style.js'
import { checkAlerts } from '../doctor/alert-checks.js'
import { checkBrokers } from '../doctor/broker-checks.js'
import { checkCalendar, configuredPortfolios } from '../doctor/calendar-checks.js'
import { checkDatabase } from '../doctor/database-checks.js'
import { type Finding, failure, type Severity } from '../doctor/finding.js'
import { checkMachine } from '../doctor/local-checks.js'
import { checkRedis, checkService } from '../doctor/service-checks.js'

/** Returns the verb that looks at everything that the service depends on and says what to do. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Check everything that the service depends on, and say what to do; exit code 1 on a failure')
    .option('--json', jsonHelp)
    .action((options: JsonOption) => printAnswer(options, examine))
}

async function examine() {
  const findings = await collectFindings()
  const failures = findings.filter(({ severity }) => severity === 'failure').length
  return {
    document: { healthy: failures === 0, findings },
    describe: (style: Style) => describeFindings(findings, style),
    isFinding: failures > 0,
  }
}

async function collectFindings(): Promise<readonly Finding[]> {
  let environment: Environment
  try {
    environment = readProcessEnvironment()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const remedy = 'Correct the variable; what depends on the environment was not looked at'
    return error.problems.map(({ path, message }) => failure('environment', `${path} ${message}`, remedy))
  }
  const machine = await checkMachine(environment)
  const database = await checkDatabase(environment)
  const portfolios = (await configuredPortfolios(environment)).map(settingsOf)
  return [
    ...machine,
    ...(await checkCalendar(environment, database.calendar, Date.now())),
    ...database.findings,
    ...checkAlerts({ ...database, portfolios }, Date.now()),
    ...(await checkBrokers(environment)),
    await checkRedis(environment),
    ...(await checkService(environment)),
  ]
}

const marks: Readonly<Record<Severity, string>> = { ok: 'ok', note: 'note', warning: 'WARN', failure: 'FAIL' }

function describeFindings(findings: readonly Finding[], style: Style): string {
  const paints = { ok: style.good, note: style.faint, warning: style.warning, failure: style.bad }
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, severity, found, remedy }) => {
    const mark = paints[severity](marks[severity].padEnd(4))
    const margin = ' '.repeat(width + 8)
    const shown = found.replaceAll('\n', `\n${margin}`)
    const first = `${mark}  ${check.padEnd(width)}  ${shown}`
    return remedy === null ? [first] : [first, `${margin}→ ${remedy}`]
  })
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  const total = `failures: ${count('failure')}, warnings: ${count('warning')}`
  return `${lines.join('\n')}\n\n${count('failure') > 0 ? style.bad(total) : total}\n`
}
