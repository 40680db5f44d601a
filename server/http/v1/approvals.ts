import { z } from 'zod'
import { ServiceError } from '../../errors.js'
import { approvalBody } from './command-bodies.js'
import { addCommandRoute } from './command-route.js'
import { unknownPortfolio } from './lists.js'
import { approvalShape } from './shapes.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

/** Adds one entry that waits for a person, and the answer to it. */
export function addApprovals(app: TypedApp, options: V1Options): void {
  const { reads, commands } = options
  const params = z.object({ id: z.string(), approvalId: z.string() })
  const summary = 'An entry that waits, or has waited, for a person'
  const schema = { security: [{ adminToken: [] }], summary, params, response: { 200: approvalShape } }
  app.get('/portfolios/:id/approvals/:approvalId', { schema }, async (request, reply) => {
    const { id, approvalId } = request.params
    const found = await reads.approval(id, approvalId)
    if (found === null) throw unknownApproval(approvalId)
    return reply.send(found as never)
  })
  addCommandRoute(app, options, {
    url: '/portfolios/:id/approvals/:approvalId',
    item: 'approvalId',
    summary: 'Approve an entry that waits for it, which is then decided again, or reject it',
    body: approvalBody,
    scopeOf: (portfolio, approval) => `POST /v1/portfolios/${portfolio}/approvals/${approval}`,
    recordedIn: async (portfolio) => [portfolio],
    toOrder: async ({ approve, reason }, portfolio, approvalId) => {
      if (commands.facts(portfolio) === null) throw unknownPortfolio(portfolio)
      if ((await reads.approval(portfolio, approvalId)) === null) {
        throw unknownApproval(approvalId)
      }
      const answer = { approvalId, isApproved: approve, reason, quote: null }
      return { portfolio, command: { kind: 'answerApproval', ...answer } }
    },
  })
}

function unknownApproval(id: string): ServiceError {
  return new ServiceError('APPROVAL_UNKNOWN', `There is no approval ${id}`)
}
