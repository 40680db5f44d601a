import { readMetricsRows } from '../../inbox/metrics-rows.js'
import { whyUnreachable } from '../../why-unreachable.js'
import type { FundMetricsSource, MetricsReading } from './fund-metrics-source.js'

/** Where metrics are read. */
export interface HttpMetricsOptions {
  readonly url: string
  /** Sent as `Authorization: Bearer`; null: none. Secret. */
  readonly token: string | null
  /** Milliseconds for the whole answer. Default 15,000. */
  readonly timeoutMs?: number | undefined
  /** Longest answer, once it is unpacked. Default 4 MiB. */
  readonly maxBytes?: number | undefined
}

const timeoutMs = 15_000
const maxBytes = 4 * 1024 * 1024

/** Returns the source that reads JSON over HTTP: the rows of POST /v1/imports/metrics. It is named as its host. */
export function httpMetricsSource(options: HttpMetricsOptions): FundMetricsSource {
  const { host } = new URL(options.url)
  return { name: host, read: (signal) => readOnce(options, signal) }
}

async function readOnce(options: HttpMetricsOptions, signal: AbortSignal): Promise<MetricsReading> {
  const request = new AbortController()
  const giveUp = () => request.abort(new DOMException('no answer in time', 'TimeoutError'))
  const timer = setTimeout(giveUp, options.timeoutMs ?? timeoutMs)
  const leave = () => request.abort()
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  try {
    return await ask(options, request.signal)
  } catch (error) {
    return failed(whyUnreachable(error))
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
  }
}

async function ask(options: HttpMetricsOptions, signal: AbortSignal): Promise<MetricsReading> {
  const { url, token } = options
  const response = await fetch(url, {
    signal,
    // Another address was not configured, and the token is not for it
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
  })
  if (response.status !== 200) {
    // What it says is not read, and may never end
    await response.body?.cancel()
    return failed(`it answered ${response.status}`)
  }
  const limit = options.maxBytes ?? maxBytes
  const bytes = await readBody(response, limit)
  if (bytes === null) return failed(`its answer is longer than ${limit} bytes`)
  const value = parseJson(bytes)
  if (value === undefined) return failed('its answer is no JSON')
  const rows = readMetricsRows(value)
  return typeof rows === 'string' ? failed(`its answer cannot be used: ${rows}`) : { kind: 'read', rows }
}

/** Null when it is too long; the rest is left unread then. */
async function readBody({ body }: Response, limit: number): Promise<Buffer | null> {
  if (body === null) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > limit) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Undefined when it is none. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

function failed(reason: string): MetricsReading {
  return { kind: 'failed', reason: reason.slice(0, 400) }
}
