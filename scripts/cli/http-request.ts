import { request as httpRequest } from 'node:http'

/** A request with a JSON body, or none. */
export interface JsonRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly timeoutMs: number
}

/** An answer whose body is JSON; null when it was empty. */
export interface JsonResponse {
  readonly status: number
  readonly body: unknown
}

/**
 * Sends a request and returns the answer. Rejects when there is none in time, or when its body is not JSON. Plain
 * node:http, because fetch refuses ports that an owner may well choose.
 */
export function requestJson({ method, url, headers, body, timeoutMs }: JsonRequest): Promise<JsonResponse> {
  const payload = body === undefined ? '' : JSON.stringify(body)
  const content = body === undefined ? {} : { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const options = { method, headers: { ...headers, ...content }, signal, agent: false }
    const sent = httpRequest(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        try {
          resolve({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) })
        } catch {
          reject(new Error(`${url.host} does not answer in JSON: it is not the admin listener`))
        }
      })
    })
    sent.on('error', (error) =>
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error),
    )
    sent.end(payload)
  })
}
