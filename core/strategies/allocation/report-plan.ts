import { type Decimal, ZERO } from '../../decimal.js'
import { type Portfolio, settingsOf } from '../../portfolio/portfolio.js'
import type { AllocationReport, PlannedPosition, RunOverrides } from './allocation-report.js'
import { marginOf } from './allocation-rules.js'
import type { AllocationSettings } from './allocation-settings.js'
import { marginUse } from './borrowing.js'
import { percentOf } from './percent.js'
import type { PlannedOrder } from './plan.js'
import type { PlannedRun } from './plan-allocation.js'
import type { Member } from './valuation.js'

/** What a report tells besides the plan. */
export interface ReportRequest {
  readonly settings: AllocationSettings
  readonly overrides: RunOverrides
  readonly isDryRun: boolean
}

/** Returns a plan as it is recorded and shown: plain JSON with every number that led to it. */
export function reportPlan(
  portfolio: Portfolio,
  planned: PlannedRun,
  { settings, overrides, isDryRun }: ReportRequest,
): AllocationReport {
  const { valuation, orders, funded, mode } = planned
  const { equity, cash, cashTarget, members } = valuation
  const bySymbol = new Map(orders.map((order) => [order.symbol, order]))
  const values = members.map((member) => expectedValue(member, bySymbol.get(member.symbol)))
  const whole = equity.toNumber()
  const shareOf = (value: Decimal): number => (value.toNumber() / whole) * 100
  const positions = describeMembers(planned, bySymbol, values.map(shareOf))
  const cashAfter = cash.minus(spentOn(orders, settings.funding.feePct))
  const margin = marginUse(equity, values, marginOf(settings))
  const deviations = members.map(({ difference }) => Math.abs(shareOf(difference)))
  return {
    ...{ kind: 'allocation', mode, isDryRun, overrides, currency: settingsOf(portfolio).currency },
    ...{ equity: `${equity}`, cash: `${cash}`, cashTarget: `${cashTarget}` },
    cashPct: { current: shareOf(cash), target: shareOf(cashTarget), expected: shareOf(cashAfter) },
    positions,
    funding: {
      available: `${funded.available}`,
      required: `${funded.required}`,
      outcome: funded.outcome,
    },
    margin:
      margin === null
        ? null
        : {
            used: `${margin.used}`,
            maximum: `${margin.limit}`,
            isWithin: margin.isWithin,
            level: margin.level,
            transferCost: `${margin.transferCost}`,
          },
    maxDeviation: deviations.reduce((most, deviation) => Math.max(most, deviation), 0),
  }
}

function describeMembers(
  { valuation, holds, metrics, funded }: PlannedRun,
  orders: ReadonlyMap<string, PlannedOrder>,
  expected: readonly number[],
): PlannedPosition[] {
  const reasons = new Map(holds.map(({ symbol, reason }) => [symbol, reason]))
  const cuts = new Map(funded.cuts.map((cut) => [cut.symbol, cut]))
  return valuation.members.map((member, index) => {
    const { symbol, quantity, price, value, currentPct, targetPct, target, difference } = member
    const order = orders.get(symbol)
    const { aum, marketCap, decorrelation } = metrics[index]!
    return {
      ...{ symbol, quantity: `${quantity}`, price: price.toNumber(), value: `${value}` },
      ...{ currentPct, targetPct, expectedPct: expected[index]! },
      ...{ target: `${target}`, difference: `${difference}` },
      order:
        order === undefined
          ? null
          : {
              side: order.side,
              quantity: `${order.quantity}`,
              limitPrice: order.limitPrice === null ? null : `${order.limitPrice}`,
              value: `${order.value}`,
              wantedValue: cuts.has(symbol) ? `${cuts.get(symbol)!.wanted}` : null,
            },
      held: order === undefined ? (reasons.get(symbol) ?? 'not_funded') : null,
      metrics: { aum, marketCap, decorrelation },
    }
  })
}

function expectedValue({ quantity, price, value }: Member, order: PlannedOrder | undefined): Decimal {
  if (order === undefined) return value
  const after = order.side === 'buy' ? quantity.plus(order.quantity) : quantity.minus(order.quantity)
  return after.times(price)
}

/** What buys cost less what sells bring, fees included. */
function spentOn(orders: readonly PlannedOrder[], feePct: number): Decimal {
  return orders.reduce((sum, { side, value }) => {
    const fee = percentOf(value, feePct)
    return side === 'buy' ? sum.plus(value).plus(fee) : sum.minus(value).plus(fee)
  }, ZERO)
}
