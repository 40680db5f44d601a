import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The part of a test that helpers need to clean up after it. */
export interface Teardown {
  readonly teardown: (finish: () => unknown) => unknown
}

/** A new directory in `parent`, by default the system's own for such; whoever asks removes it. */
export async function temporaryDirectory(parent: string = tmpdir()): Promise<string> {
  return mkdtemp(join(await realpath(parent), 'smart-general-test-'))
}

/** A new directory of one test. Unlike tap's own it is removed after whatever the test registers later has stopped. */
export async function testDirectory(t: Teardown): Promise<string> {
  const directory = await temporaryDirectory()
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}
