import { ServiceError } from '../errors.js'

/** Something that is wrong in the configuration or the environment, and what would be right. */
export interface ConfigurationProblem {
  /** Where: a variable of the environment, or a path such as `portfolios[0].strategy.caps.maxHeatPct`. */
  readonly path: string
  readonly message: string
}

/** The configuration or the environment is wrong; the message lists every problem on a line of its own. */
export class ConfigurationError extends ServiceError {
  readonly problems: readonly ConfigurationProblem[]

  constructor(place: string, problems: readonly ConfigurationProblem[]) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
    const lines = problems.map(({ path, message }) => `\n  ${path === '' ? message : `${path}: ${message}`}`)
    super('CONFIGURATION_INVALID', `${place} has ${count}:${lines.join('')}`)
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}
