import type { AllocationReport, PlannedPosition } from '../../core/strategies/allocation/allocation-report.js'
import { formatMoney, formatNumber } from '../cli/format.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'

/** A plan as /v1 answers it, and as decisions record it. */
export type ShownPlan = Omit<AllocationReport, 'kind' | 'overrides'>

/** Returns a plan for people: what it is worth, a line for each position with its metrics, and a table of its orders. */
export function describePlan(plan: ShownPlan, style: Style): string {
  const { currency, equity, cash, mode, cashPct, funding, margin } = plan
  const head = [
    `weights ${mode}, equity ${formatMoney(equity, currency)}, cash ${formatMoney(cash, currency)}`,
    ...(margin === null
      ? []
      : [
          `margin ${formatMoney(margin.used, currency)} of ${formatMoney(margin.maximum, currency)} (${margin.level}${margin.isWithin ? '' : ', beyond its limit'})`,
        ]),
  ]
  const positions = plan.positions.flatMap((position) => positionLines(position, currency))
  const money = shareLine(currency, {
    ...{ currentPct: cashPct.current, expectedPct: cashPct.expected, targetPct: cashPct.target },
  })
  const funded =
    funding.outcome === 'full'
      ? []
      : [
          `buys cost ${formatMoney(funding.required, currency)}, there is ${formatMoney(funding.available, currency)}: they are made smaller`,
        ]
  return `${[...head, ...positions, money, ...funded].join('\n')}\n\n${ordersTable(plan, style)}`
}

/** Returns the lines of a position, as the Tinkoff ETF balancer writes them: the change, then what its fund is worth. */
export function positionLines(position: PlannedPosition, currency: string): string[] {
  const { symbol, metrics } = position
  const { aum, marketCap, decorrelation } = metrics
  const lines = [shareLine(symbol, position)]
  if (aum !== null)
    lines.push(`  AUM: ${short(aum.value)} ${currency} (${plain(aum.percentage)}% of portfolio AUM)`)
  if (marketCap !== null) {
    const part = plain(marketCap.percentage)
    lines.push(`  Market Cap: ${short(marketCap.value)} ${currency} (${part}% of portfolio cap)`)
  }
  if (decorrelation !== null) {
    const { value, interpretation } = decorrelation
    lines.push(`  Decorrelation: ${value < 0 ? '' : '+'}${plain(value)}% (${interpretation})`)
  }
  return lines
}

type Shares = Pick<PlannedPosition, 'currentPct' | 'expectedPct' | 'targetPct'>

function shareLine(symbol: string, { currentPct, expectedPct, targetPct }: Shares): string {
  const [before, after, target] = [currentPct, expectedPct, targetPct].map((pct) => pct.toFixed(2))
  const change = Number(after) - Number(before)
  return `${symbol}: ${change < 0 ? '' : '+'}${change.toFixed(2)}%: ${before}% -> ${after}% (${target}%)`
}

function ordersTable({ positions, currency }: ShownPlan, style: Style): string {
  const columns = [
    { title: 'asset' },
    { title: 'price', align: 'right' },
    { title: 'held', align: 'right' },
    { title: 'value', align: 'right' },
    { title: 'target', align: 'right' },
    { title: 'difference', align: 'right' },
    { title: 'order' },
    { title: 'worth', align: 'right' },
  ] as const
  const rows = positions.map(({ symbol, price, quantity, value, target, difference, order, held }) => [
    symbol,
    formatNumber(price, currency, 8),
    formatNumber(quantity, currency, 8),
    formatMoney(value, currency),
    formatMoney(target, currency),
    formatMoney(difference, currency),
    order === null ? style.faint(held ?? '') : orderText(order, currency),
    order === null ? null : formatMoney(order.value, currency),
  ])
  return formatTable(columns, rows, style)
}

function orderText({ side, quantity, limitPrice }: NonNullable<PlannedPosition['order']>, currency: string) {
  const limit = limitPrice === null ? '' : ` at ${formatNumber(limitPrice, currency, 8)}`
  return `${side} ${formatNumber(quantity, currency, 8)}${limit}`
}

/** 2500000000 is 2.5B. */
function short(value: number): string {
  for (const [unit, size] of [
    ['B', 1e9],
    ['M', 1e6],
    ['K', 1e3],
  ] as const) {
    if (Math.abs(value) >= size) return `${plain(value / size)}${unit}`
  }
  return plain(value)
}

function plain(value: number): string {
  return String(Number(value.toFixed(1)))
}
