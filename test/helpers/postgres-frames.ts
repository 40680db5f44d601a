/** A message of PostgreSQL's protocol, whole, as it goes over the wire. */
export interface Frame {
  /** Its first byte as a letter; empty for the message that begins a connection. */
  readonly type: string
  readonly bytes: Buffer
}

/** Cuts the bytes of one direction of a connection into messages. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)
  #isFirst: boolean

  /** A client's first message has no type. */
  constructor(from: 'client' | 'server') {
    this.#isFirst = from === 'client'
  }

  /** Returns the messages that are whole with these bytes. */
  take(data: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    const frames: Frame[] = []
    for (;;) {
      const head = this.#isFirst ? 0 : 1
      if (this.#rest.length < head + 4) return frames
      const length = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < length) return frames
      const bytes = this.#rest.subarray(0, length)
      frames.push({ type: this.#isFirst ? '' : String.fromCharCode(bytes[0]!), bytes })
      this.#rest = this.#rest.subarray(length)
      this.#isFirst = false
    }
  }
}

/** Returns the statement's name and its text where a client's message tells them: to parse, to run, or both at once. */
export function readStatement({
  type,
  bytes,
}: Frame): { readonly name: string; readonly text: string } | null {
  switch (type) {
    case 'Q':
      return { name: '', text: textAt(bytes, 5) }
    case 'P': {
      const name = textAt(bytes, 5)
      return { name, text: textAt(bytes, 5 + Buffer.byteLength(name) + 1) }
    }
    case 'B': {
      const portal = textAt(bytes, 5)
      return { name: textAt(bytes, 5 + Buffer.byteLength(portal) + 1), text: '' }
    }
    default:
      return null
  }
}

function textAt(bytes: Buffer, start: number): string {
  return bytes.toString('utf8', start, bytes.indexOf(0, start))
}
