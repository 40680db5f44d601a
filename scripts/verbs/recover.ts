import { Command } from 'commander'
import { systemClock } from '../../server/clock.js'
import { loadConfiguration, type PortfolioConfiguration } from '../../server/config/configuration.js'
import type { Database } from '../../server/db/database.js'
import { describeDifference } from '../../server/journal/difference.js'
import type { Log } from '../../server/observe/log.js'
import { createMetrics } from '../../server/observe/metrics.js'
import { checkRecovery, type RecoveryCheck } from '../../server/recovery/check-recovery.js'
import type { RecoveryProgress } from '../../server/recovery/recovery-progress.js'
import { openBroker } from '../../server/service/open-broker.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { checkedSecrets } from '../cli/configured-secrets.js'
import { readProcessEnvironment } from '../cli/environment.js'
import { formatNumber } from '../cli/format.js'
import { chooseRecorded } from '../cli/recorded-portfolios.js'
import { withServiceDatabase } from '../cli/service-database.js'
import type { Style } from '../cli/style.js'

type Options = JsonOption & { readonly portfolio?: string; readonly check: boolean; readonly full?: boolean }

/** What was found in one portfolio, and the phases that it went through. */
interface Checked extends RecoveryCheck {
  readonly phases: readonly RecoveryProgress[]
}

/** How often a venue is asked before it counts as unreachable. */
const venueAttempts = 3
/** Rows that are shown; all of them are in the JSON. */
const differencesShown = 20

/** Returns the verb that goes through a recovery without trading. */
export function recoverCommand(): Command {
  return new Command('recover')
    .description(
      'Go through the phases of a recovery without trading and without recording anything, also while the service ' +
        'runs; exit code 1 when the logs, the tables that follow from them and the broker do not agree',
    )
    .requiredOption('--check', 'look only; a recovery itself is part of every start of the service')
    .option('--full', 'fold everything instead of what came after the newest snapshot')
    .option('--portfolio <id>', 'one portfolio; every one when left out')
    .option('--json', jsonHelp)
    .action((options: Options) => printAnswer(options, () => checkAll(options)))
}

async function checkAll({ portfolio, full }: Options) {
  const environment = readProcessEnvironment()
  const { portfolios, apiKeys } = await loadConfiguration(environment.configPath, checkedSecrets(environment))
  const checks = await withServiceDatabase(environment, async (database, { log }) => {
    const found: Checked[] = []
    for (const id of await chooseRecorded(database, portfolio)) {
      const configured = portfolios.find((candidate) => candidate.id === id)
      const apiKey = apiKeys.get(id) ?? null
      const context = { database, log, apiKey, full }
      found.push(configured === undefined ? notConfigured(id) : await checkOne({ ...context, configured }))
    }
    return found
  })
  return {
    document: { sound: checks.every(({ code }) => code === null), portfolios: checks },
    describe: (style: Style) => describeChecks(checks, style),
    isFinding: checks.some(({ code }) => code !== null),
  }
}

interface CheckOptions {
  readonly database: Database
  readonly log: Log
  readonly configured: PortfolioConfiguration
  readonly apiKey: string | null
  readonly full: boolean | undefined
}

async function checkOne({ database, log, configured, apiKey, full }: CheckOptions): Promise<Checked> {
  const { pool } = database
  const { id } = configured
  const onIncident = ({ message }: { readonly message: string }) => log.warn({ portfolio: id }, message)
  const broker = openBroker({ portfolio: configured, apiKey, pool, clock: systemClock, onIncident })
  const phases: RecoveryProgress[] = []
  const check = await checkRecovery({
    portfolio: id,
    desk: { pool, log, metrics: createMetrics() },
    clock: systemClock,
    broker,
    onProgress: (progress) => {
      const last = phases.at(-1)
      if (last?.phase !== progress.phase || last.code !== progress.code) phases.push(progress)
    },
    signal: new AbortController().signal,
    full: full === true,
    venueAttempts,
  })
  await broker.close()
  return { ...check, phases }
}

/** Its broker is not known, and nothing of it trades. */
function notConfigured(portfolio: string): Checked {
  const detail = 'it is not in the configuration: nothing of it trades, and its broker was not asked'
  const nothing = {
    inputs: 0,
    events: 0,
    snapshotSeq: 0,
    differences: [],
    broken: [],
    venue: null,
    phases: [],
  }
  return { portfolio, code: null, detail, ...nothing }
}

function describeChecks(checks: readonly Checked[], style: Style): string {
  if (checks.length === 0) return 'Nothing is recorded yet\n'
  return checks.map((check) => describeCheck(check, style)).join('\n')
}

function describeCheck(check: Checked, style: Style): string {
  const { portfolio, code, detail, phases, venue, differences } = check
  const verdict = code === null ? style.good('sound') : style.bad(code)
  const lines = [
    `${style.strong(`Portfolio ${portfolio}`)}: ${verdict}${detail === null ? '' : `, ${detail}`}`,
  ]
  if (phases.length > 0) {
    const number = (value: number): string => formatNumber(value, 'USD')
    const from = check.snapshotSeq === 0 ? 'everything' : `from the snapshot of input ${check.snapshotSeq} on`
    lines.push(`  folded ${from}: ${number(check.inputs)} inputs, ${number(check.events)} events`)
    const names = phases.map(({ phase, code: held }) => (held === null ? phase : `${phase} (${held})`))
    lines.push(`  went through ${[...new Set(names)].join(', ')}`)
  }
  lines.push(...differences.slice(0, differencesShown).map((each) => `  ${describeDifference(each)}`))
  const further = differences.length - differencesShown
  if (further > 0) lines.push(`  and ${further} more differences: --json lists them`)
  lines.push(...check.broken.map((rule) => `  ${rule}`))
  if (venue !== null) lines.push(...describeVenue(venue))
  return `${lines.join('\n')}\n`
}

function describeVenue({ unresolved, external, breaks }: NonNullable<RecoveryCheck['venue']>): string[] {
  return [
    ...unresolved.map((id) => `  the fate of order ${id} is unknown`),
    ...external.map(
      ({ venueOrderId, side, lots, instrument }) =>
        `  order ${venueOrderId} at the broker is not ours: ${side} ${lots} ${instrument}`,
    ),
    ...breaks.map(({ instrument, difference, isConfirmed }) => {
      const seen = isConfirmed ? 'seen twice' : 'seen once'
      return `  break in ${instrument}: ${difference} (${seen})`
    }),
  ]
}
