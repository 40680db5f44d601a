import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../server/db/database.js'
import { startEmbeddedPostgres } from '../../server/db/embedded-postgres.js'
import { migrateDatabase } from '../../server/db/migrate.js'
import { silentLog } from '../../server/observe/log.js'
import { describeDatabase } from './machine.js'

/** What a benchmark works in: a temporary home with a PostgreSQL server of its own, migrated. */
export interface BenchRoom {
  readonly home: string
  readonly connectionString: string
  /** The database in a line, for the report. */
  readonly databaseLine: string
  /** Opens a pool; it is closed with the room. */
  readonly open: (poolSize: number) => Database
}

/** What a benchmark is told. */
export interface BenchOptions {
  /** A few short repetitions, to see that it works. */
  readonly isQuick: boolean
  /** Is told how many of how many parts are done. */
  readonly onProgress: (done: number, total: number) => void
  /** Aborted when it is to stop early. */
  readonly signal: AbortSignal
}

/** Runs `work` in a room of its own and removes everything afterwards. */
export async function inBenchRoom<T>(work: (room: BenchRoom) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'general-bench-'))
  try {
    const postgres = await startEmbeddedPostgres({ home, log: silentLog })
    const databases: Database[] = []
    try {
      const { connectionString } = postgres
      await migrateDatabase({ connectionString, log: silentLog })
      const open = (poolSize: number): Database => {
        const timeouts = { connect: 5000, statement: 60_000 }
        const database = openDatabase({ connectionString, log: silentLog, poolSize, timeouts })
        databases.push(database)
        return database
      }
      const databaseLine = await describeDatabase(open(1).pool)
      return await work({ home, connectionString, databaseLine, open })
    } finally {
      await Promise.all(databases.map((database) => database.close()))
      await postgres.stop()
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
