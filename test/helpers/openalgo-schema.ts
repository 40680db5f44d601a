/** Fields that an endpoint takes; those with true it must be given. Any other field is refused. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  placeorder: {
    ...{ strategy: true, symbol: true, exchange: true, action: true, quantity: true },
    ...{ pricetype: false, product: false, price: false, trigger_price: false },
    ...{ disclosed_quantity: false, underlying_ltp: false },
  },
  modifyorder: {
    ...{ strategy: true, symbol: true, exchange: true, orderid: true, action: true, product: true },
    ...{ pricetype: true, price: true, quantity: true, disclosed_quantity: true, trigger_price: true },
  },
  margin: { positions: true },
  cancelorder: { strategy: true, orderid: true },
  orderstatus: { strategy: true, orderid: true },
  quotes: { symbol: true, exchange: true },
  symbol: { symbol: true, exchange: true },
  expiry: { symbol: true, exchange: true, instrumenttype: true },
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  action: ['BUY', 'SELL', 'buy', 'sell'],
  product: ['MIS', 'NRML', 'CNC'],
  pricetype: ['MARKET', 'LIMIT', 'SL', 'SL-M'],
}

/**
 * Returns what OpenAlgo says of a request's fields: the text of a Python dictionary for orders, an object for what is
 * read; null when they are in order.
 */
export function validateOpenAlgo(
  endpoint: string,
  body: Readonly<Record<string, unknown>>,
): string | object | null {
  const known = FIELDS[endpoint] ?? {}
  const problems: Record<string, string[]> = {}
  for (const name of Object.keys(body)) if (!(name in known)) problems[name] = ['Unknown field.']
  for (const [name, isRequired] of Object.entries(known)) {
    const value = body[name]
    const choices = CHOICES[name]
    if (value === undefined && isRequired) problems[name] = ['Missing data for required field.']
    if (value !== undefined && choices !== undefined && !choices.includes(String(value))) {
      problems[name] = [`Must be one of: ${choices.join(', ')}.`]
    }
  }
  if (endpoint === 'placeorder' && !(Number(body.quantity) > 0) && problems.quantity === undefined) {
    problems.quantity = ['Quantity must be a positive number.']
  }
  if (Object.keys(problems).length === 0) return null
  if (!endpoint.endsWith('order')) return problems
  const told = Object.entries(problems).map(([name, [text]]) => `'${name}': ['${text}']`)
  return `{${told.join(', ')}}`
}
