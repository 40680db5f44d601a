import { hash, timingSafeEqual } from 'node:crypto'

/** A secret as it is compared: only its digest is kept. */
export type TokenDigest = Buffer

/** Returns the digest of a token, 32 bytes whatever its length. */
export function digestToken(token: string): TokenDigest {
  return hash('sha256', token, 'buffer')
}

/**
 * Returns the index of the digest that `token` has, or −1. The time it takes depends on the count of digests only:
 * every one is compared, and a comparison does not stop at the first difference.
 */
export function matchToken(token: string, digests: readonly TokenDigest[]): number {
  const given = digestToken(token)
  let found = -1
  for (let index = 0; index < digests.length; index += 1) {
    if (timingSafeEqual(given, digests[index]!)) found = index
  }
  return found
}
