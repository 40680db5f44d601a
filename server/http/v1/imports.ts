import { z } from 'zod'
import { digest } from '../../../core/ids.js'
import { parseInstant } from '../../../core/time.js'
import { ServiceError } from '../../errors.js'
import { reportedMetrics } from '../../inbox/metrics-rows.js'
import { answerOnce, type CommandAnswer, idempotencyKey } from '../idempotency.js'
import { type FieldProblem, problem, problemType } from '../problem.js'
import { importedPricesBody, metricsBody } from './import-bodies.js'
import { unknownPortfolio } from './lists.js'
import type { ImportedFacts } from './port.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

const importedShape = z.object({
  commandId: z.string(),
  portfolios: z.array(z.string()).describe('In which it is recorded'),
  count: z.int(),
})

/** Adds what brings fund metrics and prices into the logs of portfolios. */
export function addImports(app: TypedApp, options: V1Options): void {
  addImport(app, options, {
    path: '/imports/metrics',
    summary: 'Tell what funds are worth: market cap and assets under management',
    body: metricsBody,
    read: ({ source, metrics }, now) => ({
      kind: 'metrics',
      metrics: metrics.map((row) => reportedMetrics(row, { source, now })),
    }),
  })
  addImport(app, options, {
    path: '/imports/prices',
    summary: 'Tell prices of assets, where the broker tells none',
    body: importedPricesBody,
    read: ({ prices }, now) => ({
      kind: 'prices',
      prices: prices.map(({ instrument, price, at }) => ({
        ...{ instrument: instrument.toUpperCase(), price },
        observedAt: at === undefined ? now : parseInstant(at)!,
      })),
    }),
  })
}

interface ImportRoute<Body extends z.ZodType<{ portfolio?: string | undefined }>> {
  readonly path: string
  readonly summary: string
  readonly body: Body
  readonly read: (body: z.infer<Body>, now: number) => ImportedFacts
}

function addImport<Body extends z.ZodType<{ portfolio?: string | undefined }>>(
  app: TypedApp,
  options: V1Options,
  { path, summary, body, read }: ImportRoute<Body>,
): void {
  const headers = z.looseObject({
    'idempotency-key': z.string().optional().describe('Required: new for each new import, kept for ever'),
  })
  const schema = { security: [{ adminToken: [] }], summary, headers, body, response: { 200: importedShape } }
  const scope = `POST /v1${path}`
  // A wrong body is an answer like any other: the first one, kept with its key.
  const validatorCompiler = () => (value: unknown) => ({ value })
  app.post(path, { schema, validatorCompiler }, async (request, reply) => {
    const key = idempotencyKey((request.headers as Record<string, string | undefined>)['idempotency-key'])
    const sent = { scope, key, body: (request.body ?? null) as unknown }
    const commandId = `C-${digest('command', scope, key)}`
    const answer = await answerOnce(options.commandPool(), sent, async () => {
      const parsed = body.safeParse(sent.body)
      if (!parsed.success) return refused(parsed.error)
      return importInto(options, {
        commandId,
        portfolio: parsed.data.portfolio,
        read: (now) => read(parsed.data, now),
      })
    })
    const type = answer.status < 400 ? 'application/json; charset=utf-8' : problemType
    return reply
      .code(answer.status as 200)
      .header('content-type', type)
      .serializer((payload: unknown) => String(payload))
      .send(JSON.stringify(answer.body) as never)
  })
}

interface ImportWork {
  readonly commandId: string
  readonly portfolio: string | undefined
  readonly read: (now: number) => ImportedFacts
}

async function importInto(
  { commands }: V1Options,
  { commandId, portfolio, read }: ImportWork,
): Promise<CommandAnswer> {
  const named = portfolio === undefined ? commands.portfoliosOfAssets() : [portfolio]
  const portfolios: string[] = []
  let count = 0
  for (const id of named) {
    const facts = commands.facts(id)
    if (facts === null) throw unknownPortfolio(id)
    const imported = read(facts.now)
    if (imported.kind === 'metrics' && facts.strategy !== 'allocation') continue
    const known = knownTo(imported, facts.instruments)
    count = imported.kind === 'metrics' ? imported.metrics.length : imported.prices.length
    if (known === null) continue
    await commands.importFacts(id, commandId, known)
    portfolios.push(id)
  }
  if (portfolios.length > 0) return { status: 200, body: { commandId, portfolios, count } }
  throw new ServiceError('INSTRUMENT_UNKNOWN', 'No portfolio holds any of the assets that are named')
}

/** What concerns the assets of a portfolio; null when nothing does. */
function knownTo(imported: ImportedFacts, instruments: readonly string[]): ImportedFacts | null {
  const names = new Set(instruments)
  if (imported.kind === 'metrics') {
    const metrics = imported.metrics.filter(({ symbol }) => names.has(symbol))
    return metrics.length === 0 ? null : { kind: 'metrics', metrics }
  }
  const prices = imported.prices.filter(({ instrument }) => names.has(instrument))
  return prices.length === 0 ? null : { kind: 'prices', prices }
}

function refused(error: z.ZodError): CommandAnswer {
  const fields: FieldProblem[] = error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
  const document = problem('REQUEST_INVALID', undefined, fields)
  return { status: document.status, body: document }
}
