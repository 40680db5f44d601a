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
  /** Types of fields, of every type that the script declares. */
  readonly fields: ReadonlyMap<string, string>
}

/** Returns a scope in which `name` stands for `binding` too. */
export function bind(scope: Scope, name: string, binding: Binding): Scope {
  return { ...scope, names: new Map(scope.names).set(name, binding) }
}
