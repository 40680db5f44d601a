import type { PoolClient } from 'pg'

/**
 * Returns a connection on which statements may be asked for before others are answered. One that pipelines takes them as
 * they come; on any other each waits for the one before it.
 */
export function inTurn(client: PoolClient): Pick<PoolClient, 'query'> {
  if (client.pipeline) return client
  let before: Promise<unknown> = Promise.resolve()
  const query = (...statement: unknown[]): Promise<unknown> => {
    const answer = before.then(() => client.query(...(statement as [string])))
    before = answer.catch(() => undefined)
    return answer
  }
  return { query: query as PoolClient['query'] }
}
