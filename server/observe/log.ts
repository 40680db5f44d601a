/** One level of a log: fields that machines read, then a sentence for people. */
export type LogWrite = (fields: Readonly<Record<string, unknown>>, message: string) => void

/** What a module needs of a log; a pino logger fits, and so does a test's recorder. */
export interface Log {
  readonly debug: LogWrite
  readonly info: LogWrite
  readonly warn: LogWrite
  readonly error: LogWrite
}

const discard: LogWrite = () => undefined

/** A log that keeps nothing, for tools whose answer is their only output. */
export const silentLog: Log = { debug: discard, info: discard, warn: discard, error: discard }
