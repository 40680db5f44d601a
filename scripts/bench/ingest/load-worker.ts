import { parentPort } from 'node:worker_threads'
import { type Load, runLoad } from './http-load.js'

// A thread of its own: the client must not wait for the server's event loop, nor the server for the client's
parentPort!.on('message', (load: Load) => {
  void runLoad(load).then(
    (result) => parentPort!.postMessage({ result }),
    (error: unknown) => parentPort!.postMessage({ error: String(error) }),
  )
})
