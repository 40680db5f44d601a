/** Fields that HTTP and the tables carry as decimal digits. A price is one where it is an order's or a fill's. */
const exactFields: ReadonlySet<string> = new Set([
  ...['lots', 'filledLots', 'limitPrice', 'averagePrice', 'price', 'amount', 'fee', 'fees'],
  ...['realizedPnl', 'unrealizedPnl', 'deposited', 'closedEquity', 'closed', 'open', 'blended', 'high'],
  ...['used', 'reserved', 'available', 'required', 'maximum', 'transferCost'],
  ...[
    'equity',
    'cash',
    'cashTarget',
    'quantity',
    'averageCost',
    'value',
    'wantedValue',
    'target',
    'difference',
  ],
  ...['valueToTrade', 'valueTraded', 'filled', 'filledValue'],
])
const digits = /^-?\d+(\.\d+)?$/

/** Returns `value` with the digits of exact fields as numbers: what a command prints as JSON has numbers only. */
export function withNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNumbers)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, field]) => {
    const isExact = typeof field === 'string' && exactFields.has(name) && digits.test(field)
    return [name, isExact ? Number(field) : withNumbers(field)]
  })
  return Object.fromEntries(entries)
}
