/**
 * Returns whether a bar with this body (|close − open|) and range (high − low), both in points, is a doji: the body is at
 * most `bodyShare` (0..1) of the range. A bar without any range is none.
 */
export function isDoji(body: number, range: number, bodyShare: number): boolean {
  return range > 0 && body / range <= bodyShare
}
