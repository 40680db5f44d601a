import { type Environment, readEnvironment } from '../../server/config/env.js'

/** Returns the environment of this process as the service reads it. Throws ConfigurationError with every problem. */
export function readProcessEnvironment(): Environment {
  return readEnvironment(process.env, process.cwd())
}
