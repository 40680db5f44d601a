import type { Database } from '../../server/db/database.js'
import { VerbFailure } from './verb-failure.js'

/** Returns the portfolios of the database: the named one, or all. Throws VerbFailure when the named one is not there. */
export async function chooseRecorded({ db }: Database, name: string | undefined): Promise<readonly string[]> {
  const rows = await db.selectFrom('portfolios').select('id').orderBy('id').execute()
  const ids = rows.map(({ id }) => id)
  if (name === undefined) return ids
  if (ids.includes(name)) return [name]
  const known = ids.length === 0 ? 'none is recorded yet' : `recorded are ${ids.join(', ')}`
  const remedy = `Name another one: ${known}`
  throw new VerbFailure(`There is no portfolio ${name} in the database. ${remedy}`, {
    code: 'PORTFOLIO_UNKNOWN',
    remedy,
  })
}
