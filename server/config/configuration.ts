import { readFile } from 'node:fs/promises'
import type { AlertType } from '../../core/alert/alert.js'
import type { JsonValue } from '../inbox/strict-json.js'
import { parseStrictJson } from '../inbox/strict-json.js'
import type { Topic } from '../notify/notice.js'
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js'
import { findContradictions } from './contradictions.js'
import { explainIssue } from './explain-issue.js'
import { configurationSchema, type ParsedConfiguration, type ParsedPortfolio } from './schema.js'
import { findReferences, resolveKey, resolveToken, type SecretLookup } from './secrets.js'

/** A portfolio as configured, with every default filled in. */
export type PortfolioConfiguration = ParsedPortfolio

/** A sender of alerts. */
export interface SourceConfiguration {
  readonly id: string
  readonly portfolio: string
  /** One, or two while one replaces the other. Secret. */
  readonly tokens: readonly string[]
  /** What it is confined to; null: everything. */
  readonly types: readonly AlertType[] | null
  readonly instruments: readonly string[] | null
}

/** Who is told what happens. */
export type NotificationConfiguration = WebhookConfiguration | TelegramConfiguration

/** A Telegram bot: the chats that it tells, and the users whose commands it takes. */
export interface TelegramConfiguration {
  readonly kind: 'telegram'
  /** Secret. */
  readonly botToken: string
  readonly chatIds: readonly number[]
  readonly allowedUsers: readonly number[]
  /** Null: that of Telegram. */
  readonly apiRoot: string | null
  readonly about: readonly Topic[]
}

/** A webhook that is told what happens. */
export interface WebhookConfiguration {
  readonly kind: 'webhook'
  readonly url: string
  /** Null: none is sent. Secret. */
  readonly token: string | null
  readonly about: readonly Topic[]
}

/** The configuration of a service. */
export interface Configuration {
  readonly portfolios: readonly PortfolioConfiguration[]
  readonly sources: readonly SourceConfiguration[]
  /** Keys of brokers by portfolio, for those that have one. Secret, and kept apart: portfolios are shown and copied. */
  readonly apiKeys: ReadonlyMap<string, string>
  /** Tokens of the sources of fund metrics by portfolio, for those that have one. Secret. */
  readonly metricsTokens: ReadonlyMap<string, string>
  readonly notifications: readonly NotificationConfiguration[]
}

/** A configuration that was checked. */
export type ConfigurationReading =
  | { readonly kind: 'valid'; readonly configuration: Configuration }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigurationProblem[] }

/**
 * Returns the configuration of the file at `path`, or the default one: a paper portfolio that trades the four
 * instruments around the clock. Throws ConfigurationError with every problem listed.
 */
export async function loadConfiguration(path: string | null, secret: SecretLookup): Promise<Configuration> {
  const place = path === null ? 'The default configuration' : `The configuration ${path}`
  const bytes = path === null ? Buffer.from('{}') : await readBytes(path)
  const reading = readConfiguration(bytes, secret)
  if (reading.kind === 'invalid') throw new ConfigurationError(place, reading.problems)
  return reading.configuration
}

/** Reads the bytes of a configuration file; lists everything that is wrong. */
export function readConfiguration(bytes: Uint8Array, secret: SecretLookup): ConfigurationReading {
  const { value, problems: flaws } = parseStrictJson(bytes)
  const problems: ConfigurationProblem[] = flaws.map((flaw) => ({
    path: flaw.field,
    message: `${flaw.message} (${lineAndColumn(bytes, flaw.offset)})`,
  }))
  if (value === undefined) return { kind: 'invalid', problems }
  const raw = plainValue(value)
  const parsed = configurationSchema.safeParse(raw, { reportInput: true })
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => explainIssue(issue, configurationSchema)))
  }
  problems.push(...findContradictions(raw))
  const context = { secret, problems }
  const tokens = new Map<string, string>()
  const keys = new Map<string, string>()
  for (const reference of findReferences(parsed.success ? parsed.data : raw)) {
    const { path } = reference
    if (isKey(path)) keys.set(path, resolveKey(reference, context))
    else tokens.set(path, resolveToken(reference, context))
  }
  problems.push(...sharedTokens(tokens))
  if (!parsed.success || problems.length > 0) return { kind: 'invalid', problems }
  return { kind: 'valid', configuration: resolved(parsed.data, { tokens, keys }) }
}

/** Of a broker, a source of metrics, or a receiver; the others are tokens of webhooks. */
function isKey(path: string): boolean {
  return path.startsWith('notifications[') || path.endsWith(BROKER_KEY) || path.endsWith(METRICS_TOKEN)
}

const BROKER_KEY = '.broker.apiKey'
const METRICS_TOKEN = '.strategy.weights.source.token'

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigurationError(`The configuration ${path}`, [
      { path: '', message: `cannot be read: ${reason}` },
    ])
  }
}

/** Values of secrets by the path of their reference. */
interface ResolvedSecrets {
  readonly tokens: ReadonlyMap<string, string>
  /** Those that stand in no URL of ours: of brokers and of receivers of notifications. */
  readonly keys: ReadonlyMap<string, string>
}

function resolved(parsed: ParsedConfiguration, { tokens, keys }: ResolvedSecrets): Configuration {
  const sources = parsed.sources.map((source, index) => ({
    id: source.id,
    portfolio: source.portfolio ?? parsed.portfolios[0]!.id,
    tokens: source.tokens.map((_, at) => tokens.get(`sources[${index}].tokens[${at}]`)!),
    types: source.types ?? null,
    instruments: source.instruments?.map((name) => name.toUpperCase()) ?? null,
  }))
  const keysAt = (place: string) => {
    const values = parsed.portfolios.map(
      ({ id }, index) => [id, keys.get(`portfolios[${index}]${place}`)] as const,
    )
    return new Map(values.flatMap(([id, key]) => (key === undefined ? [] : [[id, key] as const])))
  }
  const notifications = parsed.notifications.map((receiver, index): NotificationConfiguration => {
    if (receiver.kind === 'telegram') {
      const { kind, chatIds, allowedUsers, apiRoot = null, about } = receiver
      const botToken = keys.get(`notifications[${index}].botToken`)!
      return { kind, botToken, chatIds, allowedUsers, apiRoot, about }
    }
    const { kind, url, about } = receiver
    return { kind, url, about, token: keys.get(`notifications[${index}].token`) ?? null }
  })
  const portfolios = parsed.portfolios.map(withoutDefaultInstruments)
  return {
    portfolios,
    sources,
    apiKeys: keysAt(BROKER_KEY),
    metricsTokens: keysAt(METRICS_TOKEN),
    notifications,
  }
}

/** The instruments that stand in where none are named are those of the trend strategy. */
function withoutDefaultInstruments(portfolio: ParsedPortfolio): ParsedPortfolio {
  return portfolio.strategy.kind === 'trend' ? portfolio : { ...portfolio, instruments: [] }
}

/** A token must lead to one source. */
function sharedTokens(tokens: ReadonlyMap<string, string>): ConfigurationProblem[] {
  const owners = new Map<string, string>()
  return [...tokens].flatMap(([path, token]) => {
    const owner = owners.get(token)
    if (token === '' || owner === undefined) {
      owners.set(token, path)
      return []
    }
    return [
      {
        path,
        message: `must be another token than that of ${owner}: a token says which source an alert is from`,
      },
    ]
  })
}

function lineAndColumn(bytes: Uint8Array, offset: number): string {
  const lines = Buffer.from(bytes).toString('utf8').slice(0, offset).split('\n')
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
}

function plainValue(value: JsonValue): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, plainValue(item)]))
  return Array.isArray(value) ? value.map(plainValue) : value
}
