import { z } from 'zod'
import { digest } from '../../../core/ids.js'
import type { OperatorCommand } from '../../../core/input.js'
import { answerOnce, type CommandAnswer, idempotencyKey } from '../idempotency.js'
import { type FieldProblem, problem, problemType } from '../problem.js'
import type { Shown, V1Reads } from './port.js'
import { decisionShape } from './shapes.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

const security = [{ adminToken: [] }]
const headers = z.looseObject({
  'idempotency-key': z.string().optional().describe('Required: new for each new command, kept for ever'),
})
const answerShape = z.object({
  commandId: z.string(),
  outcome: z.enum(['executed', 'approved', 'ignored', 'blocked']),
  decision: decisionShape.nullable(),
  decisions: z.array(decisionShape),
})

/** A POST whose body orders something of a portfolio; its path has the parameter `:id`, and perhaps one more. */
export interface CommandRoute<Body extends z.ZodType> {
  readonly url: string
  /** Name of the second parameter of the path; left out where there is none. */
  readonly item?: string
  readonly summary: string
  readonly body: Body
  /** Method and path, with what they name: a key is used once in it. */
  readonly scopeOf: (id: string, item: string) => string
  /** Portfolios in which the command may be recorded already. */
  readonly recordedIn: (id: string) => Promise<readonly string[]>
  /** Throws ServiceError when that cannot be ordered. */
  readonly toOrder: (
    body: z.infer<Body>,
    id: string,
    item: string,
  ) => Promise<{ readonly portfolio: string; readonly command: OperatorCommand }>
}

/** Adds a command. It answers the same key and body with its first answer, refusals included. */
export function addCommandRoute<Body extends z.ZodType>(
  app: TypedApp,
  options: V1Options,
  route: CommandRoute<Body>,
): void {
  const { body, summary, url, item: named } = route
  const params = z.object({ id: z.string(), ...(named === undefined ? {} : { [named]: z.string() }) })
  app.post(
    url,
    {
      schema: { security, summary, params, headers, body, response: { 200: answerShape } },
      // A wrong body is an answer like any other: the first one, kept with its key.
      validatorCompiler: () => (value: unknown) => ({ value }),
    },
    async (request, reply) => {
      const key = idempotencyKey(request.headers['idempotency-key'])
      const given = request.params as Readonly<Record<string, unknown>>
      const [id, item] = [String(given.id), String(given[named ?? 'id'])]
      const scope = route.scopeOf(id, item)
      const work = { id, item, inputId: `C-${digest('command', scope, key)}`, body: request.body as unknown }
      const sent = { scope, key, body: work.body ?? null }
      const answer = await answerOnce(options.commandPool(), sent, () => runCommand(options, route, work))
      const type = answer.status < 400 ? 'application/json; charset=utf-8' : problemType
      return reply
        .code(answer.status as 200)
        .header('content-type', type)
        .serializer((payload: unknown) => String(payload))
        .send(JSON.stringify(answer.body) as never)
    },
  )
}

interface CommandWork {
  readonly id: string
  readonly item: string
  readonly inputId: string
  readonly body: unknown
}

async function runCommand<Body extends z.ZodType>(
  { reads, commands }: V1Options,
  route: CommandRoute<Body>,
  { id, item, inputId, body }: CommandWork,
): Promise<CommandAnswer> {
  // After a crash it may be recorded already; then it stands, whatever has become of what it names.
  for (const portfolio of await route.recordedIn(id)) {
    const recorded = await answerRecorded(reads, portfolio, inputId)
    if (recorded !== null) return recorded
  }
  const parsed = route.body.safeParse(body)
  if (!parsed.success) {
    const document = problem('REQUEST_INVALID', undefined, fieldProblems(parsed.error))
    return { status: document.status, body: document }
  }
  const { portfolio, command } = await route.toOrder(parsed.data, id, item)
  await commands.decide(portfolio, inputId, command)
  const answer = await answerRecorded(reads, portfolio, inputId)
  if (answer === null) throw new Error(`The command ${inputId} was decided and is not recorded`)
  return answer
}

async function answerRecorded(
  reads: V1Reads,
  portfolio: string,
  inputId: string,
): Promise<CommandAnswer | null> {
  const decisions = await reads.decisionsOfInput(portfolio, inputId)
  if (decisions === null) return null
  const decision = decisions[0] ?? null
  if (decisions.length > 0 && decisions.every(isRefusal)) {
    const reasons = decisions.flatMap(({ reasons: found }) => found)
    const notes = decisions.flatMap(({ notes: found }) => found)
    const told = notes.length === 0 ? reasons.join(', ') : `${reasons.join(', ')}: ${notes.join('; ')}`
    const document = problem('COMMAND_BLOCKED', `Blocked: ${told}`)
    return { status: document.status, body: { ...document, commandId: inputId, decision, decisions } }
  }
  const outcome = decision?.outcome ?? 'ignored'
  return { status: 200, body: { commandId: inputId, outcome, decision, decisions } }
}

/** An evaluation that a guardrail ended was carried out as it was asked for. */
function isRefusal({ outcome, kind, sizing }: Shown<typeof decisionShape>): boolean {
  return outcome === 'blocked' && !(kind === 'evaluation' && sizing !== null)
}

function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
}
