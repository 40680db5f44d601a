import { z } from 'zod'
import { ServiceError } from '../../errors.js'
import { unknownPortfolio } from './lists.js'
import type { V1Reads } from './port.js'
import { alertDetailShape, decisionShape, portfolioShape } from './shapes.js'
import type { TypedApp } from './typed-app.js'

const security = [{ adminToken: [] }]
const params = z.object({ id: z.string() })

/** Adds what /v1 tells about one thing. */
export function addDetails(app: TypedApp, reads: V1Reads): void {
  const portfolio = {
    security,
    summary: 'A portfolio with its risk',
    params,
    response: { 200: portfolioShape },
  }
  app.get('/portfolios/:id', { schema: portfolio }, async ({ params: { id } }, reply) => {
    const found = await reads.portfolio(id)
    if (found === null) throw unknownPortfolio(id)
    return reply.send(found as never)
  })
  const decision = {
    security,
    summary: 'A decision with its arithmetic',
    params,
    response: { 200: decisionShape },
  }
  app.get('/decisions/:id', { schema: decision }, async ({ params: { id } }, reply) => {
    const found = await reads.decision(id)
    if (found === null) throw new ServiceError('DECISION_UNKNOWN', `There is no decision ${id}`)
    return reply.send(found as never)
  })
  const alert = { security, summary: 'An alert, word for word', params, response: { 200: alertDetailShape } }
  app.get('/alerts/:id', { schema: alert }, async ({ params: { id } }, reply) => {
    const found = await reads.alert(id)
    if (found === null) throw new ServiceError('ALERT_UNKNOWN', `There is no alert ${id}`)
    return reply.send(found as never)
  })
}
