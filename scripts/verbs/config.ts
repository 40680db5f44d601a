import { Command } from 'commander'
import { type Configuration, loadConfiguration } from '../../server/config/configuration.js'
import { ConfigurationError, type ConfigurationProblem } from '../../server/config/configuration-error.js'
import { configurationHash, settingsOf } from '../../server/config/settings.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { checkedSecrets } from '../cli/configured-secrets.js'
import { readProcessEnvironment } from '../cli/environment.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { resolveUserPath } from '../cli/user-path.js'

/** Returns the verb that checks a configuration before a service reads it. */
export function configCommand(): Command {
  return new Command('config').description('Work on configuration files').addCommand(checkCommand())
}

function checkCommand(): Command {
  return new Command('check')
    .description('Check a configuration file, list every problem at once, and show what it amounts to')
    .argument('<file>', 'the configuration, as GENERAL_CONFIG would name it')
    .option('--json', jsonHelp)
    .action((file: string, options: JsonOption) => printAnswer(options, () => check(resolveUserPath(file))))
}

async function check(path: string) {
  try {
    const portfolios = summarize(await loadConfiguration(path, checkedSecrets(readProcessEnvironment())))
    return {
      document: { file: path, valid: true, problems: [], portfolios },
      describe: (style: Style) => describeValid(path, portfolios, style),
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const { problems } = error
    return {
      document: { file: path, valid: false, problems, portfolios: [] },
      describe: (style: Style) => describeProblems(path, problems, style),
      isFinding: true,
    }
  }
}

interface PortfolioLine {
  readonly id: string
  readonly currency: string
  readonly broker: string
  readonly instruments: readonly string[]
  readonly sources: readonly string[]
  /** Decisions name it. */
  readonly hash: string
}

function summarize({ portfolios, sources }: Configuration): PortfolioLine[] {
  return portfolios.map((portfolio) => ({
    id: portfolio.id,
    currency: portfolio.currency,
    broker: portfolio.broker.kind,
    instruments: portfolio.instruments.map(({ name }) => name),
    sources: sources.filter((source) => source.portfolio === portfolio.id).map(({ id }) => id),
    hash: configurationHash(settingsOf(portfolio)),
  }))
}

function describeValid(path: string, portfolios: readonly PortfolioLine[], style: Style): string {
  const columns = ['portfolio', 'currency', 'broker', 'instruments', 'sources', 'hash'].map((title) => ({
    title,
  }))
  const rows = portfolios.map((line) => [
    line.id,
    line.currency,
    line.broker,
    line.instruments.join(' '),
    line.sources.join(' '),
    line.hash.slice(0, 12),
  ])
  return `${path} is ${style.good('valid')}\n\n${formatTable(columns, rows, style)}`
}

function describeProblems(path: string, problems: readonly ConfigurationProblem[], style: Style): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  const lines = problems.map(
    ({ path: place, message }) => `  ${place === '' ? message : `${place}: ${message}`}`,
  )
  return `${path} has ${style.bad(count)}:\n${lines.join('\n')}\n`
}
