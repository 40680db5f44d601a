import type { Pool } from 'pg'

/** The database may lose what it has confirmed; `settings` names each reason with its value. */
export class DurabilityError extends Error {
  readonly settings: Readonly<Record<string, string>>

  constructor(settings: Readonly<Record<string, string>>) {
    const found = Object.entries(settings).map(([name, value]) => `${name} is ${value}`)
    super(
      `The database may lose confirmed orders: ${found.join(', ')}. Correct it on the server and start again`,
    )
    this.name = 'DurabilityError'
    this.settings = settings
  }
}

/**
 * Throws DurabilityError when synchronous_commit, fsync or full_page_writes is off for our connections, or when the
 * server is a standby, which cannot be written to.
 */
export async function checkDurability(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings
      where name in ('synchronous_commit', 'fsync', 'full_page_writes') and setting = 'off'
     union all
     select 'standby', 'on' where pg_is_in_recovery()`,
  )
  if (rows.length > 0)
    throw new DurabilityError(Object.fromEntries(rows.map((row) => [row.name, row.setting])))
}
