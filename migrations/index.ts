import type { Migration } from 'kysely'

/** Every migration in order of its name; a list and not a directory, so that what runs is what was compiled. */
export const migrations: Record<string, Migration> = {}
