import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Load, LoadResult } from './http-load.js'

/** A client in a thread of its own. */
export interface LoadClient {
  readonly run: (load: Load) => Promise<LoadResult>
  readonly close: () => Promise<void>
}

/** Starts the client. */
export function startLoadClient(): LoadClient {
  const worker = new Worker(new URL('./load-worker.js', import.meta.url))
  return {
    run: async (load) => {
      worker.postMessage(load)
      const [{ result, error }] = (await once(worker, 'message')) as [{ result?: LoadResult; error?: string }]
      if (result === undefined) throw new Error(`The client failed: ${error}`)
      return result
    },
    close: async () => {
      await worker.terminate()
    },
  }
}
