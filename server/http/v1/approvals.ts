import { ServiceError } from '../../errors.js'
import { approvalBody } from './command-bodies.js'
import { addCommandRoute } from './command-route.js'
import { unknownPortfolio } from './lists.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

/** Adds the answer to an entry that waits for a person. */
export function addApprovals(app: TypedApp, options: V1Options): void {
  const { reads, commands } = options
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
        throw new ServiceError('APPROVAL_UNKNOWN', `There is no approval ${approvalId}`)
      }
      const answer = { approvalId, isApproved: approve, reason, quote: null }
      return { portfolio, command: { kind: 'answerApproval', ...answer } }
    },
  })
}
