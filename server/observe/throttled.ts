import type { LogWrite } from './log.js'

/** What throttling depends on. */
export interface ThrottleOptions {
  /** Shortest time between two lines, in milliseconds. */
  readonly everyMs: number
  /** Milliseconds since any origin. Default: the process's monotonic clock. */
  readonly monotonic?: () => number
}

/** Returns `write` at most once in a while; each line tells in `leftOut` how many came before it and were left out. */
export function throttled(write: LogWrite, { everyMs, monotonic }: ThrottleOptions): LogWrite {
  const now = monotonic ?? (() => performance.now())
  let last = Number.NEGATIVE_INFINITY
  let leftOut = 0
  return (fields, message) => {
    if (now() - last < everyMs) {
      leftOut += 1
      return
    }
    last = now()
    write({ ...fields, leftOut }, message)
    leftOut = 0
  }
}
