import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { OPENALGO_KEY } from './openalgo-key.js'

/** How the stream of the double misbehaves. */
export interface StreamFaults {
  /** Takes connections and never says a word: half-open to whoever is on the other side. */
  isDeaf: boolean
  /** Turns connections away before they are any. */
  isClosed: boolean
}

/** OpenAlgo's stream of updates, on a path of the double's own port. It says what a recording of one says. */
export class OpenAlgoStreamDouble {
  readonly faults: StreamFaults = { isDeaf: false, isClosed: false }
  /** Everything that was said to it, the oldest first. */
  readonly heard: Readonly<Record<string, unknown>>[] = []
  readonly #server = new WebSocketServer({ noServer: true })
  readonly #listening = new Set<WebSocket>()
  connections = 0

  /** Takes up connections to a server. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.connections += 1
      if (this.faults.isClosed) {
        socket.destroy()
        return
      }
      this.#server.handleUpgrade(request, socket, head, (connection) => this.#serve(connection))
    })
  }

  /** Says something to all who want updates of orders. */
  say(message: unknown): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    for (const connection of this.#listening) connection.send(text)
  }

  /** Counts those that want updates of orders. */
  get listeners(): number {
    return this.#listening.size
  }

  /** Breaks all connections. */
  drop(): void {
    for (const connection of this.#server.clients) connection.terminate()
  }

  #serve(connection: WebSocket): void {
    let isKnown = false
    const answer = (body: object) => {
      if (!this.faults.isDeaf) connection.send(JSON.stringify(body))
    }
    const refuse = (code: string, message: string) => answer({ status: 'error', code, message })
    connection.on('close', () => this.#listening.delete(connection))
    connection.on('message', (data) => {
      const message = parse(String(data))
      if (message === null) return refuse('INVALID_JSON', 'Invalid JSON message')
      this.heard.push(message)
      const { action, api_key: key, request_id: id } = message
      const tag = id === undefined ? {} : { request_id: id }
      if (action === 'authenticate') {
        if (key === undefined) return refuse('AUTHENTICATION_ERROR', 'API key is required')
        if (key !== OPENALGO_KEY) return refuse('AUTHENTICATION_ERROR', 'Invalid API key')
        isKnown = true
        return answer({ type: 'auth', status: 'success', message: 'Authentication successful', ...ACCOUNT })
      }
      if (!isKnown) return refuse('NOT_AUTHENTICATED', 'You must authenticate first')
      if (action === 'subscribe_orders') {
        this.#listening.add(connection)
        const text = 'Subscribed to order updates'
        return answer({ type: 'subscribe_orders', status: 'success', message: text, ...tag })
      }
      if (action === 'ping') {
        const times = { server_timestamp: 1, client_timestamp: message.timestamp }
        return answer({ type: 'pong', status: 'success', ...times })
      }
      return refuse('INVALID_ACTION', `Invalid action: ${action}`)
    })
  }
}

const ACCOUNT = {
  ...{ broker: 'zerodha', user_id: 'tester' },
  supported_features: { ltp: true, quote: true, depth: true },
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
