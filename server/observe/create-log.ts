import { pino } from 'pino'
import type { Log } from './log.js'
import { createSecrets, type Secrets } from './secrets.js'
import { formatForTerminal } from './terminal-line.js'

/** How much is logged. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** Least severity that is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What a log of the service depends on. */
export interface LogOptions {
  readonly level: LogLevel
  /** Values that no line may hold. */
  readonly secrets?: Secrets
  /** Where lines go. Default: standard error, so that standard output is left to what a command answers. */
  readonly write?: (line: string) => void
  /** True formats lines for people; default: when standard error is a terminal and `write` is not given. */
  readonly readable?: boolean
}

/** Keys whose values are never logged, wherever they stand in the first three levels of a line's fields. */
const hiddenKeys = [
  ...['authorization', 'cookie', 'token', 'tokens', 'apiKey', 'apikey', 'api_key', 'password', 'secret'],
  ...['apiSecret', 'adminToken', 'webhookToken', 'connectionString', 'databaseUrl', 'redisUrl'],
]
const hiddenPaths = hiddenKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])

/**
 * Returns a log of JSON lines. Each line is written before the call returns: nothing is lost when the process is
 * killed. A secret is hidden twice: by the key that holds it, and by its value wherever that appears.
 */
export function createLog(options: LogOptions): Log {
  const secrets = options.secrets ?? createSecrets()
  const readable = options.readable ?? (options.write === undefined && process.stderr.isTTY === true)
  const write = options.write ?? ((line: string) => void process.stderr.write(line))
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: hiddenPaths, censor: '[hidden]' },
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return pino(settings, {
    write: (line: string) => write(readable ? formatForTerminal(secrets.scrub(line)) : secrets.scrub(line)),
  })
}
