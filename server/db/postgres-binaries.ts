import { access, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { EmbeddedPostgresError } from './embedded-postgres-error.js'

/** Where the PostgreSQL that came with the packages lies. */
export interface PostgresBinaries {
  /** The tree with bin, lib and share; it can be copied as a whole, its programs find their libraries relatively. */
  readonly directory: string
  readonly initdb: string
  readonly postgres: string
}

/** The programs inside a tree with bin, lib and share. */
export function binariesIn(directory: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    directory,
    initdb: join(directory, 'bin', `initdb${suffix}`),
    postgres: join(directory, 'bin', `postgres${suffix}`),
  }
}

/**
 * The PostgreSQL binaries for this platform, with their library links in place. Throws EmbeddedPostgresError when
 * no package for the platform is installed.
 */
export async function locatePostgresBinaries(): Promise<PostgresBinaries> {
  const packageDirectory = resolvePackageDirectory()
  await applySymlinks(packageDirectory)
  return binariesIn(join(packageDirectory, 'native'))
}

function resolvePackageDirectory(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (error) {
    const message = `The package ${name} with the PostgreSQL server is not installed: run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server`
    throw new EmbeddedPostgresError('UNSUPPORTED_PLATFORM', message, { cause: error })
  }
}

/** npm packages cannot hold links, so an install script makes them; with --ignore-scripts nobody did. */
async function applySymlinks(packageDirectory: string): Promise<void> {
  const listed = await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8').catch(
    () => '[]',
  )
  const links = JSON.parse(listed) as { source: string; target: string }[]
  await Promise.all(links.map((link) => ensureSymlink(packageDirectory, link)))
}

async function ensureSymlink(
  packageDirectory: string,
  link: { source: string; target: string },
): Promise<void> {
  const target = join(packageDirectory, link.target)
  const exists = await access(target).then(
    () => true,
    () => false,
  )
  if (exists) return
  await symlink(relative(dirname(link.target), link.source), target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
