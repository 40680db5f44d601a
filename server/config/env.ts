import { isIP, isIPv4 } from 'node:net'
import { resolve } from 'node:path'
import { LOG_LEVELS, type LogLevel } from '../observe/create-log.js'
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js'
import { didYouMean } from './did-you-mean.js'

/** What the service takes from the environment. */
export interface Environment {
  readonly port: number
  readonly host: string
  readonly adminPort: number
  readonly adminHost: string
  /** Null: the embedded server. */
  readonly databaseUrl: string | null
  /** Null: the queue is in PostgreSQL. */
  readonly redisUrl: string | null
  /** Absolute path of the directory for embedded data and generated tokens. */
  readonly home: string
  /** Absolute path of the configuration; null: the default paper portfolio. */
  readonly configPath: string | null
  /** Null: generated and kept in the home. */
  readonly adminToken: string | null
  readonly webhookToken: string | null
  /**
   * Null serves every sender. Otherwise TradingView's addresses only, as seen by the socket, or told by the one trusted
   * proxy: its address or network.
   */
  readonly tradingViewOnly: { readonly trustedProxy: string | null } | null
  readonly logLevel: LogLevel
}

type Variables = Readonly<Record<string, string | undefined>>

/** Reads variables one by one; what is wrong is collected, so that all of it is told at once. */
interface Reader {
  readonly variables: Variables
  readonly problems: ConfigurationProblem[]
}

const YES = ['true', '1', 'yes', 'on']
const NO = ['false', '0', 'no', 'off']

/**
 * Reads the environment of a service that was started in the directory `cwd`. A variable that is empty counts as unset.
 * Throws ConfigurationError with every problem; values of secrets are in none of them.
 */
export function readEnvironment(variables: Variables, cwd: string): Environment {
  const reader: Reader = { variables, problems: [] }
  // npm runs scripts in the directory of the package, and tells here where its user was
  const userDirectory = readVariable(reader, 'INIT_CWD') ?? cwd
  const home = readVariable(reader, 'GENERAL_HOME')
  const configPath = readVariable(reader, 'GENERAL_CONFIG')
  const environment: Environment = {
    port: readPort(reader, 'PORT', 8080),
    host: readHost(reader, 'HOST'),
    adminPort: readPort(reader, 'ADMIN_PORT', 8081),
    adminHost: readHost(reader, 'ADMIN_HOST'),
    databaseUrl: readUrl(reader, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: readUrl(reader, 'REDIS_URL', ['redis:', 'rediss:']),
    home: home === null ? resolve(cwd, '.general') : resolve(userDirectory, home),
    configPath: configPath === null ? null : resolve(userDirectory, configPath),
    adminToken: readAdminToken(reader),
    webhookToken: readWebhookToken(reader),
    tradingViewOnly: readTradingViewOnly(reader),
    logLevel: readLogLevel(reader),
  }
  refuseSharedPort(reader, environment)
  if (reader.problems.length > 0) throw new ConfigurationError('The environment', reader.problems)
  return environment
}

function readVariable({ variables }: Reader, name: string): string | null {
  const value = variables[name]?.trim()
  return value === undefined || value === '' ? null : value
}

function refuse(reader: Reader, path: string, message: string): void {
  reader.problems.push({ path, message })
}

/** 0 lets the system choose. */
function readPort(reader: Reader, name: string, fallback: number): number {
  const value = readVariable(reader, name)
  if (value === null) return fallback
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
  if (port <= 65_535) return port
  refuse(reader, name, `must be a port, 0 to 65535, was "${value}"`)
  return fallback
}

function readHost(reader: Reader, name: string): string {
  const value = readVariable(reader, name)
  if (value === null) return '127.0.0.1'
  if (isIP(value) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)) {
    refuse(
      reader,
      name,
      `must be an address or a host name without a port, such as 127.0.0.1, was "${value}"`,
    )
  }
  return value
}

/** The value may hold a password, so it is never shown. */
function readUrl(reader: Reader, name: string, protocols: readonly string[]): string | null {
  const value = readVariable(reader, name)
  if (value === null) return null
  const protocol = URL.canParse(value) ? new URL(value).protocol : null
  if (protocol !== null && protocols.includes(protocol)) return value
  const what = protocol === null ? 'it is no URL' : `it begins with ${protocol}//`
  refuse(reader, name, `must be a URL that begins with ${protocols[0]}//, and ${what}`)
  return null
}

/** What may follow Bearer in a header (RFC 6750). */
function readAdminToken(reader: Reader): string | null {
  const value = readVariable(reader, 'ADMIN_TOKEN')
  if (value !== null && !/^[A-Za-z0-9._~+/-]{1,1024}=*$/.test(value)) {
    refuse(reader, 'ADMIN_TOKEN', 'must consist of letters, digits and - . _ ~ + / =; the value is not shown')
  }
  return value
}

function readWebhookToken(reader: Reader): string | null {
  const value = readVariable(reader, 'WEBHOOK_TOKEN')
  if (value !== null && !isWebhookToken(value)) refuse(reader, 'WEBHOOK_TOKEN', WEBHOOK_TOKEN_RULE)
  return value
}

/** What a webhook token must look like, for messages. */
export const WEBHOOK_TOKEN_RULE =
  'must consist of letters, digits and - . _ ~, at most 1024 of them, since it stands in a URL; the value is not shown'

/** Returns whether a text can stand in the path of a URL as it is. */
export function isWebhookToken(value: string): boolean {
  return /^[A-Za-z0-9._~-]{1,1024}$/.test(value)
}

function readTradingViewOnly(reader: Reader): Environment['tradingViewOnly'] {
  const name = 'TRADINGVIEW_IPS_ONLY'
  const value = readVariable(reader, name)
  if (value === null || NO.includes(value.toLowerCase())) return null
  if (YES.includes(value.toLowerCase())) return { trustedProxy: null }
  if (isNetwork(value)) return { trustedProxy: value }
  const meanings = 'true (TradingView connects directly), the address of the one trusted proxy, or false'
  refuse(reader, name, `must be ${meanings}, was "${value}"`)
  return null
}

function isNetwork(value: string): boolean {
  const [address = '', prefix, ...rest] = value.split('/')
  if (isIP(address) === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128))
}

function readLogLevel(reader: Reader): LogLevel {
  const value = readVariable(reader, 'LOG_LEVEL')
  if (value === null) return 'info'
  const level = LOG_LEVELS.find((known) => known === value.toLowerCase())
  if (level !== undefined) return level
  const hint = didYouMean(value, LOG_LEVELS)
  refuse(reader, 'LOG_LEVEL', `must be one of ${LOG_LEVELS.join(', ')}, was "${value}"${hint}`)
  return 'info'
}

function refuseSharedPort(reader: Reader, { port, host, adminPort, adminHost }: Environment): void {
  if (port === 0 || port !== adminPort || host !== adminHost) return
  refuse(
    reader,
    'ADMIN_PORT',
    `must differ from PORT, which is ${port} too: the webhook has a listener of its own`,
  )
}
