import { unreachable } from '../../core/invariant.js'
import { systemClock } from '../../server/clock.js'
import {
  type Configuration,
  loadConfiguration,
  type PortfolioConfiguration,
} from '../../server/config/configuration.js'
import type { Environment } from '../../server/config/env.js'
import { builtInCalendar } from '../../server/market/calendar/effective-calendar.js'
import { openOpenAlgo } from '../../server/service/open-broker.js'
import { checkedSecrets } from '../cli/configured-secrets.js'
import { type Finding, note } from './finding.js'

/** A finding about the account of a portfolio. */
export interface PortfolioFinding extends Finding {
  readonly portfolio: string
}

/** Returns what was found in the accounts of the portfolios that are wanted. Nothing is changed. */
export async function examineBrokers(
  configuration: Configuration,
  isWanted: (portfolio: string) => boolean,
): Promise<readonly PortfolioFinding[]> {
  const wanted = configuration.portfolios.filter(({ id }) => isWanted(id))
  const found = await Promise.all(
    wanted.map(async (portfolio) => {
      const findings = await examine(portfolio, configuration.apiKeys.get(portfolio.id) ?? null)
      return findings.map((finding) => ({ portfolio: portfolio.id, ...finding }))
    }),
  )
  return found.flat()
}

/** Returns what the doctor says of accounts outside: none for a configuration that is broken or has none. */
export async function checkBrokers(environment: Environment): Promise<readonly Finding[]> {
  const loaded = loadConfiguration(environment.configPath, checkedSecrets(environment))
  const configuration = await loaded.catch(() => null)
  if (configuration === null) return []
  const outside = new Set(
    configuration.portfolios.filter(({ broker }) => broker.kind !== 'paper').map(({ id }) => id),
  )
  const findings = await examineBrokers(configuration, (id) => outside.has(id))
  return findings.map(({ portfolio, check, ...finding }) => ({ check: `${portfolio}: ${check}`, ...finding }))
}

async function examine(
  portfolio: PortfolioConfiguration,
  apiKey: string | null,
): Promise<readonly Finding[]> {
  const { broker } = portfolio
  switch (broker.kind) {
    case 'paper':
      return [note('connection', 'the paper venue is inside the service')]
    case 'openalgo': {
      const account = openOpenAlgo({
        ...{ portfolio, broker, apiKey, clock: systemClock },
        calendar: async () => builtInCalendar(),
        onIncident: () => undefined,
      })
      try {
        return await account.examine()
      } finally {
        await account.close()
      }
    }
    default:
      return unreachable(broker)
  }
}
