/**
 * Returns a number from 0 up to 1 that depends on the parts alone (FNV-1a over their text, then MurmurHash3's
 * finalizer): faults come out the same whenever the same things happen to the same order, in whatever sequence.
 */
export function draw(...parts: readonly (string | number)[]): number {
  const text = parts.join('\u0000')
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}

/** Returns whether something that happens at `rate` (0 to 1) happens to the parts. */
export function happens(rate: number, ...parts: readonly (string | number)[]): boolean {
  return rate > 0 && draw(...parts) < rate
}

/** Returns a whole number from `least` to `most`, both included, that depends on the parts alone. */
export function drawWhole(least: number, most: number, ...parts: readonly (string | number)[]): number {
  return least + Math.floor(draw(...parts) * (most - least + 1))
}
