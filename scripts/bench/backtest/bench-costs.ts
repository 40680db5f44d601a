/** What the backtests of the benchmark start with, in quote currency. */
export const BENCH_CAPITAL = 10_000_000

/** What trading costs in them. */
export const BENCH_COSTS = { slippageTicks: 1, commissionPct: 0.01 } as const
