import { cpus, loadavg, totalmem } from 'node:os'
import type { Pool } from 'pg'

/** Returns what the numbers depend on outside of the program: processor, memory, Node.js, and how busy it all is. */
export function describeMachine(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const [load = 0] = loadavg()
  return [
    `${model}, ${processors.length} cores, ${gigabytes} GiB`,
    `Node.js ${process.versions.node} on ${process.platform}-${process.arch}`,
    `load ${load.toFixed(1)} at the start`,
  ].join('; ')
}

const SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'data_checksums',
  'shared_buffers',
]

/** Returns the version of the database and the settings on which its durability and its speed depend. */
export async function describeDatabase(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ readonly name: string; readonly value: string }>(
    `select name, current_setting(name) as value from pg_settings where name = any ($1) order by array_position($1, name)`,
    [SETTINGS],
  )
  const version = await pool.query<{ server_version: string }>('show server_version')
  const settings = rows.map(({ name, value }) => `${name} ${value}`)
  return `PostgreSQL ${version.rows[0]!.server_version} (embedded): ${settings.join(', ')}`
}
