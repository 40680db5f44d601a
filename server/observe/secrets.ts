/** Secret values of this process, and text without them. */
export interface Secrets {
  /** Remembers a secret; an empty or absent one, or one too short to be told from other text, is left out. */
  readonly add: (secret: string | null | undefined) => void
  /** Returns `text` with every known secret replaced by [secret], also where JSON or a URL spells it differently. */
  readonly scrub: (text: string) => string
}

const shortestSecret = 6

/** Returns an empty set of secrets. */
export function createSecrets(): Secrets {
  const spellings = new Set<string>()
  const add = (secret: string | null | undefined) => {
    if (!secret || secret.length < shortestSecret) return
    for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
      spellings.add(spelling)
    }
  }
  const scrub = (text: string) => {
    let clean = text
    for (const spelling of spellings) {
      if (clean.includes(spelling)) clean = clean.replaceAll(spelling, '[secret]')
    }
    return clean
  }
  return { add, scrub }
}
