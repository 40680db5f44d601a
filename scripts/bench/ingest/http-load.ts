import { connect, type Socket } from 'node:net'
import { alertBody, tradingBody } from './alert-body.js'

/** How a listener is to be loaded. */
export interface Load {
  readonly port: number
  readonly path: string
  /** Connections that each send their next alert when the last is answered. */
  readonly connections: number
  readonly milliseconds: number
  /** Number of the first alert. */
  readonly first: number
  /** True sends alerts of now, which are traded; default: alerts of long ago. */
  readonly trades?: boolean
}

/** What came of it. */
export interface LoadResult {
  readonly seconds: number
  /** Alerts that were sent; the next load may begin with `first` plus this. */
  readonly sent: number
  /** Answers with status 200. */
  readonly accepted: number
  /** Answers with another status. */
  readonly refused: number
  /** Of every answer, in milliseconds, ascending. */
  readonly latencies: Float64Array
}

const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Loads a listener over keep-alive connections and returns what it answered. It writes bytes to sockets and looks for
 * as little as it can in what comes back: a client that costs as much as the server would measure itself.
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const latencies: number[] = []
  let [sent, accepted, refused] = [0, 0, 0]
  const begun = performance.now()
  const until = begun + load.milliseconds
  const converse = async (): Promise<void> => {
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    const answers = new Answers(socket)
    while (performance.now() < until) {
      const index = load.first + sent
      const request = requestOf(
        load.path,
        load.trades === true ? tradingBody(index, Date.now()) : alertBody(index),
      )
      sent += 1
      const sentAt = performance.now()
      socket.write(request)
      const status = await answers.next()
      latencies.push(performance.now() - sentAt)
      if (status === 200) accepted += 1
      else refused += 1
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: load.connections }, converse))
  const seconds = (performance.now() - begun) / 1000
  return { seconds, sent, accepted, refused, latencies: Float64Array.from(latencies).sort() }
}

function requestOf(path: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`
  )
}

/** The answers of one connection, one at a time. */
class Answers {
  #bytes: Buffer = Buffer.alloc(0)
  #waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | null = null

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
      this.#look()
    })
    socket.on('error', (error) => this.#waiting?.reject(error))
    socket.on('end', () => this.#waiting?.reject(new Error('The listener closed the connection')))
  }

  /** Resolves to the status of the next answer. */
  next(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#look()
    })
  }

  #look(): void {
    const end = this.#bytes.indexOf(HEAD_END)
    if (end < 0 || this.#waiting === null) return
    const head = this.#bytes.toString('latin1', 0, end)
    const total = end + HEAD_END.length + bodyLength(head)
    if (this.#bytes.length < total) return
    this.#bytes = this.#bytes.subarray(total)
    const { resolve } = this.#waiting
    this.#waiting = null
    resolve(Number(head.slice(9, 12)))
  }
}

function bodyLength(head: string): number {
  const at = head.indexOf('ontent-')
  const length = /content-length: (\d+)/i.exec(at < 0 ? head : head.slice(at - 1))
  if (length === null) throw new Error(`An answer without content-length: ${head}`)
  return Number(length[1])
}
