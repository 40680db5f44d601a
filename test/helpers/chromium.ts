import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A browser that is there, and what its environment needs. */
export interface ChromiumBinary {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const

/**
 * Chromium from the PATH, else brought from Debian's packages: installed by root, unpacked into a cache by others.
 * Throws an error that names the package.
 */
export async function findChromium(): Promise<ChromiumBinary> {
  const installed = await findOnPath()
  if (installed) return { file: installed, env: process.env }
  try {
    return process.getuid?.() === 0 ? await install() : await findUnpacked()
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error)
    const message = `The tests need a browser: install the package chromium (bringing it failed: ${reason})`
    throw new Error(message, { cause: error })
  }
}

async function findOnPath(): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(directory, name)
      const exists = await access(file).then(
        () => true,
        () => false,
      )
      if (exists) return file
    }
  }
  return undefined
}

async function install(): Promise<ChromiumBinary> {
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-y', '-qq', '--no-install-recommends']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await withFreshLists(() => run('apt-get', ['install', ...options, 'chromium'], { env, maxBuffer: 1 << 26 }))
  const file = await findOnPath()
  if (file === undefined) throw new Error('the package brought no program chromium')
  return { file, env: process.env }
}

/** The packages that are missing here, the browser in any case, unpacked side by side. */
async function findUnpacked(): Promise<ChromiumBinary> {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const cache = join(base, 'smart-general', 'chromium')
  return tryUnpacked(cache).catch(() => unpack(cache))
}

async function tryUnpacked(cache: string): Promise<ChromiumBinary> {
  const libraries = join(cache, 'usr', 'lib')
  const triplet = (await readdir(libraries)).find((name) => name.endsWith('-linux-gnu')) ?? ''
  const file = join(libraries, 'chromium', 'chromium')
  const env = { ...process.env, LD_LIBRARY_PATH: join(libraries, triplet) }
  await run(file, ['--version', '--no-sandbox'], { env })
  return { file, env }
}

async function unpack(cache: string): Promise<ChromiumBinary> {
  await mkdir(join(cache, '..'), { recursive: true })
  const staging = await mkdtemp(join(cache, '..', 'chromium-'))
  try {
    await withFreshLists(async () => {
      const asked = ['install', '-s', '--no-install-recommends', 'chromium']
      const { stdout } = await run('apt-get', asked, { maxBuffer: 1 << 26 })
      const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!)
      const packages = new Set(['chromium', 'chromium-common', ...missing])
      await run('apt-get', ['download', '-qq', ...packages], { cwd: staging, maxBuffer: 1 << 26 })
    })
    for (const name of await readdir(staging))
      if (name.endsWith('.deb')) await run('dpkg', ['-x', name, 'root'], { cwd: staging })
    await tryUnpacked(join(staging, 'root'))
    await rm(cache, { recursive: true, force: true })
    await rename(join(staging, 'root'), cache)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  return tryUnpacked(cache)
}

/** Fresh machines and containers come without lists of packages, or with lists that have become old. */
async function withFreshLists(bring: () => Promise<unknown>): Promise<void> {
  try {
    await bring()
  } catch {
    await run('apt-get', ['update', '-qq'])
    await bring()
  }
}
