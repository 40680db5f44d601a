import type { Queue, Worker } from 'bullmq'
import type { EndOwner, QueueEnd, Ringer } from './ring-queue.js'

/** Longest wait for an end to be ready, and for it to close, in milliseconds. */
const READY_MS = 5_000
const CLOSE_MS = 1_000

/** A ring that waits is enough; one that comes while the last is being heard is kept. */
const RING = {
  removeOnComplete: true,
  removeOnFail: true,
  deduplication: { id: 'ring', keepLastIfActive: true },
} as const

/**
 * How a listener works. Hearing takes no time, so that no lock is renewed, and hearing twice does no harm: a ring that
 * was taken by a listener which died is heard by another after seconds, however often that happens.
 */
export const LISTENING = {
  concurrency: 1,
  lockDuration: 5_000,
  stalledInterval: 5_000,
  maxStalledCount: 1_000,
  skipLockRenewal: true,
} as const

/** Returns the name of a portfolio's queue; BullMQ takes no colon in names. */
export function queueName(portfolio: string): string {
  return `ring-${encodeURIComponent(portfolio)}`
}

/** Ends the connections that an end works on, after it closed or, told so, while it may still use them. */
export type Release = (isClosed: boolean) => void

/** Returns the ringing end of `queue` once it is ready. */
export async function readyRinger(queue: Queue, owner: EndOwner, release: Release): Promise<Ringer> {
  const end = await readyEnd(queue, owner, release)
  return {
    ...end,
    ring: async () => {
      await queue.add('ring', {}, RING)
    },
  }
}

/** Returns the listening end of `worker` once it is ready. */
export function readyListener(worker: Worker, owner: EndOwner, release: Release): Promise<QueueEnd> {
  return readyEnd(worker, owner, release)
}

/** What the ends of both kinds have. */
interface BullEnd {
  on(event: 'error', listener: (error: Error) => void): unknown
  waitUntilReady(): Promise<unknown>
  close(): Promise<unknown>
}

async function readyEnd(end: BullEnd, owner: EndOwner, release: Release): Promise<QueueEnd> {
  // Without a listener an error would end the process.
  end.on('error', owner.onError)
  try {
    await inTime(owner.signal, end.waitUntilReady())
  } catch (error) {
    release(false)
    await closeInTime(end, nothing)
    throw error
  }
  return { close: () => closeInTime(end, release) }
}

/** Returns what a part of the opening of an end returns. Throws when it takes too long, or the signal gives it up. */
export function inTime<T>(signal: AbortSignal, opening: Promise<T>): Promise<T> {
  return until(AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]), opening)
}

/** An end whose connection is lost, or slow, is not waited for: it closes by itself once its connections fail it. */
async function closeInTime(end: BullEnd, release: Release): Promise<void> {
  const isClosed = await until(AbortSignal.timeout(CLOSE_MS), end.close()).then(
    () => true,
    () => false,
  )
  release(isClosed)
}

/** Returns what `work` returns, or throws when the signal comes first; what comes later is of no use, nor its error. */
async function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  work.catch(nothing)
  return Promise.race([work, stopped])
}

function nothing(): void {}
