/** Something that listens or rings at a queue, and can be ended. */
export interface QueueEnd {
  /** Ends it and its connections, also when the queue does not answer. */
  close(): Promise<void>
}

/** The ringing end of a portfolio's queue. */
export interface Ringer extends QueueEnd {
  /** Rings once. Throws when the queue did not take it. */
  ring(): Promise<void>
}

/** Who opens an end of a queue. */
export interface EndOwner {
  readonly portfolio: string
  /** Is told when a connection fails. */
  readonly onError: (error: Error) => void
  /** Gives up opening. */
  readonly signal: AbortSignal
}

/** Queues of rings, one a portfolio. Opening an end throws when the queue does not answer in time. */
export interface RingQueues {
  openRinger(owner: EndOwner): Promise<Ringer>
  openListener(owner: EndOwner, heard: () => void): Promise<QueueEnd>
}
