import { mkdir } from 'node:fs/promises'
import type { OpenAlgoTimings } from '../brokers/openalgo/openalgo-settings.js'
import { type Clock, systemClock } from '../clock.js'
import {
  type Configuration,
  loadConfiguration,
  type NotificationConfiguration,
} from '../config/configuration.js'
import { ConfigurationError } from '../config/configuration-error.js'
import { type Environment, readEnvironment } from '../config/env.js'
import { secretsOf } from '../config/secrets.js'
import { alertRulesOf } from '../config/settings.js'
import { createLog } from '../observe/create-log.js'
import type { Log } from '../observe/log.js'
import { createMetrics, type Metrics } from '../observe/metrics.js'
import { createSecrets, type Secrets } from '../observe/secrets.js'
import type { AccountWatchTimings } from '../recovery/account-watch.js'
import type { AlertSource } from './alert-desk.js'
import { type FoundToken, findToken } from './token-file.js'

/** What a setup is read from. */
export interface SetupOptions {
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where relative paths begin. Default: the working directory. */
  readonly cwd?: string
  /** Default: the machine's clock. A simulated one is refused with a live broker. */
  readonly clock?: Clock
  /** Default: lines on standard error, from LOG_LEVEL up. */
  readonly log?: Log
  /** When accounts are compared with the books. Default: each minute. */
  readonly accountTimings?: AccountWatchTimings
  /** How long a live broker may take. Default: the adapter's own times. */
  readonly brokerTimings?: Partial<OpenAlgoTimings>
}

/** Everything that is known before anything is opened. */
export interface Setup {
  readonly environment: Environment
  readonly configuration: Configuration
  readonly sources: readonly AlertSource[]
  readonly tokens: { readonly webhook: FoundToken; readonly admin: FoundToken }
  readonly clock: Clock
  readonly secrets: Secrets
  readonly log: Log
  readonly metrics: Metrics
  readonly accountTimings: AccountWatchTimings | undefined
  readonly brokerTimings: Partial<OpenAlgoTimings> | undefined
}

/** Returns the setup of a service. Throws ConfigurationError with everything that is wrong. */
export async function readSetup(options: SetupOptions): Promise<Setup> {
  const environment = readEnvironment(options.env, options.cwd ?? process.cwd())
  const secrets = createSecrets()
  const log = options.log ?? createLog({ level: environment.logLevel, secrets })
  const { home } = environment
  await mkdir(home, { recursive: true, mode: 0o700 })
  const given = (name: string) => readGiven(options.env, name)
  const webhook = await findToken({ home, name: 'webhook-token', given: given('WEBHOOK_TOKEN') })
  const admin = await findToken({ home, name: 'admin-token', given: given('ADMIN_TOKEN') })
  const lookup = secretsOf(options.env, { WEBHOOK_TOKEN: webhook.token, ADMIN_TOKEN: admin.token })
  const configuration = await loadConfiguration(environment.configPath, lookup)
  const tokensOfSources = configuration.sources.flatMap((source) => source.tokens)
  const tokensOfReceivers = configuration.notifications.flatMap(tokensOf)
  const { apiKeys, metricsTokens } = configuration
  const keys = [...apiKeys.values(), ...metricsTokens.values(), ...tokensOfReceivers]
  hideSecrets(secrets, environment, [admin.token, ...tokensOfSources, ...keys])
  const clock = options.clock ?? systemClock
  refuseSimulatedTrading(clock, configuration)
  const sources = configuration.sources.map((source) => ({
    name: source.id,
    portfolio: source.portfolio,
    tokens: source.tokens,
    rules: alertRulesOf(configuration, source),
  }))
  const tokens = { webhook: shownToken(sources, webhook), admin }
  const { accountTimings, brokerTimings } = options
  const metrics = createMetrics()
  const timings = { accountTimings, brokerTimings }
  return { environment, configuration, sources, tokens, clock, secrets, log, metrics, ...timings }
}

/** Returns a token of the environment, or of the file that the environment names; null when there is none. */
function readGiven(env: SetupOptions['env'], name: string): string | null {
  try {
    return secretsOf(env)(name) ?? null
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    throw new ConfigurationError('The environment', [{ path: `${name}_FILE`, message }])
  }
}

function tokensOf(receiver: NotificationConfiguration): readonly string[] {
  if (receiver.kind === 'telegram') return [receiver.botToken]
  return receiver.token === null ? [] : [receiver.token]
}

function hideSecrets(secrets: Secrets, environment: Environment, tokens: readonly string[]): void {
  for (const token of tokens) secrets.add(token)
  for (const url of [environment.databaseUrl, environment.redisUrl]) {
    if (url !== null) secrets.add(decodeURIComponent(new URL(url).password))
  }
}

/** The webhook that is shown is the first source's, whatever its token is called. */
function shownToken(sources: readonly AlertSource[], generated: FoundToken): FoundToken {
  const token = sources[0]?.tokens[0] ?? generated.token
  return { token, file: token === generated.token ? generated.file : null }
}

/** Time that does not pass by itself must not decide about money that does. */
function refuseSimulatedTrading(clock: Clock, { portfolios }: Configuration): void {
  if (clock === systemClock) return
  const problems = portfolios.flatMap(({ id, broker }) =>
    isSimulated(broker.kind)
      ? []
      : [{ path: id, message: `a simulated clock cannot be used with the live broker ${broker.kind}` }],
  )
  if (problems.length > 0) throw new ConfigurationError('The clock', problems)
}

function isSimulated(kind: string): boolean {
  return kind === 'paper'
}
