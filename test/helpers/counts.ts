/** How much work the tests do; `npm run test:full` does what the project promises, `npm test` a quick share of it. */
export interface Counts {
  /** Processes killed per kind of crash test. */
  readonly kills: number
  /** Kills at each named point. */
  readonly pointRounds: number
  /** Rounds of two instances: kills of the holder, and as many stops longer than the lease. */
  readonly takeovers: number
  /** Rounds of a test that races several clients. */
  readonly raceRounds: number
  /** Generated days that are decided live and in a backtest. */
  readonly days: number
  /** Seeds of the simulation, for each class of venue. */
  readonly seeds: number
  /** Runs of one property. */
  readonly propertyRuns: number
  /** Which benchmarks are tried out. */
  readonly benches: 'quick' | 'all'
}

/** Set by the runner to choose the full counts. */
export const fullCountsVariable = 'TEST_FULL'

/** Set by `npm run crash` to counts as JSON. */
export const countsVariable = 'TEST_COUNTS'

const quick: Counts = {
  kills: 2,
  pointRounds: 1,
  takeovers: 1,
  raceRounds: 20,
  days: 3,
  seeds: 60,
  propertyRuns: 200,
  benches: 'quick',
}
const full: Counts = {
  kills: 50,
  pointRounds: 3,
  takeovers: 5,
  raceRounds: 1000,
  days: 20,
  seeds: 10_000,
  propertyRuns: 10_000,
  benches: 'all',
}

/** The counts of this run; `npm run crash` sets its own. */
export const counts: Counts = {
  ...(process.env[fullCountsVariable] === '1' ? full : quick),
  ...(JSON.parse(process.env[countsVariable] ?? '{}') as Partial<Counts>),
}
