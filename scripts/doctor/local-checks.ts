import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfiguration } from '../../server/config/configuration.js'
import { ConfigurationError } from '../../server/config/configuration-error.js'
import type { Environment } from '../../server/config/env.js'
import { checkedSecrets } from '../cli/configured-secrets.js'
import { type Finding, failure, fine, note, reasonOf, warning } from './finding.js'

const leastNode = [20, 19] as const
const leastFreeBytes = 2 ** 30

/** Returns what can be known of this machine without a database. */
export async function checkMachine(environment: Environment): Promise<Finding[]> {
  const { home, adminToken, webhookToken } = environment
  return [
    checkNode(process.versions.node),
    ...(await checkHome(home)),
    await checkToken(home, { name: 'admin-token', variable: 'ADMIN_TOKEN', isGiven: adminToken !== null }),
    await checkToken(home, {
      name: 'webhook-token',
      variable: 'WEBHOOK_TOKEN',
      isGiven: webhookToken !== null,
    }),
    await checkConfiguration(environment),
  ]
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])
  if (isEnough) return fine('Node.js', version)
  return failure('Node.js', version, `Install Node.js ${leastNode.join('.')} or later`)
}

async function checkHome(home: string): Promise<Finding[]> {
  const found = await stat(home).catch(() => null)
  if (found === null) {
    return [note('home', `${home} does not exist`, 'The first start of the service makes it')]
  }
  if (!found.isDirectory()) {
    return [failure('home', `${home} is no directory`, 'Set GENERAL_HOME to a directory')]
  }
  const findings = [checkOwnership('home', home, found, 0o700)]
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  const gigabytes = `${(free / 2 ** 30).toFixed(1)} GiB free at ${home}`
  findings.push(
    free >= leastFreeBytes
      ? fine('disk', gigabytes)
      : warning('disk', gigabytes, 'Make room: a full disk stops the database'),
  )
  return findings
}

function checkOwnership(
  check: string,
  path: string,
  found: { mode: number; uid: number },
  mode: number,
): Finding {
  const given = found.mode & 0o777
  const owner = process.getuid?.()
  if (owner !== undefined && owner !== 0 && found.uid !== owner) {
    return failure(
      check,
      `${path} belongs to user ${found.uid}`,
      `Run as that user, or chown it to user ${owner}`,
    )
  }
  // Windows has no such modes.
  if (process.platform === 'win32' || (given & ~mode) === 0)
    return fine(check, `${path}, mode ${octal(given)}`)
  return failure(
    check,
    `${path} has mode ${octal(given)}: others on this machine may read it`,
    `chmod ${octal(mode)} ${path}`,
  )
}

const octal = (mode: number): string => `0${mode.toString(8)}`

interface TokenPlace {
  readonly name: string
  readonly variable: string
  readonly isGiven: boolean
}

async function checkToken(home: string, { name, variable, isGiven }: TokenPlace): Promise<Finding> {
  if (isGiven) return fine(name, `given by ${variable}`)
  const path = join(home, name)
  const found = await stat(path).catch(() => null)
  if (found === null) return note(name, `${path} does not exist`, 'The first start of the service makes it')
  return checkOwnership(name, path, found, 0o600)
}

async function checkConfiguration(environment: Environment): Promise<Finding> {
  const { configPath } = environment
  const name = configPath ?? 'the default paper portfolio'
  try {
    const { portfolios } = await loadConfiguration(configPath, checkedSecrets(environment))
    const count = portfolios.length === 1 ? 'one portfolio' : `${portfolios.length} portfolios`
    return fine('configuration', `${name}: ${count}`)
  } catch (error) {
    const remedy = 'Correct it; `general config check FILE` checks a file before the service reads it'
    if (error instanceof ConfigurationError) return failure('configuration', error.message, remedy)
    return failure('configuration', `${name}: ${reasonOf(error)}`, remedy)
  }
}
