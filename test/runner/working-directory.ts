import { access, constants, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'

/** Where Linux keeps files in memory. */
const inMemory = '/dev/shm'
const gibibyte = 2 ** 30
const neededBytes = 2 * gibibyte

/**
 * Returns where the servers and the tests of a run keep their files: in memory if there is room. What they promise holds
 * for processes that are killed, and a file in memory outlives those as one on a disk does.
 */
export async function findWorkingDirectory(): Promise<string> {
  try {
    await access(inMemory, constants.W_OK)
    const { bavail, bsize } = await statfs(inMemory)
    return bavail * bsize < neededBytes ? tmpdir() : inMemory
  } catch {
    return tmpdir()
  }
}
