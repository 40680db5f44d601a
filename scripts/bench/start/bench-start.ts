import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BenchReport, figure } from '../bench-report.js'
import type { BenchOptions, BenchRoom } from '../bench-room.js'
import { ratioSpread, spreadOf } from '../spread.js'
import { type MeasuredStart, measureBareNode, measureStart } from './started-service.js'

/** Measures how long the service takes to be ready, on a home that it knows and on an empty one, and what it weighs. */
export async function benchStart(room: BenchRoom, options: BenchOptions): Promise<BenchReport> {
  const { isQuick, onProgress, signal } = options
  const [count, restMs] = isQuick ? [1, 500] : [7, 4000]
  const cold: MeasuredStart[] = []
  const warm: MeasuredStart[] = []
  const bare: number[] = []
  for (let done = 0; done < count && !signal.aborted; done++) {
    onProgress(done, count)
    const home = await mkdtemp(join(room.home, 'start-'))
    try {
      bare.push(await measureBareNode())
      cold.push(await measureStart(home, 0))
      warm.push(await measureStart(home, restMs))
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  }
  const times = (starts: readonly MeasuredStart[]): number[] => starts.map(({ readyMs }) => readyMs)
  const ready = spreadOf(times(warm))
  const weight = spreadOf(warm.map(({ idleMegabytes }) => idleMegabytes))
  return {
    bench: 'start',
    about:
      '`npm start` with embedded parts, from the start of the process to ready, and its memory after ' +
      `${restMs / 1000} s at rest`,
    repetitions: bare.length,
    rows: [
      { what: 'baseline: `node -e 0`', unit: 'ms', value: spreadOf(bare) },
      {
        what: 'ready on a home that it knows',
        unit: 'ms',
        value: ready,
        ratio: ratioSpread(times(warm), bare),
      },
      {
        what: 'ready on an empty home',
        unit: 'ms',
        value: spreadOf(times(cold)),
        ratio: ratioSpread(times(cold), bare),
      },
      { what: 'memory at rest (Node.js, resident)', unit: 'MiB', value: weight },
    ],
    goals: [
      {
        goal: 'ready within 3 s on a home that it knows',
        measured: `${figure(ready.median)} ms`,
        met: ready.median < 3000,
      },
      {
        goal: 'less than 150 MiB at rest',
        measured: `${figure(weight.median)} MiB`,
        met: weight.median < 150,
      },
    ],
    checks: [{ check: 'every start came to ready', passed: warm.length === cold.length }],
  }
}
