import { Command } from 'commander'
import { listMissingMigrations, migrateDatabase } from '../../server/db/migrate.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { readProcessEnvironment } from '../cli/environment.js'
import { describeUnreachable, openServiceDatabase } from '../cli/service-database.js'

type Options = JsonOption & { readonly check?: boolean }

/** Returns the verb that brings the database to the schema of this version; the service does so by itself at start. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('Bring the database to the schema of this version; a start of the service does the same')
    .option('--check', 'change nothing; list what is missing, exit code 1 when something is')
    .option('--json', jsonHelp)
    .action((options: Options) => printAnswer(options, () => migrate(options)))
}

async function migrate({ check }: Options) {
  const environment = readProcessEnvironment()
  const opened = await openServiceDatabase({ environment, mayMake: check !== true })
  const { connectionString, log, name } = opened
  try {
    if (check === true) return await listMissing(opened)
    const { applied, present } = await migrateDatabase({ connectionString, log })
    const what = applied.length === 0 ? 'was up to date' : `took ${applied.join(', ')}`
    const describe = () => `The schema of ${name} ${what}\n`
    return { document: { database: name, applied, present }, describe }
  } catch (error) {
    throw describeUnreachable(name, error)
  } finally {
    await opened.release()
  }
}

async function listMissing({ connectionString, log, name }: Awaited<ReturnType<typeof openServiceDatabase>>) {
  const missing = await listMissingMigrations({ connectionString, log })
  const what = missing.length === 0 ? 'is up to date' : `lacks ${missing.join(', ')}: run \`general migrate\``
  const describe = () => `The schema of ${name} ${what}\n`
  return { document: { database: name, missing }, describe, isFinding: missing.length > 0 }
}
