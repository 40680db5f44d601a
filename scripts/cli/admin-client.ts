import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { AdminAddress } from './admin-address.js'
import { type JsonResponse, requestJson } from './http-request.js'
import { VerbFailure } from './verb-failure.js'

/** A running service, as the command line talks to it. */
export interface AdminClient {
  readonly url: string
  /** Returns what is at a path of the admin listener. Throws VerbFailure when there is no answer or a refusal. */
  readonly get: <T>(path: string) => Promise<T>
  /** Sends a command once, however often it takes. Throws VerbFailure when it is refused or its fate is unknown. */
  readonly post: <T>(path: string, command: SentCommand) => Promise<T>
}

/** A command and the key that makes sending it again harmless. */
export interface SentCommand {
  readonly key: string
  readonly body: unknown
}

/** Returns a new key for a new command. */
export function newIdempotencyKey(): string {
  return randomUUID()
}

/** What a refusal of the service looks like (RFC 9457). */
interface ProblemBody {
  readonly title?: string
  readonly detail?: string
  readonly code?: string
  readonly remedy?: string
}

const timeoutMs = 15_000
/** A service that is starting, or a first request that still runs, is asked again for this long. */
const patienceMs = 10_000
const pauseMs = 500
/** Refusals that pass by themselves; the same request with the same key is then answered. */
const passingCodes: ReadonlySet<string> = new Set([
  'STARTING',
  'PORTFOLIO_NOT_READY',
  'DB_UNAVAILABLE',
  'IDEMPOTENCY_KEY_RUNNING',
])

/** Returns a client of the admin listener at `address`; nothing is connected until the first request. */
export function createAdminClient(address: AdminAddress): AdminClient {
  const send = async (method: 'GET' | 'POST', path: string, command?: SentCommand): Promise<JsonResponse> => {
    const headers = {
      authorization: `Bearer ${address.token}`,
      ...(command === undefined ? {} : { 'idempotency-key': command.key }),
    }
    const url = new URL(path, address.url)
    return requestJson({ method, url, headers, body: command?.body, timeoutMs })
  }
  return {
    url: address.url,
    get: async <T>(path: string) => {
      const answer = await send('GET', path).catch((error: unknown) => {
        throw notReached(address, error)
      })
      return accept<T>(address, answer)
    },
    post: async <T>(path: string, command: SentCommand) =>
      accept<T>(
        address,
        await sendUntilAnswered(address, command, () => send('POST', path, command)),
        command,
      ),
  }
}

async function sendUntilAnswered(
  address: AdminAddress,
  command: SentCommand,
  send: () => Promise<JsonResponse>,
): Promise<JsonResponse> {
  const deadline = Date.now() + patienceMs
  let mayHaveArrived = false
  for (;;) {
    try {
      const answer = await send()
      if (!passingCodes.has(problemOf(answer).code ?? '')) return answer
      if (Date.now() > deadline) return answer
    } catch (error) {
      mayHaveArrived ||= codeOf(error) !== 'ECONNREFUSED'
      if (!mayHaveArrived) throw notReached(address, error)
      if (Date.now() > deadline) throw fateUnknown(address, command, error)
    }
    await delay(pauseMs)
  }
}

function accept<T>(address: AdminAddress, answer: JsonResponse, command?: SentCommand): T {
  const { status, body } = answer
  if (status >= 200 && status < 300) return body as T
  const problem = problemOf(answer)
  const code = problem.code ?? `HTTP_${status}`
  const known = problem.remedy ?? `Check that ${address.url} is the admin listener of the service`
  const isOpen = command !== undefined && (status >= 500 || code === 'IDEMPOTENCY_KEY_RUNNING')
  const remedy = isOpen ? `${known}. ${sendAgain(command)}` : known
  const what = problem.detail ?? problem.title ?? `The service answered with status ${status}`
  throw new VerbFailure(`${what}. ${remedy}`, { code, remedy, details: body })
}

function problemOf({ body }: JsonResponse): ProblemBody {
  return typeof body === 'object' && body !== null ? body : {}
}

function sendAgain({ key }: SentCommand): string {
  return `Run the same command again with --idempotency-key ${key}: it is carried out once at most`
}

function notReached(address: AdminAddress, error: unknown): VerbFailure {
  const isAbsent = codeOf(error) === 'ECONNREFUSED'
  const what = isAbsent
    ? `No service runs at ${address.url}`
    : `The service at ${address.url} does not answer (${messageOf(error)})`
  const remedy =
    'Start it with `npm start`; if it listens elsewhere, set ADMIN_HOST and ADMIN_PORT as it has them'
  return new VerbFailure(`${what}. ${remedy}`, { code: 'SERVICE_UNREACHABLE', remedy, cause: error })
}

function fateUnknown(address: AdminAddress, command: SentCommand, error: unknown): VerbFailure {
  const what = `Whether ${address.url} has carried out the command is not known (${messageOf(error)})`
  const remedy = sendAgain(command)
  const details = { idempotencyKey: command.key }
  return new VerbFailure(`${what}. ${remedy}`, { code: 'OUTCOME_UNKNOWN', remedy, details, cause: error })
}

function codeOf(error: unknown): string | null {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || String(codeOf(error)) : String(error)
}
