import { Engine } from '../../../server/service/engine.js'
import { readSetup } from '../../../server/service/setup.js'
import type { PhaseTimes } from './phase-times.js'

/*
 * A process that recovers what a service of its environment runs, again and again, and prints when it came into each
 * phase. The first time it is cold, as after a crash; the others are what an instance does that takes over.
 */

const rounds = Number(process.argv[2] ?? 1)
const recoveries: PhaseTimes[] = []
for (let round = 0; round < rounds; round++) recoveries.push(await recover())
process.stdout.write(`${JSON.stringify(recoveries)}\n`)

async function recover(): Promise<PhaseTimes> {
  const times: PhaseTimes = []
  const setup = await readSetup({ env: process.env })
  const engine = new Engine({ setup, onPhase: ({ phase }) => times.push({ phase, at: performance.now() }) })
  await engine.open()
  await engine.stop()
  return times
}
