import { randomUUID } from 'node:crypto'

/** Where a portfolio's commands go. */
export interface CommandDesk {
  readonly adminUrl: string
  readonly adminToken: string
  readonly portfolio: string
}

/** Posts a command under a key of its own to the portfolio's part of /v1, and returns its answer. Throws unless it is 200. */
export async function sendAdminCommand(
  { adminUrl, adminToken, portfolio }: CommandDesk,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const headers = {
    authorization: `Bearer ${adminToken}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  }
  const url = `${adminUrl}/v1/portfolios/${portfolio}/${path}`
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const answer = (await response.json()) as Record<string, unknown>
  if (response.status === 200) return answer
  throw new Error(`${path} was answered with ${response.status}: ${JSON.stringify(answer)}`)
}
