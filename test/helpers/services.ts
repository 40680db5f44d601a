import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startPostgresService } from './postgres-service.js'
import { startRedisService } from './redis-service.js'
import { serviceVariables } from './service-variables.js'
import { temporaryDirectory } from './temporary-directory.js'

/** A PostgreSQL server with a migrated database to copy from. */
export interface PostgresAddress {
  readonly url: string
  readonly template: string
}

let postgres: Promise<PostgresAddress> | undefined
let redis: Promise<string> | undefined

/** The PostgreSQL server of this run; a test file that is run by itself starts its own. */
export function postgresAddress(): Promise<PostgresAddress> {
  postgres ??= findPostgres()
  return postgres
}

/** The address of this run's Redis server; a test file that is run by itself starts its own. */
export function redisAddress(): Promise<string> {
  redis ??= findRedis()
  return redis
}

async function findPostgres(): Promise<PostgresAddress> {
  const url = process.env[serviceVariables.postgresUrl]
  const template = process.env[serviceVariables.postgresTemplate]
  if (url && template) return { url, template }
  const directory = await temporaryDirectory()
  const service = await startPostgresService(join(directory, 'home'))
  atEnd(service.stop, directory)
  return service
}

async function findRedis(): Promise<string> {
  const url = process.env[serviceVariables.redisUrl]
  if (url) return url
  const directory = await temporaryDirectory()
  const service = await startRedisService({ directory })
  atEnd(service.stop, directory)
  return service.url
}

function atEnd(stop: () => Promise<void>, directory: string): void {
  t.teardown(async () => {
    await stop()
    await rm(directory, { recursive: true, force: true })
  })
}
