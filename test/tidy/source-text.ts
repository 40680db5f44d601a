/** One import of a module. */
export interface Import {
  readonly specifier: string
  /** True when it leaves nothing in the compiled program. */
  readonly isType: boolean
  /** What is named between the braces, types left out; empty for other forms. */
  readonly names: readonly string[]
}

/** Comments and the contents of strings, in this order of precedence at each place of a text. */
const commentOrString =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g

/** The program without its comments and with empty strings; lines stay where they are. */
export function stripProse(text: string): string {
  return text.replace(commentOrString, (found) => {
    const breaks = '\n'.repeat(found.split('\n').length - 1)
    return found.startsWith('/') ? breaks : `''${breaks}`
  })
}

/** Every static and dynamic import and re-export with a literal specifier. */
export function listImports(text: string): Import[] {
  const source = text.replace(commentOrString, (found) => (found.startsWith('/') ? '' : found))
  const statements = source.matchAll(
    /\b(?:import|export)\s+(type\s)?([\w$*{},\s]*?)\s*\bfrom\s*['"]([^'"\n]+)['"]/g,
  )
  const others = source.matchAll(/\bimport\s*\(?\s*['"`]([^'"`\n]+)['"`]/g)
  return [
    ...[...statements].map(([, type, clause = '', specifier = '']) => {
      return { specifier, isType: type !== undefined, names: namesIn(clause) }
    }),
    ...[...others].map(([, specifier = '']) => ({ specifier, isType: false, names: [] })),
  ]
}

function namesIn(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1] ?? ''
  return braces
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
}
