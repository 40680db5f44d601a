import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const general = fileURLToPath(new URL('../general.js', import.meta.url))
const run = promisify(execFile)

/** Returns what `general explain ID` prints about a service whose home is `home`: the command itself, run beside it. */
export async function explainDecision(
  home: string,
  id: string,
  options: readonly string[] = [],
): Promise<string> {
  // The day is an Indian one, and so are its times, wherever the machine is.
  const env = { PATH: process.env.PATH ?? '', TZ: 'Asia/Kolkata', GENERAL_HOME: home }
  const { stdout } = await run(process.execPath, [general, 'explain', id, ...options], { env })
  return stdout
}
