import type { MetricsRow } from '../../inbox/metrics-rows.js'

/** What asking a source led to; the reason of a failure holds no secret. */
export type MetricsReading =
  | { readonly kind: 'read'; readonly rows: readonly MetricsRow[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** Who tells market cap and assets under management of funds. */
export interface FundMetricsSource {
  /** Under which its metrics are recorded; what it says of a fund replaces what the same name said before. */
  readonly name: string
  /** Asks once, for everything it has; never rejects, and ends soon after the signal. */
  readonly read: (signal: AbortSignal) => Promise<MetricsReading>
}
