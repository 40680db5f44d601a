import type { Command } from 'commander'
import type { V1Reads } from '../../server/http/v1/port.js'
import { findAdminAddress } from './admin-address.js'
import { type AdminClient, createAdminClient, newIdempotencyKey } from './admin-client.js'
import { readProcessEnvironment } from './environment.js'
import { VerbFailure } from './verb-failure.js'

type Item<Name extends 'positions' | 'orders' | 'approvals' | 'decisions' | 'alarms'> = Awaited<
  ReturnType<V1Reads[Name]>
>['items'][number]

/** What /v1 answers about a portfolio in a list. */
export type PortfolioSummary = Awaited<ReturnType<V1Reads['portfolios']>>[number]
/** What /v1 answers about one portfolio. */
export type PortfolioDetail = NonNullable<Awaited<ReturnType<V1Reads['portfolio']>>>
/** A position of /v1. */
export type PositionItem = Item<'positions'>
/** An order of /v1. */
export type OrderItem = Item<'orders'>
/** An entry that waits, or has waited, for a person. */
export type ApprovalItem = Item<'approvals'>
/** A decision of a list of /v1. */
export type DecisionItem = Item<'decisions'>
/** An alarm of /v1. */
export type AlarmItem = Item<'alarms'>

/** A difference from a broker in the list of /v1. */
export type BreakItem = Awaited<ReturnType<V1Reads['breaks']>>[number]

/** The option that names a portfolio. */
export interface PortfolioOption {
  readonly portfolio?: string
}

/** The help of --portfolio. */
export const portfolioHelp = 'portfolio; may be left out when there is one'

/** Returns a client of the running service of this environment. Throws VerbFailure when its token is not known. */
export async function connectService(): Promise<AdminClient> {
  return createAdminClient(await findAdminAddress(readProcessEnvironment()))
}

/** Returns the portfolios of the service. */
export async function listPortfolios(client: AdminClient): Promise<readonly PortfolioSummary[]> {
  return (await client.get<{ items: readonly PortfolioSummary[] }>('/v1/portfolios')).items
}

/** Returns the portfolio that is meant: the named one, else the only one. Throws VerbFailure when that is not clear. */
export async function choosePortfolio(
  client: AdminClient,
  { portfolio: name }: PortfolioOption,
): Promise<PortfolioSummary> {
  const portfolios = await listPortfolios(client)
  const ids = portfolios.map(({ id }) => id)
  const meant =
    name === undefined && portfolios.length === 1 ? portfolios[0] : portfolios.find(({ id }) => id === name)
  if (meant !== undefined) return meant
  const remedy = `Choose one with --portfolio: ${ids.join(', ')}`
  const what =
    name === undefined ? `The service runs ${ids.length} portfolios` : `There is no portfolio ${name}`
  throw new VerbFailure(`${what}. ${remedy}`, {
    code: 'PORTFOLIO_UNKNOWN',
    remedy,
    details: { portfolios: ids },
  })
}

/** Part of a list, newest first. */
export interface ListPage<T> {
  readonly items: readonly T[]
  /** The cursor of what comes next; null at the end. */
  readonly next: string | null
}

/** Which part of a list is meant. */
export interface ListOptions {
  readonly limit: number
  readonly cursor?: string
  readonly status?: string
}

const largestPage = 500

/** Returns the first `limit` items of a list, however many pages they are on. */
export async function readList<T>(
  client: AdminClient,
  path: string,
  { limit, cursor, status }: ListOptions,
): Promise<ListPage<T>> {
  const items: T[] = []
  let next = cursor ?? null
  do {
    const query = new URLSearchParams({ limit: String(Math.min(largestPage, limit - items.length)) })
    if (next !== null) query.set('cursor', next)
    if (status !== undefined) query.set('status', status)
    const page = await client.get<ListPage<T>>(`${path}?${query}`)
    items.push(...page.items)
    next = page.next
  } while (next !== null && items.length < limit)
  return { items, next }
}

/** Returns the path of something of a portfolio. */
export function portfolioPath({ id }: PortfolioSummary, what: string): string {
  return `/v1/portfolios/${encodeURIComponent(id)}/${what}`
}

/** Options of a command that changes something. */
export interface CommandOptions extends PortfolioOption {
  readonly idempotencyKey?: string
}

/** What /v1 answers to a command. */
export interface CommandOutcome {
  readonly commandId: string
  readonly outcome: 'executed' | 'approved' | 'ignored'
  readonly decisions: readonly {
    readonly id: string
    readonly outcome: string
    readonly reasons: readonly string[]
    readonly lots: string
    readonly instrument: string | null
  }[]
}

/** Sends a command under the given key, else a new one. */
export function sendCommand(
  client: AdminClient,
  path: string,
  { body, idempotencyKey }: { readonly body: unknown; readonly idempotencyKey: string | undefined },
): Promise<CommandOutcome> {
  return client.post<CommandOutcome>(path, { body, key: idempotencyKey ?? newIdempotencyKey() })
}

/** Adds the options of a command that changes something. */
export function addCommandOptions(command: Command): Command {
  return command
    .option('--portfolio <id>', portfolioHelp)
    .option('--idempotency-key <key>', 'send an earlier command again: it is carried out once at most')
}
