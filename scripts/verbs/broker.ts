import { Command } from 'commander'
import { loadConfiguration } from '../../server/config/configuration.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { checkedSecrets } from '../cli/configured-secrets.js'
import { readProcessEnvironment } from '../cli/environment.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { VerbFailure } from '../cli/verb-failure.js'
import { examineBrokers, type PortfolioFinding } from '../doctor/broker-checks.js'

/** Returns the verb that looks at the accounts of the configuration. */
export function brokerCommand(): Command {
  return new Command('broker')
    .description('Look at the accounts at the brokers of the configuration')
    .addCommand(checkVerb())
}

interface CheckOptions extends JsonOption {
  readonly portfolio?: string
}

function checkVerb(): Command {
  return new Command('check')
    .description(
      'Read everything that trading in each account needs, and change nothing; exit code 1 on a finding',
    )
    .option('--portfolio <id>', 'only the account of this portfolio')
    .option('--json', jsonHelp)
    .action((options: CheckOptions) => printAnswer(options, () => check(options)))
}

async function check({ portfolio }: CheckOptions) {
  const environment = readProcessEnvironment()
  const configuration = await loadConfiguration(environment.configPath, checkedSecrets(environment))
  const known = configuration.portfolios.map(({ id }) => id)
  if (portfolio !== undefined && !known.includes(portfolio)) {
    const remedy = `Name one of ${known.join(', ')}`
    throw new VerbFailure(`The configuration has no portfolio ${portfolio}. ${remedy}`, {
      ...{ code: 'PORTFOLIO_UNKNOWN', remedy },
    })
  }
  const isWanted = (id: string) => portfolio === undefined || portfolio === id
  const findings = await examineBrokers(configuration, isWanted)
  const isFinding = findings.some(({ severity }) => severity === 'failure' || severity === 'warning')
  return {
    document: { healthy: !isFinding, findings },
    describe: (style: Style) => describe(findings, style),
    isFinding,
  }
}

function describe(findings: readonly PortfolioFinding[], style: Style): string {
  const paints = { ok: style.good, note: style.faint, warning: style.warning, failure: style.bad }
  const rows = findings.map(({ portfolio, check: looked, severity, found }) => [
    ...[portfolio, looked, paints[severity](severity), found],
  ])
  const columns = ['portfolio', 'check', 'result', 'found'].map((title) => ({ title }))
  const remedies = findings.flatMap(({ check: looked, remedy }) =>
    remedy === null ? [] : [`→ ${looked}: ${remedy}`],
  )
  return `${formatTable(columns, rows, style)}${remedies.map((line) => `${line}\n`).join('')}`
}
