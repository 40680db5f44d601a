import { decimal, parseDecimal, ZERO } from '../../core/decimal.js'
import type { ConfigurationProblem } from './configuration-error.js'
import { didYouMean } from './did-you-mean.js'
import { listOf, member, repeated, textOf } from './raw-values.js'

/** Returns what is wrong between a portfolio's strategy and what it says it trades. */
export function contradictionsOfAssets(portfolio: unknown, at: number): ConfigurationProblem[] {
  const path = `portfolios[${at}]`
  const strategy = member(portfolio, 'strategy')
  if (textOf(member(strategy, 'kind')) !== 'volatility') {
    if (listOf(member(portfolio, 'assets')).length === 0) return []
    const message = 'go with the strategy "volatility"; the strategy "trend" trades instruments'
    return [{ path: `${path}.assets`, message }]
  }
  return [
    ...refusedBesideCells(portfolio, path),
    ...namesOfAssets(portfolio, path),
    ...contradictionsOfCells(portfolio, path),
  ]
}

function refusedBesideCells(portfolio: unknown, path: string): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  if (member(portfolio, 'instruments') !== undefined) {
    const message = 'must be left out with the strategy "volatility": it trades the assets of its cells'
    problems.push({ path: `${path}.instruments`, message })
  }
  if ((member(portfolio, 'execution') ?? null) !== null) {
    const message = 'must be left out with the strategy "volatility": its orders are market orders'
    problems.push({ path: `${path}.execution`, message })
  }
  const broker = textOf(member(member(portfolio, 'broker'), 'kind')) ?? 'paper'
  if (broker !== 'paper') {
    const message = `must be "paper" with the strategy "volatility", was "${broker}"`
    problems.push({ path: `${path}.broker.kind`, message })
  }
  return problems
}

function namesOfAssets(portfolio: unknown, path: string): ConfigurationProblem[] {
  const names = listOf(member(portfolio, 'assets')).map((asset) => textOf(member(asset, 'name')))
  if (names.length === 0) {
    return [{ path: `${path}.assets`, message: 'is required: the assets that the cells trade' }]
  }
  return repeated(names, (index) => `${path}.assets[${index}].name`)
}

function contradictionsOfCells(portfolio: unknown, path: string): ConfigurationProblem[] {
  const assets = listOf(member(portfolio, 'assets')).flatMap((asset) => textOf(member(asset, 'name')) ?? [])
  const cells = listOf(member(member(portfolio, 'strategy'), 'cells'))
  const named = cells.map((cell) => textOf(member(cell, 'asset')))
  const place = (index: number) => `${path}.strategy.cells[${index}]`
  const unknown = named.flatMap((name, index) => {
    if (name === null || assets.includes(name)) return []
    const message = `must be one of the assets ${assets.join(', ')}, was "${name}"${didYouMean(name, assets)}`
    return [{ path: `${place(index)}.asset`, message }]
  })
  const idle = assets.flatMap((name, index) =>
    named.includes(name)
      ? []
      : [{ path: `${path}.assets[${index}]`, message: `${name} has no cell in strategy.cells` }],
  )
  return [
    ...unknown,
    ...(cells.length === 0 ? [] : idle),
    ...repeated(named, (index) => `${place(index)}.asset`),
    ...tooMuchCash(portfolio, cells, path),
  ]
}

/** Cash that is nowhere cannot be a cell's own. */
function tooMuchCash(portfolio: unknown, cells: readonly unknown[], path: string): ConfigurationProblem[] {
  const amounts = cells.map((cell) => amountOf(member(cell, 'cash')))
  if (amounts.includes(null)) return []
  const sum = amounts.reduce((total, amount) => total!.plus(amount!), ZERO)!
  const deposit = amountOf(member(portfolio, 'initialDeposit') ?? '10000000')
  if (deposit === null || !deposit.isLessThan(sum)) return []
  const message = `the cells are to start with ${sum} together, and the initialDeposit is ${deposit}`
  return [{ path: `${path}.strategy.cells`, message }]
}

function amountOf(value: unknown) {
  if (typeof value === 'number' && Number.isFinite(value)) return decimal(value)
  return typeof value === 'string' ? parseDecimal(value) : null
}
