import { escapeHtml } from './notice-message.js'

/** What the admin listener tells about a portfolio, as far as it is told on. */
interface PortfolioAnswer {
  readonly id: string
  readonly currency: string
  readonly phase: string
  readonly tradingState: string
  readonly tradingStateReason: string
  readonly openPositions: number
  readonly equity: { readonly closed: string; readonly open: string }
  readonly heat: UsageAnswer
  readonly volatility: UsageAnswer
  readonly margin: UsageAnswer
}

interface UsageAnswer {
  readonly percent: number
  readonly capPercent: number
}

interface PositionAnswer {
  readonly instrument: string
  readonly unit: number
  readonly label: string | null
  readonly state: string
  readonly lots: string
  readonly averagePrice: string | null
  readonly stop: number
}

interface ApprovalAnswer {
  readonly id: string
  readonly kind: string
  readonly instrument: string
  readonly lots: string
  readonly price: number
  readonly stop: number
  readonly expiresAt: string
}

interface ListAnswer<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** Returns how a portfolio stands, as HTML. */
export function describePortfolio(answer: unknown, approvals: unknown): string {
  const found = answer as PortfolioAnswer
  const { id, currency, phase, tradingState, tradingStateReason, openPositions, equity } = found
  const why = tradingState === 'active' ? '' : ` (${tradingStateReason})`
  const usage = ({ percent, capPercent }: UsageAnswer) => `${percent.toFixed(2)} of ${capPercent} %`
  const waiting = approvals === null ? 0 : (approvals as ListAnswer<unknown>).items.length
  const lines = [
    `<b>${escapeHtml(id)}</b> ${phase}, trading ${tradingState}${escapeHtml(why)}`,
    `equity ${equity.closed} ${currency}, with what is open ${equity.open}`,
    `heat ${usage(found.heat)}, volatility ${usage(found.volatility)}, margin ${usage(found.margin)}`,
    `${openPositions} positions open${waiting === 0 ? '' : `, ${waiting} waiting: /approve`}`,
  ]
  return lines.join('\n')
}

/** Returns what a portfolio holds, as HTML. */
export function describePositions(id: string, answer: unknown): string {
  const { items, next } = answer as ListAnswer<PositionAnswer>
  const lines = items.map(({ instrument, unit, label, state, lots, averagePrice, stop }) => {
    const named = label === null ? '' : ` ${label}`
    const entered = averagePrice === null ? '' : ` at ${averagePrice}`
    return escapeHtml(`${instrument} ${unit}${named}: ${lots} lots${entered}, stop ${stop}, ${state}`)
  })
  return listOf(id, lines, { next, none: 'holds nothing' })
}

/** Returns what waits for an approval in a portfolio, as HTML. */
export function describeWaiting(id: string, answer: unknown): string {
  const { items, next } = answer as ListAnswer<ApprovalAnswer>
  const lines = items.map(({ id: approval, kind, instrument, lots, price, stop, expiresAt }) => {
    const what = escapeHtml(
      `${kind} ${instrument}, ${lots} lots at ${price}, stop ${stop}, until ${expiresAt}`,
    )
    return `<code>${escapeHtml(approval)}</code> ${what}`
  })
  return listOf(id, lines, { next, none: 'waits for no approval' })
}

function listOf(
  id: string,
  lines: readonly string[],
  { next, none }: { readonly next: string | null; readonly none: string },
): string {
  if (lines.length === 0) return `<b>${escapeHtml(id)}</b> ${none}`
  const more = next === null ? [] : ['there are more']
  return [`<b>${escapeHtml(id)}</b>`, ...lines.slice(0, 30), ...more].join('\n')
}
