/** Waits on behalf of the orders' side. A simulation waits in virtual time. */
export interface Timers {
  /** Calls `act` once after `ms` milliseconds; does not keep the process alive. */
  readonly after: (ms: number, act: () => void) => void
  /** Calls `act` every `ms` milliseconds until the returned function is called. */
  readonly every: (ms: number, act: () => void) => () => void
  /** Returns a signal that aborts after `ms` milliseconds. */
  readonly deadline: (ms: number) => AbortSignal
}

/** Waits in real time. */
export const systemTimers: Timers = {
  after: (ms, act) => void setTimeout(act, ms).unref(),
  every: (ms, act) => {
    const timer = setInterval(act, ms)
    return () => clearInterval(timer)
  },
  deadline: (ms) => AbortSignal.timeout(ms),
}
