import type { PortfolioEvent } from '../../event.js'
import type { OperatorCommanded } from '../../input.js'
import { type Book, pendingApproval, plannedEntry } from '../../portfolio/book.js'
import { findUnit } from '../../portfolio/evolve.js'
import { assetOfHolding } from '../../portfolio/holding.js'
import { isExitOpen, requestHoldingExit } from '../../portfolio/holding-exits.js'
import { bookOf, orderOf, type Portfolio } from '../../portfolio/portfolio.js'
import { commandDecision } from '../../risk/commands.js'
import { type ExitTarget, requestExits } from './exit.js'

type ExitCommand = Extract<OperatorCommanded['command'], { kind: 'exit' }>

/** An operator's exit, and who takes down what follows. */
export interface OperatorExit {
  readonly inputId: string
  readonly command: ExitCommand
  readonly record: (events: readonly PortfolioEvent[]) => void
}

/** Closes what an operator wants closed: a position, an instrument with what is to be bought of it, or everything. */
export function decideOperatorExit(portfolio: Portfolio, { inputId, command, record }: OperatorExit): void {
  const targets = operatorTargets(portfolio, command)
  const holdings = holdingTargets(portfolio, command)
  if (targets.length + holdings.length === 0) {
    const instrument = 'instrument' in command.target ? command.target.instrument : null
    const nothing = commandDecision(portfolio, inputId, 'operatorExit', 'ignored', ['NOTHING_HELD'])
    record([{ type: 'DecisionMade', decision: { ...nothing, instrument } }])
  }
  let ordinal = 0
  for (const [book, target] of targets) {
    ordinal += 1
    const { reason } = command
    record(
      requestExits(portfolio, {
        inputId,
        kind: 'operatorExit',
        reason,
        alert: null,
        book,
        target,
        named: target,
        isWhole: !('positionId' in command.target),
        ordinal,
      }),
    )
  }
  for (const book of holdings) {
    ordinal += 1
    record(requestHoldingExit(portfolio, book, { inputId, ordinal, reason: command.reason }))
  }
}

function holdingTargets(portfolio: Portfolio, { target }: ExitCommand): Book[] {
  const asset =
    'positionId' in target
      ? (assetOfHolding(target.positionId) ?? '')
      : 'instrument' in target
        ? target.instrument
        : null
  return [...portfolio.books.values()].filter(
    (book) => (asset === null || book.instrument === asset) && isExitOpen(book),
  )
}

function operatorTargets(portfolio: Portfolio, command: ExitCommand): [Book, ExitTarget][] {
  const { target } = command
  if ('positionId' in target) {
    const unit = findUnit(portfolio, target.positionId)
    return unit === undefined ? [] : [[bookOf(portfolio, unit.instrument), { units: [unit], entry: null }]]
  }
  const targets: [Book, ExitTarget][] = []
  for (const book of portfolio.books.values()) {
    if ('instrument' in target && target.instrument !== book.instrument) continue
    const entry = book.entryOrderId === null ? null : orderOf(portfolio, book.entryOrderId)
    const isWaiting = plannedEntry(book) !== null || pendingApproval(book) !== null
    if (book.units.length > 0 || entry !== null || isWaiting)
      targets.push([book, { units: book.units, entry }])
  }
  return targets
}
