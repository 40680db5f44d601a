import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Teardown } from '../helpers/temporary-directory.js'

/** A notification as it came over HTTP. */
export interface ReceivedNotice {
  readonly at: string
  readonly portfolio: string | null
  readonly kind: string
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A receiver of notifications of a test. */
export interface NotifyReceiver {
  readonly url: string
  readonly notices: readonly ReceivedNotice[]
  /** Value of the header of each request; undefined where it had none. */
  readonly authorizations: readonly (string | undefined)[]
  /** Requests that were never answered and have ended. */
  readonly abandoned: () => number
}

/** The status of the answer to the nth request, counted from 1; never: there is none. */
export type NotifyAnswer = (nth: number) => number | 'never'

/** Starts a receiver that answers as it is told; it ends with the test. */
export async function notifyReceiver(t: Teardown, answer: NotifyAnswer = () => 204): Promise<NotifyReceiver> {
  const notices: ReceivedNotice[] = []
  const authorizations: (string | undefined)[] = []
  let abandoned = 0
  const take = async (request: IncomingMessage) => {
    authorizations.push(request.headers.authorization)
    notices.push(JSON.parse(await text(request)) as ReceivedNotice)
    return answer(notices.length)
  }
  const server = createServer((request, response) => {
    response.once('close', () => {
      if (!response.writableEnded) abandoned += 1
    })
    void take(request).then((status) => {
      if (status === 'never') return
      response.writeHead(status, status === 307 ? { location: '/elsewhere' } : {}).end('thank you')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => closeServer(server))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/notify-path`, notices, authorizations, abandoned: () => abandoned }
}

function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}
