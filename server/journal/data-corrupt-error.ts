/** Where corrupt data was met. */
export interface CorruptPlace {
  readonly portfolio: string
  /** The input at which it was met; null when it is not about one input. */
  readonly seq: number | null
}

/** Recorded data cannot be read, or contradicts other recorded data. Nothing trades until someone has looked. */
export class DataCorruptError extends Error {
  readonly code = 'DATA_CORRUPT'
  readonly portfolio: string
  readonly seq: number | null

  constructor(place: CorruptPlace, detail: string, options?: ErrorOptions) {
    const where = place.seq === null ? '' : ` at input ${place.seq}`
    super(`Portfolio ${place.portfolio}${where}: ${detail}`, options)
    this.name = 'DataCorruptError'
    this.portfolio = place.portfolio
    this.seq = place.seq
  }
}
