/** How much work the tests do; `npm run test:full` does what the project promises, `npm test` a quick share of it. */
export interface Counts {
  /** Processes killed per kind of crash test. */
  readonly kills: number
  /** Rounds of a test that races several clients. */
  readonly raceRounds: number
  /** Generated days that are decided live and in a backtest. */
  readonly days: number
  /** Seeds of the simulation, for each class of venue. */
  readonly seeds: number
  /** Runs of one property. */
  readonly propertyRuns: number
}

/** Set by the runner to choose the full counts. */
export const fullCountsVariable = 'TEST_FULL'

const quick: Counts = { kills: 4, raceRounds: 30, days: 4, seeds: 100, propertyRuns: 200 }
const full: Counts = { kills: 50, raceRounds: 1000, days: 20, seeds: 10_000, propertyRuns: 10_000 }

/** The counts of this run. */
export const counts: Counts = process.env[fullCountsVariable] === '1' ? full : quick
