import { readFileSync } from 'node:fs'

/**
 * True when a process with this id runs. A process that has died and only waits to be collected by its parent
 * counts as dead, where the system tells (Linux).
 */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !isZombie(pid)
}

function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before the state is in parentheses and may itself hold any character
    return line.slice(line.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return true
  }
}
