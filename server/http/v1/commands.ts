import { z } from 'zod'
import { decimal } from '../../../core/decimal.js'
import { digest } from '../../../core/ids.js'
import type { OperatorCommand } from '../../../core/input.js'
import { ServiceError } from '../../errors.js'
import { answerOnce, type CommandAnswer, idempotencyKey } from '../idempotency.js'
import { type FieldProblem, problem, problemType } from '../problem.js'
import { cashBody, exitBody, tradingStateBody, unlockBody } from './command-bodies.js'
import { unknownPortfolio } from './lists.js'
import type { PortfolioFacts, V1Commands, V1Reads } from './port.js'
import { decisionShape } from './shapes.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

const security = [{ adminToken: [] }]
const params = z.object({ id: z.string() })
const headers = z.looseObject({
  'idempotency-key': z.string().optional().describe('Required: new for each new command, kept for ever'),
})
const answerShape = z.object({
  commandId: z.string(),
  outcome: z.enum(['executed', 'approved', 'ignored']),
  decision: decisionShape.nullable(),
  decisions: z.array(decisionShape),
})

/** Adds what an operator can order. Every route answers the same key and body with its first answer. */
export function addCommands(app: TypedApp, options: V1Options): void {
  addCommand(app, options, {
    path: 'trading-state',
    summary: 'Let the portfolio do more, or less',
    body: tradingStateBody,
    toCommand: async ({ state, reason }) => ({ kind: 'tradingState', state, reason }),
  })
  addCommand(app, options, {
    path: 'cash',
    summary: 'Record a deposit or a withdrawal',
    body: cashBody,
    toCommand: async ({ kind, amount, currency, note }, { facts }) => {
      requireCurrency(facts, currency)
      return { kind: 'cash', movement: kind, amount: decimal(amount), note: note || null }
    },
  })
  addCommand(app, options, {
    path: 'unlock',
    summary: 'Let a locked instrument trade again, after someone has looked',
    body: unlockBody,
    toCommand: async ({ instrument, reason }, { facts }) => ({
      kind: 'unlock',
      instrument: requireInstrument(facts, instrument),
      reason,
    }),
  })
  addCommand(app, options, {
    path: 'exit',
    summary: 'Close positions',
    body: exitBody,
    toCommand: async ({ instrument, positionId, reason }, context) => {
      if (positionId !== undefined) {
        await requirePosition(options.commands, context.portfolio, positionId)
        return { kind: 'exit', target: { positionId }, reason }
      }
      if (instrument === undefined) return { kind: 'exit', target: { all: true }, reason }
      return {
        kind: 'exit',
        target: { instrument: requireInstrument(context.facts, instrument) },
        reason,
      }
    },
  })
}

interface CommandContext {
  readonly portfolio: string
  readonly facts: PortfolioFacts
}

interface CommandRoute<Body extends z.ZodType> {
  readonly path: string
  readonly summary: string
  readonly body: Body
  /** Throws ServiceError when the portfolio cannot do that. */
  readonly toCommand: (body: z.infer<Body>, context: CommandContext) => Promise<OperatorCommand>
}

function addCommand<Body extends z.ZodType>(
  app: TypedApp,
  options: V1Options,
  route: CommandRoute<Body>,
): void {
  const { body, summary } = route
  app.post(
    `/portfolios/:id/${route.path}`,
    {
      schema: { security, summary, params, headers, body, response: { 200: answerShape } },
      // A wrong body is an answer like any other: the first one, kept with its key.
      validatorCompiler: () => (value: unknown) => ({ value }),
    },
    async (request, reply) => {
      const key = idempotencyKey(request.headers['idempotency-key'])
      const portfolio = String((request.params as { id: unknown }).id)
      const scope = `POST /v1/portfolios/${portfolio}/${route.path}`
      const work = { portfolio, inputId: `C-${digest('command', scope, key)}`, body: request.body as unknown }
      const named = { scope, key, body: work.body ?? null }
      const answer = await answerOnce(options.commandPool(), named, () => runCommand(options, route, work))
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
  readonly portfolio: string
  readonly inputId: string
  readonly body: unknown
}

async function runCommand<Body extends z.ZodType>(
  { reads, commands }: V1Options,
  route: CommandRoute<Body>,
  work: CommandWork,
): Promise<CommandAnswer> {
  const { portfolio, inputId } = work
  // After a crash it may be recorded already; then it stands, whatever has become of what it names.
  const recorded = await answerRecorded(reads, portfolio, inputId)
  if (recorded !== null) return recorded
  const parsed = route.body.safeParse(work.body)
  if (!parsed.success) {
    const document = problem('REQUEST_INVALID', undefined, fieldProblems(parsed.error))
    return { status: document.status, body: document }
  }
  const facts = commands.facts(portfolio)
  if (facts === null) throw unknownPortfolio(portfolio)
  await commands.decide(portfolio, inputId, await route.toCommand(parsed.data, { portfolio, facts }))
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
  if (decisions.length > 0 && decisions.every(({ outcome }) => outcome === 'blocked')) {
    const reasons = decisions.flatMap(({ reasons: found }) => found)
    const document = problem('COMMAND_BLOCKED', `Blocked: ${reasons.join(', ')}`)
    return { status: document.status, body: { ...document, commandId: inputId, decision, decisions } }
  }
  const outcome = decision?.outcome ?? 'ignored'
  return { status: 200, body: { commandId: inputId, outcome, decision, decisions } }
}

function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
}

function requireCurrency(facts: PortfolioFacts, currency: string): void {
  if (facts.currency === currency) return
  throw new ServiceError(
    'CURRENCY_MISMATCH',
    `The portfolio is kept in ${facts.currency}, not in ${currency}`,
  )
}

/** Returns the instrument's name as the portfolio spells it. */
function requireInstrument(facts: PortfolioFacts, name: string): string {
  const found = facts.instruments.find((known) => known.toUpperCase() === name.toUpperCase())
  if (found !== undefined) return found
  const known = facts.instruments.join(', ')
  throw new ServiceError('INSTRUMENT_UNKNOWN', `The portfolio trades ${known}, not ${name}`)
}

async function requirePosition(commands: V1Commands, portfolio: string, positionId: string): Promise<void> {
  if (await commands.holds(portfolio, positionId)) return
  throw new ServiceError('POSITION_UNKNOWN', `The portfolio ${portfolio} holds no position ${positionId}`)
}
