import pg from 'pg'
import type { StatementRunner } from '../journal/persist.js'
import type { Log } from '../observe/log.js'

/**
 * The plan of the persisting statement is made once, often while its tables are still empty. It must look rows up by
 * their keys all the same, or it would read whole tables once they have grown.
 */
const PLANNER_SETTINGS = 'set enable_seqscan = off; set plan_cache_mode = force_generic_plan'

/** What a writer's connection depends on: the pool says how to connect. */
export interface WriterConnectionOptions {
  readonly pool: pg.Pool
  readonly log: Log
}

/** A sequencer's own connection, outside of the pool: made on first use, and made anew after a failure. */
export class WriterConnection implements StatementRunner {
  readonly #options: WriterConnectionOptions
  #client: Promise<pg.Client> | null = null

  constructor(options: WriterConnectionOptions) {
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

  /** Ends the connection. */
  async close(): Promise<void> {
    const closing = this.#client
    this.#client = null
    await closing?.then((client) => client.end()).catch(() => undefined)
  }

  #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client
    const client = new pg.Client(this.#options.pool.options)
    const connecting = connect(client)
    client.on('error', (error) => {
      this.#options.log.warn({ err: error }, 'A connection of a sequencer was lost')
      if (this.#client === connecting) this.#forget()
    })
    this.#client = connecting
    return connecting
  }

  #forget(): void {
    const forgotten = this.#client
    this.#client = null
    void forgotten?.then((client) => client.end()).catch(() => undefined)
  }
}

async function connect(client: pg.Client): Promise<pg.Client> {
  await client.connect()
  await client.query(PLANNER_SETTINGS)
  return client
}

/** The server's own refusals leave the connection usable. */
function isAnswer(error: unknown): boolean {
  const { severity } = (error ?? {}) as { severity?: unknown }
  return severity === 'ERROR'
}
