import { Presets, SingleBar } from 'cli-progress'

/** How far a long work is. */
export interface Progress {
  readonly advance: (done: number, total: number) => void
  readonly finish: () => void
}

/** Returns a bar on standard error when that is a terminal and people are to be shown something; else nothing. */
export function createProgress(label: string, isShown: boolean): Progress {
  if (!isShown || process.stderr.isTTY !== true) return { advance: () => undefined, finish: () => undefined }
  const format = `${label} {bar} {percentage} % | {value}/{total} | {duration_formatted}`
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true },
    Presets.shades_classic,
  )
  let started = false
  return {
    advance: (done, total) => {
      if (!started) bar.start(total, done)
      started = true
      bar.setTotal(total)
      bar.update(done)
    },
    finish: () => {
      if (started) bar.stop()
    },
  }
}
