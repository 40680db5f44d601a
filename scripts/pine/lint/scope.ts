import type { Expression } from './expression.js'
import type { Block, Parameter } from './statement.js'

/** What a name stands for at a place in a script. */
export type Binding =
  | { readonly kind: 'value'; readonly value: Expression; readonly scope: Scope; readonly line: number }
  /** Kept from bar to bar, changed in a block, or given by a tuple or a loop: only its type is known. */
  | { readonly kind: 'varies'; readonly type: string | null; readonly persistence: 'var' | 'varip' | null }
  | {
      readonly kind: 'function'
      readonly parameters: readonly Parameter[]
      readonly body: Block
      readonly scope: Scope
    }

/** What every name stands for at a place in a script. It is never changed, only replaced. */
export interface Scope {
  readonly names: ReadonlyMap<string, Binding>
  /** Where names are looked for that are not in `names`. */
  readonly outer: Scope | null
  /** Types of fields, of every type that the script declares. */
  readonly fields: ReadonlyMap<string, string>
}

/** Before the first line of a script. */
export const EMPTY_SCOPE: Scope = { names: new Map(), outer: null, fields: new Map() }

/** Returns what a name stands for; undefined where the script does not say. */
export function lookUp(scope: Scope, name: string): Binding | undefined {
  return scope.names.get(name) ?? (scope.outer === null ? undefined : lookUp(scope.outer, name))
}

/** Returns a scope in which `name` stands for `binding` too. */
export function bind(scope: Scope, name: string, binding: Binding): Scope {
  return { ...scope, names: new Map(scope.names).set(name, binding) }
}

/** Returns the binding of a name of which only the type is known. */
export function varying(type: string | null, persistence: 'var' | 'varip' | null = null) {
  return { kind: 'varies', type, persistence } as const
}

/** Returns the scope after a block that may have run: what it may have changed is not known any more. */
export function loosen(before: Scope, block: Block): Scope {
  let scope = before
  for (const statement of block) {
    if (statement.kind === 'assign' && statement.operator !== '=') {
      for (const name of statement.names) {
        if (lookUp(scope, name)?.kind === 'value') scope = bind(scope, name, varying(typeOf(scope, name)))
      }
    }
    if (statement.kind === 'if') scope = loosen(scope, [...statement.then, ...statement.otherwise])
    if (statement.kind === 'loop') scope = loosen(scope, statement.body)
  }
  return scope
}

function typeOf(scope: Scope, name: string): string | null {
  const binding = lookUp(scope, name)
  if (binding?.kind !== 'value') return binding?.kind === 'varies' ? binding.type : null
  return binding.value.kind === 'text' ? 'string' : null
}
