import pg from 'pg'
import type { Log } from '../observe/log.js'

/** What a connection of one's own depends on. */
export interface OwnConnectionOptions {
  /** Says how to connect; the connection is none of its. */
  readonly pool: pg.Pool
  readonly log: Log
  /** Whose connection it is, as a word of the log. */
  readonly owner: string
  /** SQL that each new connection begins with. */
  readonly setUp?: string
}

/** One connection outside of the pool: made on first use, and made anew after a failure. */
export class OwnConnection {
  readonly #options: OwnConnectionOptions
  #client: Promise<pg.Client> | null = null

  constructor(options: OwnConnectionOptions) {
    this.#options = options
  }

  /** Runs a statement. Rejects with the error of the connection or of the server. */
  async query<Row extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    const connecting = this.#connected()
    try {
      const client = await connecting
      return await client.query<Row>(statement)
    } catch (error) {
      if (!isAnswer(error) && this.#client === connecting) this.#forget()
      throw error
    }
  }

  /** Returns the process that the server announced for the connection when it was made; 0 where it announced none. */
  async announcedProcess(): Promise<number> {
    const { processID } = (await this.#connected()) as pg.Client & { readonly processID: number | null }
    return processID ?? 0
  }

  /** Ends the connection; a further query makes another one. */
  async close(): Promise<void> {
    const closing = this.#client
    this.#client = null
    await closing?.then((client) => client.end()).catch(() => undefined)
  }

  #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client
    const { pool, log, owner, setUp } = this.#options
    const client = new pg.Client({ ...pool.options, pipeline: false })
    const connecting = connect(client, setUp)
    client.on('error', (error) => {
      log.warn({ err: error, owner }, 'A database connection was lost')
      if (this.#client === connecting) this.#forget()
    })
    this.#client = connecting
    connecting.catch(() => {
      if (this.#client === connecting) this.#forget()
    })
    return connecting
  }

  #forget(): void {
    const forgotten = this.#client
    this.#client = null
    void forgotten?.then((client) => client.end()).catch(() => undefined)
  }
}

async function connect(client: pg.Client, setUp: string | undefined): Promise<pg.Client> {
  await client.connect()
  if (setUp !== undefined) await client.query(setUp)
  return client
}

/** The server's own refusals leave the connection usable. */
function isAnswer(error: unknown): boolean {
  const { severity } = (error ?? {}) as { severity?: unknown }
  return severity === 'ERROR'
}
