import WebSocket from 'ws'
import { type Fields, idOf, isFields, numberOf } from './fields.js'

/** What OpenAlgo tells of an order of the account, whoever placed it. Updates may come twice, or never. */
export interface OrderUpdate {
  readonly venueOrderId: string
  /** In lower case. */
  readonly status: string
  readonly filledQuantity: number | null
  /** The broker's words for a rejection, which no other channel tells; null when there are none. */
  readonly rejectionReason: string | null
  readonly mode: 'live' | 'analyze' | null
}

/** How long things of a stream take, in milliseconds. */
export interface StreamTimings {
  /** Without an answer to a connection or a message by then, the connection is given up. */
  readonly answerWithin: number
  /** Between two questions whether the other side is still there. */
  readonly pingEvery: number
  /** Before the first and the later tries to connect again; each wait is twice the one before. */
  readonly reconnectAfter: number
  readonly reconnectAtMost: number
}

/** The times of a running service. */
export const STREAM_TIMINGS: StreamTimings = {
  answerWithin: 10_000,
  pingEvery: 15_000,
  reconnectAfter: 1_000,
  reconnectAtMost: 60_000,
}

/** What a stream depends on. */
export interface OrderStreamOptions {
  readonly url: string
  /** Secret: it is in the first message and nowhere else. */
  readonly apiKey: string
  readonly timings: StreamTimings
  /** Is told each update; must not throw. */
  readonly onUpdate: (update: OrderUpdate) => void
}

/** Larger messages are none of ours. */
const MOST_BYTES = 1_048_576

/**
 * OpenAlgo's stream of order updates: connected again for as long as it is wanted, and given up when nothing came for
 * two pings, as a connection may be open on one side only. It promises nothing: whoever listens reads the books as well.
 */
export class OrderStream {
  readonly #options: OrderStreamOptions
  #socket: WebSocket | null = null
  #timer: NodeJS.Timeout | null = null
  #wait: number
  #isOpen = false
  #isOver = false

  constructor(options: OrderStreamOptions) {
    this.#options = options
    this.#wait = options.timings.reconnectAfter
  }

  /** Returns whether updates come, as far as is known. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Connects, and goes on connecting. */
  start(): void {
    if (this.#socket !== null || this.#isOver) return
    const { url, timings } = this.#options
    const socket = new WebSocket(url, {
      ...{ handshakeTimeout: timings.answerWithin, maxPayload: MOST_BYTES },
      ...{ perMessageDeflate: false, followRedirects: false },
    })
    this.#socket = socket
    socket.on('open', () => this.#introduce(socket))
    socket.on('message', (data, isBinary) => {
      if (!isBinary) this.#hear(socket, parse(String(data)))
    })
    // The end of the connection follows, and is what counts
    socket.on('error', () => undefined)
    socket.on('close', () => this.#lose(socket))
  }

  /** Connects no more. */
  close(): void {
    this.#isOver = true
    this.#isOpen = false
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#socket?.terminate()
  }

  #introduce(socket: WebSocket): void {
    this.#expectWithin(socket, this.#options.timings.answerWithin)
    this.#say(socket, { action: 'authenticate', api_key: this.#options.apiKey })
  }

  #hear(socket: WebSocket, message: Fields | null): void {
    if (socket !== this.#socket || message === null) return
    if (this.#isOpen) this.#expectPing(socket)
    if (message.type === 'order_update') {
      const update = readUpdate(message)
      if (update !== null) this.#options.onUpdate(update)
    } else if (message.status === 'error') {
      // A key that is refused is not tried again soon: OpenAlgo bans addresses for that
      if (message.code === 'AUTHENTICATION_ERROR') this.#wait = this.#options.timings.reconnectAtMost
      if (!this.#isOpen) socket.terminate()
    } else if (message.status === 'success') this.#goOn(socket, message)
  }

  #goOn(socket: WebSocket, { type }: Fields): void {
    if (this.#isOpen) return
    if (type === 'auth') {
      this.#say(socket, { action: 'subscribe_orders', request_id: 'orders' })
    } else if (type === 'subscribe_orders') {
      this.#isOpen = true
      this.#wait = this.#options.timings.reconnectAfter
      this.#expectPing(socket)
    }
  }

  /** Asks after a while whether the other side is there, and gives it up when nothing comes for as long again. */
  #expectPing(socket: WebSocket): void {
    const { pingEvery } = this.#options.timings
    this.#later(pingEvery, () => {
      this.#say(socket, { action: 'ping', timestamp: 0 })
      this.#expectWithin(socket, pingEvery)
    })
  }

  #expectWithin(socket: WebSocket, milliseconds: number): void {
    this.#later(milliseconds, () => socket.terminate())
  }

  #lose(socket: WebSocket): void {
    if (socket !== this.#socket) return
    this.#socket = null
    this.#isOpen = false
    if (this.#isOver) return
    this.#later(this.#wait, () => this.start())
    this.#wait = Math.min(this.#wait * 2, this.#options.timings.reconnectAtMost)
  }

  #later(milliseconds: number, act: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(act, milliseconds).unref()
  }

  #say(socket: WebSocket, message: Fields): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }
}

/** Returns what a message tells of an order; null when it names none, or no status. */
export function readUpdate(message: Fields): OrderUpdate | null {
  const { order_status: status, rejection_reason: reason, mode } = message
  const venueOrderId = idOf(message.orderid)
  if (venueOrderId === null || typeof status !== 'string' || status.trim() === '') return null
  const isMode = mode === 'live' || mode === 'analyze'
  return {
    ...{ venueOrderId, status: status.trim().toLowerCase(), mode: isMode ? mode : null },
    filledQuantity: numberOf(message, 'filled_quantity'),
    rejectionReason: typeof reason === 'string' && reason.trim() !== '' ? reason.trim().slice(0, 300) : null,
  }
}

function parse(text: string): Fields | null {
  try {
    const message: unknown = JSON.parse(text)
    return isFields(message) ? message : null
  } catch {
    return null
  }
}
