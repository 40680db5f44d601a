import { Engine } from '../../../server/service/engine.js'
import { readSetup } from '../../../server/service/setup.js'

/*
 * A process that starts the service's engine, as after a crash, and prints when it came into each phase. It is a
 * process of its own since nobody recovers in a process that is warm.
 */

const phases: [phase: string, at: number][] = []
const setup = await readSetup({ env: process.env })
const engine = new Engine({
  setup,
  onPhase: ({ phase }) => phases.push([phase, performance.now()]),
})
const opened = performance.now()
await engine.open()
process.stdout.write(`${JSON.stringify({ opened, phases })}\n`)
await engine.stop()
