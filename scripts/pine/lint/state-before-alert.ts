import { type AlertCall, readNames, type ScriptFacts, type StateChange } from './alert-call.js'
import type { Expression } from './expression.js'
import type { Finding } from './finding.js'
import { giving, passGuards, plainCircumstances } from './guards.js'
import { lookUp } from './scope.js'
import type { Value } from './value.js'

/**
 * Returns where an alert reads what was changed before it on the same bar: a condition that reads what the order's own
 * block has just changed, so that it can no longer hold, or a message that reads what was just forgotten.
 */
export function checkStateBeforeAlert({ alerts, changes }: ScriptFacts): Finding[] {
  return alerts.flatMap((call) => {
    const guards = new Map<string, number>()
    for (const { condition, scope, line } of call.guards) {
      for (const [name, at] of readNames(condition, scope, line))
        guards.set(name, Math.max(at, guards.get(name) ?? 0))
    }
    const message = readNames(call.message, call.scope, call.line)
    const found = changes.find((change) => spoils(change, call, guards, message))
    if (found === undefined) return []
    const what = found.isReset ? 'is reset' : 'is changed with the order'
    const text = `${found.name} ${what} in line ${found.line}, before this alert reads it: build and send the alert first`
    return [{ line: call.line, rule: 'stateBeforeAlert', message: text } as const]
  })
}

function spoils(
  change: StateChange,
  call: AlertCall,
  guards: ReadonlyMap<string, number>,
  message: ReadonlyMap<string, number>,
): boolean {
  const guardReadAt = guards.get(change.name) ?? 0
  const messageReadAt = message.get(change.name) ?? 0
  const isInside = isOnTheWay(change, call)
  const guardSpoilt = change.besideOrder && change.line < guardReadAt && !isInside
  const messageSpoilt = change.isReset && (change.besideOrder || isInside) && change.line < messageReadAt
  return (guardSpoilt || messageSpoilt) && !excludeEachOther(change, call)
}

/** Whether the change happens whenever the alert fires: it stands in the same block, or in one around it. */
function isOnTheWay(change: StateChange, call: AlertCall): boolean {
  const own = new Set(call.guards.map(({ line, holds }) => `${line} ${holds}`))
  return change.guards.every(({ line, holds }) => own.has(`${line} ${holds}`))
}

/** Whether the alert cannot fire on a bar on which the change happens. */
function excludeEachOther(change: StateChange, call: AlertCall): boolean {
  const assumed = change.guards.flatMap(({ condition, holds }) => assume(condition, holds))
  // The names of a change mean the same at the alert only when they are not kept ones, which it may have changed
  const plain = assumed.filter(([name]) => lookUp(call.scope, name)?.kind === 'value')
  return passGuards(call.guards, giving(plainCircumstances('UTC'), plain)) === false
}

function assume(condition: Expression, holds: boolean): (readonly [string, Value])[] {
  if (condition.kind === 'name') return [[condition.name, holds]]
  if (condition.kind === 'unary' && condition.operator === 'not') return assume(condition.operand, !holds)
  if (condition.kind === 'binary' && condition.operator === (holds ? 'and' : 'or')) {
    return [...assume(condition.left, holds), ...assume(condition.right, holds)]
  }
  return []
}
