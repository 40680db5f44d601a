import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Environment } from '../../server/config/env.js'
import { VerbFailure } from './verb-failure.js'

/** Where the admin listener is, and what opens it. */
export interface AdminAddress {
  readonly url: string
  readonly token: string
}

/** Listening on every address includes this one. */
const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Returns the URL of the admin listener that a service with this environment has. Throws VerbFailure for port 0. */
export function adminUrl({ adminHost, adminPort }: Environment): string {
  if (adminPort === 0) {
    const remedy = 'Set it to the port that the service printed when it started'
    throw new VerbFailure(`ADMIN_PORT is 0: which port the service was given is not known here. ${remedy}`, {
      code: 'ADMIN_PORT_UNKNOWN',
      remedy,
    })
  }
  const host = everywhere[adminHost] ?? adminHost
  return `http://${isIPv6(host) ? `[${host}]` : host}:${adminPort}`
}

/** Returns where the admin listener is, with the token of ADMIN_TOKEN or of the home. Throws VerbFailure without one. */
export async function findAdminAddress(environment: Environment): Promise<AdminAddress> {
  const url = adminUrl(environment)
  if (environment.adminToken !== null) return { url, token: environment.adminToken }
  const file = join(environment.home, 'admin-token')
  try {
    const token = (await readFile(file, 'utf8')).trim()
    if (token !== '') return { url, token }
    throw new Error('it is empty')
  } catch (error) {
    throw noToken(file, error)
  }
}

function noToken(file: string, error: unknown): VerbFailure {
  const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
  const reason = isAbsent ? 'there is no such file' : error instanceof Error ? error.message : String(error)
  const remedy =
    'Start the service with `npm start`, which makes it; or set GENERAL_HOME to the directory of the running ' +
    'service, or ADMIN_TOKEN to its token'
  const message = `No admin token: ADMIN_TOKEN is not set, and ${file} cannot be read (${reason}). ${remedy}`
  return new VerbFailure(message, { code: 'ADMIN_TOKEN_MISSING', remedy, cause: error })
}
