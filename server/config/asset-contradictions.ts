import { decimal, parseDecimal, ZERO } from '../../core/decimal.js'
import type { ConfigurationProblem } from './configuration-error.js'
import { didYouMean } from './did-you-mean.js'
import { listOf, member, repeated, textOf } from './raw-values.js'

/** Returns what is wrong between a portfolio's strategy and what it says it trades. */
export function contradictionsOfAssets(portfolio: unknown, at: number): ConfigurationProblem[] {
  const path = `portfolios[${at}]`
  const strategy = member(portfolio, 'strategy')
  const kind = textOf(member(strategy, 'kind')) ?? 'trend'
  if (kind === 'volatility' || kind === 'allocation') {
    return [
      ...refusedBesideAssets(portfolio, path, kind),
      ...namesOfAssets(portfolio, path),
      ...(kind === 'volatility' ? contradictionsOfCells(portfolio, path) : targetsOf(portfolio, path)),
    ]
  }
  if (listOf(member(portfolio, 'assets')).length === 0) return []
  const message =
    'go with the strategies "volatility" and "allocation"; the strategy "trend" trades instruments'
  return [{ path: `${path}.assets`, message }]
}

function refusedBesideAssets(portfolio: unknown, path: string, kind: string): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  if (member(portfolio, 'instruments') !== undefined) {
    const message = `must be left out with the strategy "${kind}": it trades assets`
    problems.push({ path: `${path}.instruments`, message })
  }
  if ((member(portfolio, 'execution') ?? null) !== null) {
    const message = `must be left out with the strategy "${kind}": its orders have a style of their own`
    problems.push({ path: `${path}.execution`, message })
  }
  const broker = textOf(member(member(portfolio, 'broker'), 'kind')) ?? 'paper'
  if (broker !== 'paper') {
    const message = `must be "paper" with the strategy "${kind}", was "${broker}"`
    problems.push({ path: `${path}.broker.kind`, message })
  }
  return problems
}

function namesOfAssets(portfolio: unknown, path: string): ConfigurationProblem[] {
  const names = listOf(member(portfolio, 'assets')).map((asset) => textOf(member(asset, 'name')))
  if (names.length === 0) {
    return [{ path: `${path}.assets`, message: 'is required: the assets that the strategy trades' }]
  }
  return repeated(names, (index) => `${path}.assets[${index}].name`)
}

/** Weights that can never be met are told when the file is read, and not by the first run. */
function targetsOf(portfolio: unknown, path: string): ConfigurationProblem[] {
  const strategy = member(portfolio, 'strategy')
  const weights = member(strategy, 'weights')
  const targets = member(weights, 'targets')
  if (typeof targets !== 'object' || targets === null) return []
  const currency = textOf(member(portfolio, 'currency')) ?? 'INR'
  const isTarget = member(strategy, 'cash') === 'target'
  const assets = listOf(member(portfolio, 'assets')).flatMap((asset) => textOf(member(asset, 'name')) ?? [])
  const known = isTarget ? [...assets, currency] : assets
  const place = `${path}.strategy.weights.targets`
  const problems = Object.keys(targets).flatMap((name) => {
    if (known.includes(name)) return []
    const isCash = name === currency
    const message = isCash
      ? `${name} is cash, which has a weight only where cash is "target"`
      : `must be one of ${known.join(', ')}, was "${name}"${didYouMean(name, known)}`
    return [{ path: `${place}.${name}`, message }]
  })
  if (isTarget && !Object.hasOwn(targets, currency))
    problems.push({ path: place, message: `must name ${currency}: cash is "target"` })
  return [...problems, ...sumOf(member(weights, 'mode') ?? 'manual', Object.values(targets), place)]
}

function sumOf(mode: unknown, weights: readonly unknown[], path: string): ConfigurationProblem[] {
  if (mode !== 'manual' && mode !== 'default') return []
  if (!weights.every((weight) => typeof weight === 'number' && Number.isFinite(weight))) return []
  const sum = weights.reduce((total: typeof ZERO, weight) => total.plus(decimal(weight as number)), ZERO)
  const off = sum.minus(decimal(100)).abs()
  if (!decimal('0.01').isLessThan(off)) return []
  return [{ path, message: `must sum to 100, give or take 0.01; they sum to ${sum}` }]
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
