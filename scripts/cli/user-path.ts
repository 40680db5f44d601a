import { resolve } from 'node:path'

/** Returns a path of the command line as its user means it: npm runs us elsewhere and says in INIT_CWD where they are. */
export function resolveUserPath(path: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.INIT_CWD ?? process.cwd(), path)
}
