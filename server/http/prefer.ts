const waitPreference = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9}(?:\.\d{1,9})?)"?\s*(?:[,;]|$)/i

/** Longest time an answer waits for a decision, in milliseconds: TradingView gives up after 3 s. */
export const longestWaitMs = 1800

/**
 * Returns how long, in milliseconds, a request is willing to wait for its decision: the `wait` of its Prefer header
 * (RFC 7240, seconds) and at most 1,800; 0 when it has none.
 */
export function preferredWaitMs(header: string | readonly string[] | undefined): number {
  if (header === undefined) return 0
  const seconds = waitPreference.exec(typeof header === 'string' ? header : header.join(','))?.[1]
  return seconds === undefined ? 0 : Math.min(Number(seconds) * 1000, longestWaitMs)
}
