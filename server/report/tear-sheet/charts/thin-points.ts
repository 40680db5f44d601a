/** Returns about `most` of the points, evenly; the last one always stays. */
export function thinPoints<T>(points: readonly T[], most: number): readonly T[] {
  const every = Math.ceil(points.length / most)
  return points.filter((_, index) => index % every === 0 || index === points.length - 1)
}
