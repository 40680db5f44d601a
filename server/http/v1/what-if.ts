import { z } from 'zod'
import { sendProblem } from '../send-problem.js'
import { unknownPortfolio } from './lists.js'
import type { V1Commands } from './port.js'
import { proposedDecisionShape } from './shapes.js'
import type { TypedApp } from './typed-app.js'

/** Adds the question what an alert would lead to now. Nothing is stored, so it needs no key. */
export function addWhatIf(app: TypedApp, commands: V1Commands): void {
  const schema = {
    security: [{ adminToken: [] }],
    summary: 'The decision that an alert would get now; nothing is stored',
    params: z.object({ id: z.string() }),
    body: z.looseObject({ type: z.unknown(), instrument: z.unknown() }).describe('An alert'),
    response: {
      200: z.object({
        decision: proposedDecisionShape.nullable(),
        decisions: z.array(proposedDecisionShape),
      }),
    },
  }
  // The bytes decide here too: the alert is read by the reader of the webhook, with its tolerances and its complaints.
  const validatorCompiler = () => (value: unknown) => ({ value })
  app.register((scope, _settings, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body))
    scope.post('/portfolios/:id/what-if', { schema, validatorCompiler }, async (request, reply) => {
      const { id } = request.params as { id: string }
      if (commands.facts(id) === null) throw unknownPortfolio(id)
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0)
      const proposal = await commands.whatIf(id, body)
      if (proposal.kind === 'refused') return sendProblem(reply, proposal.code, undefined, proposal.errors)
      return { decision: proposal.decisions[0] ?? null, decisions: proposal.decisions }
    })
    done()
  })
}
