import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Frame, FrameReader, readStatement } from './postgres-frames.js'
import type { Teardown } from './temporary-directory.js'

/**
 * When a statement strikes. `before`: the server has not heard of it. `uncommitted`: it has run, and its transaction
 * has not ended. `inDoubt`: the server has it, and nobody knows more. `unheard`: it is committed, and the answer is held
 * back. `heard`: the answer has been delivered.
 */
export type Moment = 'before' | 'uncommitted' | 'inDoubt' | 'unheard' | 'heard'

/** A statement going by. */
export interface StrikePoint {
  /** Its name; of a statement without one, the beginning of its text. */
  readonly statement: string
  /** What its parameters hold. */
  readonly holds?: string
  readonly moment: Moment
}

/** A way to PostgreSQL on which something happens when a certain statement goes by. */
export interface StrikeProxy {
  /** The server's address with the proxy's port. */
  readonly url: string
  /** Calls `strike` once, in the same turn in which the point is reached; resolves then. */
  arm(point: StrikePoint, strike: () => void): Promise<void>
  disarm(): void
  /** Lets go of what a point has held back, in both directions. */
  release(): void
  /** How often a statement of this name was let through. */
  readonly passed: (name: string) => number
}

interface Armed {
  readonly point: StrikePoint
  readonly fire: () => void
}

/** What a proxy's connections share. */
interface Way {
  armed: Armed | null
  readonly passed: Map<string, number>
}

/** Makes the server tell what it has done so far, while the transaction stays open. */
const FLUSH: Frame = { type: 'H', bytes: Buffer.from([0x48, 0, 0, 0, 4]) }

/** Starts a proxy before the server of `target`; it ends with the test. */
export async function strikeProxy(t: Teardown, target: string): Promise<StrikeProxy> {
  const { hostname, port } = new URL(target)
  const way: Way = { armed: null, passed: new Map() }
  const lines = new Set<Line>()
  const server = createServer((near) => {
    const line = new Line(way, near, connect(Number(port), hostname))
    lines.add(line)
    near.once('close', () => lines.delete(line))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const line of lines) line.destroy()
    server.close()
  })
  const url = new URL(target)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    arm: (point, strike) =>
      new Promise((resolve) => {
        const fire = () => {
          strike()
          resolve()
        }
        way.armed = { point, fire }
      }),
    disarm: () => {
      way.armed = null
    },
    release: () => {
      for (const line of lines) line.release()
    },
    passed: (name) => way.passed.get(name) ?? 0,
  }
}

/** One connection of a client. */
class Line {
  readonly #way: Way
  readonly #near: Socket
  readonly #far: Socket
  /** What the client's last statement without a name says. */
  #unnamed = ''
  /** Ends of transactions that were asked for, and that were answered. */
  #asked = 0
  #answered = 0
  /** Reached here, and not over yet; `turn` counts the end that it waits for. */
  #met: (Armed & { readonly turn: number }) | null = null
  #toServer: Frame[] | null = null
  #toClient: Frame[] | null = null

  constructor(way: Way, near: Socket, far: Socket) {
    this.#way = way
    this.#near = near
    this.#far = far
    const [asking, answering] = [new FrameReader('client'), new FrameReader('server')]
    near.on('data', (data) => {
      for (const frame of asking.take(data)) this.#ask(frame)
    })
    far.on('data', (data) => {
      for (const frame of answering.take(data)) this.#answer(frame)
    })
    // What was handed to the server it may still do after its client is gone
    near.on('close', () => far.end())
    far.on('close', () => near.destroy())
    for (const socket of [near, far]) socket.on('error', () => undefined)
  }

  destroy(): void {
    this.#near.destroy()
    this.#far.destroy()
  }

  release(): void {
    const [toServer, toClient] = [this.#toServer ?? [], this.#toClient ?? []]
    this.#toServer = null
    this.#toClient = null
    for (const frame of toServer) this.#forward(frame)
    for (const { bytes } of toClient) this.#near.write(bytes)
  }

  #ask(frame: Frame): void {
    if (this.#toServer !== null) {
      this.#toServer.push(frame)
      return
    }
    const statement = readStatement(frame)
    if (frame.type === 'P' && statement?.name === '') this.#unnamed = statement.text
    const { armed } = this.#way
    if (armed === null || statement === null || !this.#isMet(armed.point, frame, statement)) {
      this.#forward(frame)
      return
    }
    this.#way.armed = null
    if (armed.point.moment === 'before') {
      this.#toServer = [frame]
      armed.fire()
      return
    }
    this.#met = { ...armed, turn: this.#asked + 1 }
    this.#forward(frame)
  }

  #isMet(point: StrikePoint, frame: Frame, { name, text }: { name: string; text: string }): boolean {
    if (frame.type === 'P') return false
    if (point.holds !== undefined && !frame.bytes.includes(point.holds)) return false
    const unnamed = frame.type === 'Q' ? text : this.#unnamed
    return name === '' ? unnamed.trimStart().startsWith(point.statement) : name === point.statement
  }

  #forward(frame: Frame): void {
    const name = frame.type === 'B' ? readStatement(frame)!.name : ''
    if (name !== '') this.#way.passed.set(name, (this.#way.passed.get(name) ?? 0) + 1)
    this.#far.write(frame.bytes)
    if (frame.type === 'S' || frame.type === 'Q') this.#asked += 1
    const met = this.#met
    if (met === null) return
    if (met.point.moment === 'uncommitted' && frame.type === 'E') {
      this.#far.write(FLUSH.bytes)
      this.#toServer = []
    }
    if (met.point.moment === 'inDoubt' && this.#asked === met.turn) this.#strike(met)
  }

  #answer(frame: Frame): void {
    const isEnd = frame.type === 'Z'
    const met = this.#met
    const isOfPoint = met !== null && this.#answered === met.turn - 1
    // The server is ready once before anything was asked: that ends the log-in
    if (isEnd && this.#isLoggedIn) this.#answered += 1
    if (isEnd) this.#isLoggedIn = true
    if (!isOfPoint) {
      this.#deliver(frame)
      return
    }
    const { moment } = met.point
    if (moment === 'unheard') this.#toClient ??= []
    const isRun = frame.type === 'C' || frame.type === 'E'
    if (moment === 'uncommitted' && isRun) this.#strike(met)
    if (moment === 'unheard' && isEnd) this.#strike(met)
    const over = moment === 'heard' && isEnd ? () => this.#strike(met) : undefined
    this.#deliver(frame, over)
  }

  #isLoggedIn = false

  #deliver(frame: Frame, then?: () => void): void {
    if (this.#toClient !== null) this.#toClient.push(frame)
    else this.#near.write(frame.bytes, then)
  }

  #strike({ fire }: Armed): void {
    this.#met = null
    fire()
  }
}
