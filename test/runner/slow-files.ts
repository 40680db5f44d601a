/** Seconds that the slow test files take on a quiet machine with two processors, by the end of their path. */
const slowFiles: readonly (readonly [string, number])[] = [
  ['pine/scripts.test.js', 40],
  ['crash/kill.test.js', 38],
  ['report/tear-sheet.test.js', 30],
  ['scripts/bench.test.js', 24],
  ['crash/database-kill.test.js', 22],
  ['main/service.test.js', 14],
  ['crash/instances.test.js', 12],
  ['crash/points.test.js', 12],
  ['queue/doorbell.test.js', 16],
  ['db/embedded-postgres.test.js', 14],
  ['scripts/demo.test.js', 13],
  ['race/exits.test.js', 13],
  ['orders/orders.test.js', 12],
  ['scripts/usage.test.js', 12],
  ['race/caps.test.js', 12],
  ['differential/live-equals-backtest.test.js', 10],
  ['main/start.test.js', 10],
  ['http/admin.test.js', 10],
  ['kernel/sequencer.test.js', 9],
  ['scripts/journal-verbs.test.js', 8],
  ['scripts/operate.test.js', 8],
  ['runner/run-file.test.js', 8],
  ['crash/migration.test.js', 7],
  ['main/broker-trouble.test.js', 8],
]

/** Returns the files with those first that take longest: a slow one that began last would be waited for alone. */
export function slowestFirst(files: readonly string[]): string[] {
  const secondsOf = (file: string) =>
    slowFiles.find(([end]) => file.replaceAll('\\', '/').endsWith(end))?.[1] ?? 0
  return [...files].sort((one, other) => secondsOf(other) - secondsOf(one) || (one < other ? -1 : 1))
}
