/** Returns the stop of a new unit, in points: the entry less `multiple` ATRs. */
export function initialStop(entry: number, atr: number, multiple: number): number {
  return entry - multiple * atr
}

/** A unit's trailing stop after a bar, in points, and whether that bar's close is below it. */
export interface Trail {
  readonly highestClose: number
  readonly stop: number
  readonly hit: boolean
}

/**
 * Returns the trailing stop after a confirmed close: `multiple` ATRs behind the highest close, and never lower than
 * before (a ratchet). Updated first, tested second: a close below the stop that it has itself raised is a hit.
 */
export function trailStop(
  before: { readonly highestClose: number; readonly stop: number },
  close: number,
  atr: number,
  multiple: number,
): Trail {
  const highestClose = Math.max(before.highestClose, close)
  const stop = Math.max(before.stop, highestClose - multiple * atr)
  return { highestClose, stop, hit: close < stop }
}
