import { z } from 'zod'
import type { ConfigurationProblem } from './configuration-error.js'
import { didYouMean } from './did-you-mean.js'

/** An issue as zod reports it, with the value that it is about. */
export type SchemaIssue = z.core.$ZodIssue

/** Returns what an issue of a value checked against `schema` means, one problem for each key or value concerned. */
export function explainIssue(issue: SchemaIssue, schema: z.ZodType): ConfigurationProblem[] {
  const path = pathText(issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        message: `is not a key of the configuration${didYouMean(key, knownKeys(schema, issue.path))}`,
      }))
    case 'invalid_type':
      return [
        {
          path,
          message: issue.input === undefined ? 'is required' : `${expected(issue.expected)}${was(issue)}`,
        },
      ]
    case 'invalid_value':
      return [{ path, message: `must be ${choices(issue.values)}${was(issue)}${hint(issue)}` }]
    case 'too_small':
      return [{ path, message: `${bound(issue, 'minimum')}${was(issue)}` }]
    case 'too_big':
      return [{ path, message: `${bound(issue, 'maximum')}${was(issue)}` }]
    case 'invalid_union':
      return [{ path, message: explainUnion(issue) }]
    case 'invalid_format':
      return [
        {
          path,
          message: issue.format === 'date' ? `must be a date such as 2026-01-31${was(issue)}` : issue.message,
        },
      ]
    default:
      return [{ path, message: issue.message }]
  }
}

/** Returns a path as `portfolios[0].strategy.caps`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}

function expected(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'must be a text',
    number: 'must be a number',
    int: 'must be a whole number',
    object: 'must be an object',
    array: 'must be a list',
    boolean: 'must be true or false',
  }
  return names[type] ?? `must be of type ${type}`
}

/** A union is of objects that one of their keys tells apart, or of a text and a number. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion): string {
  const { discriminator, input } = issue
  if (discriminator === undefined) return `must be a text or a number${was(issue)}`
  const given = (input as Readonly<Record<string, unknown>>)[discriminator]
  const named = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
  if (given === undefined) return `is required: ${choices(named)}`
  const told = typeof given === 'string' ? `, was ${JSON.stringify(given.slice(0, 60))}` : ''
  return `must be ${choices(named)}${told}${typeof given === 'string' ? didYouMean(given, named) : ''}`
}

function choices(values: readonly unknown[]): string {
  const named = values.map((value) => JSON.stringify(value)).join(', ')
  return values.length === 1 ? named : `one of ${named}`
}

type BoundIssue = z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig

function bound(issue: BoundIssue, kind: 'minimum' | 'maximum'): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum
  if (issue.origin === 'array')
    return `must have at ${kind === 'minimum' ? 'least' : 'most'} ${count(limit, 'item')}`
  if (issue.origin === 'string') {
    return `must have at ${kind === 'minimum' ? 'least' : 'most'} ${count(limit, 'character')}`
  }
  if (kind === 'minimum') return `must be ${issue.inclusive ? 'at least' : 'above'} ${limit}`
  return `must be ${issue.inclusive ? 'at most' : 'below'} ${limit}`
}

function count(number: number | bigint, noun: string): string {
  return `${number} ${noun}${Number(number) === 1 ? '' : 's'}`
}

/** Tells the value, unless it is large or may be a secret. */
function was(issue: SchemaIssue): string {
  const { input } = issue
  if (['tokens', 'token', 'apiKey'].some((secret) => issue.path.includes(secret))) return ''
  if (typeof input === 'string') return `, was ${JSON.stringify(input.slice(0, 60))}`
  if (typeof input === 'number' || typeof input === 'boolean' || input === null) return `, was ${input}`
  return Array.isArray(input) ? ', was a list' : ', was an object'
}

function hint(issue: z.core.$ZodIssueInvalidValue): string {
  return typeof issue.input === 'string' ? didYouMean(issue.input, issue.values.map(String)) : ''
}

interface JsonSchemaNode {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>
  readonly items?: JsonSchemaNode
  readonly oneOf?: readonly JsonSchemaNode[]
}

/** Returns the keys that an object at `path` may have, as the schema's own JSON Schema lists them. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let nodes: readonly JsonSchemaNode[] = [z.toJSONSchema(schema, { io: 'input' }) as JsonSchemaNode]
  for (const step of path) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => {
      return (typeof step === 'number' ? node.items : node.properties?.[String(step)]) ?? []
    })
  }
  return [...new Set(nodes.flatMap(alternatives).flatMap((node) => Object.keys(node.properties ?? {})))]
}

function alternatives(node: JsonSchemaNode): readonly JsonSchemaNode[] {
  return node.oneOf ?? [node]
}
