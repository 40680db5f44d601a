/** Returns why a request over HTTP got no answer, in words without its address. */
export function whyUnreachable(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be reached'
  if (error.name === 'TimeoutError') return 'it did not answer in time'
  const cause = error.cause as { readonly code?: unknown } | undefined
  return typeof cause?.code === 'string'
    ? `it could not be reached: ${cause.code}`
    : 'it could not be reached'
}
