import { readFileSync } from 'node:fs'
import type { ConfigurationProblem } from './configuration-error.js'
import { isWebhookToken, WEBHOOK_TOKEN_RULE } from './env.js'

/** Returns the value of a secret by its name, or undefined when it is unset. Throws when its file cannot be read. */
export type SecretLookup = (name: string) => string | undefined

/**
 * Returns the lookup of secrets in the environment: the variable NAME, else the content of the file that the variable
 * NAME_FILE names. Values in `known`, such as tokens that the service made itself, come first.
 */
export function secretsOf(
  variables: Readonly<Record<string, string | undefined>>,
  known: Readonly<Record<string, string>> = {},
): SecretLookup {
  return (name) => {
    const value = Object.hasOwn(known, name) ? known[name] : variables[name]
    if (value !== undefined && value.trim() !== '') return value.trim()
    const file = variables[`${name}_FILE`]
    return file === undefined || file === '' ? undefined : readFileSync(file, 'utf8').trim() || undefined
  }
}

/** A secret of the configuration, by its name and its place. */
export interface SecretReference {
  readonly path: string
  /** As written: `${WEBHOOK_TOKEN}`. */
  readonly text: string
}

const REFERENCE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/

/** Returns the secrets that a configuration of any shape names, in the order of the file. */
export function findReferences(value: unknown, path = ''): SecretReference[] {
  if (typeof value === 'string') return REFERENCE.test(value) ? [{ path, text: value }] : []
  if (Array.isArray(value)) return value.flatMap((item, index) => findReferences(item, `${path}[${index}]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    findReferences(item, path === '' ? key : `${path}.${key}`),
  )
}

/** What resolving a secret depends on; what is wrong with it is added to `problems`. */
export interface SecretContext {
  readonly secret: SecretLookup
  readonly problems: ConfigurationProblem[]
}

/** Returns the value of a secret that stands in a webhook URL; empty when something is wrong with it. */
export function resolveToken(reference: SecretReference, context: SecretContext): string {
  return resolve(reference, context, { isSound: isWebhookToken, rule: WEBHOOK_TOKEN_RULE })
}

/** Returns the value of a key of a broker or of a receiver; empty when something is wrong with it. */
export function resolveKey(reference: SecretReference, context: SecretContext): string {
  const isSound = (value: string) => /^[\x21-\x7e]{1,256}$/.test(value)
  return resolve(reference, context, {
    isSound,
    rule: 'must be 1 to 256 printable characters without spaces',
  })
}

interface SecretRule {
  readonly isSound: (value: string) => boolean
  readonly rule: string
}

function resolve(
  reference: SecretReference,
  { secret, problems }: SecretContext,
  { isSound, rule }: SecretRule,
): string {
  const name = REFERENCE.exec(reference.text)?.[1] ?? ''
  const refuse = (message: string) => problems.push({ path: reference.path, message })
  try {
    const value = secret(name)
    if (value === undefined)
      refuse(`the secret ${name} is not set: set the variable ${name}, or ${name}_FILE to a file`)
    else if (!isSound(value)) refuse(`the secret ${name} ${rule}`)
    else return value
  } catch (error) {
    refuse(`the secret ${name} could not be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  return ''
}
