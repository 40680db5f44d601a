/** Returns the known name that `name` was probably meant to be, or null when none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  let nearest: string | null = null
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

/** Returns ` (did you mean "…"?)`, or nothing when no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : ` (did you mean "${nearest}"?)`
}

/** Least number of letters to insert, remove or replace (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let left = 1; left <= from.length; left++) {
    const next = [left]
    for (let right = 1; right <= to.length; right++) {
      const replaced = row[right - 1]! + (from[left - 1] === to[right - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[right]! + 1, next[right - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
