/** A rule that an order had to pass, with what was measured and what the rule allows. */
export interface Gate {
  /** The rule's code; when the gate is shut it is also the reason. */
  readonly gate: GateCode
  readonly passed: boolean
  readonly measured: number | string | null
  readonly limit: number | string | null
}

/** Every rule that an entry, a pyramid or its order can meet. */
export type GateCode =
  | 'TRADING_STATE'
  | 'INSTRUMENT_LOCKED'
  | 'STALE'
  | 'FUTURE'
  | 'ER_INVALID'
  | 'NO_ATR'
  | 'STOP_NOT_BELOW_PRICE'
  | 'NOT_FLAT'
  | 'ORDER_AT_WORK'
  | 'NO_BASE'
  | 'MAX_PYRAMIDS'
  | 'ONE_R'
  | 'ATR_SPACING'
  | 'NO_PROFIT'
  | 'HEAT_CAP'
  | 'VOLATILITY_CAP'
  | 'MARGIN_CAP'
  | 'BELOW_ONE_LOT'
  | 'ORDER_VALUE'
  | 'ORDERS_PER_DAY'
  | 'ORDERS_PER_SECOND'
  | 'DUPLICATE_ORDER'
  | 'PRICE_COLLAR'
  | 'SESSION'
  | 'SCOUT_CONSISTENT'
  | 'CONDITIONS'
  | 'PRE_CLOSE_TIME'
  | 'QUOTE_AGE'
  | 'PRICE_DIVERGENCE'
  | 'ABOVE_STOP'
  | 'AWAITING_APPROVAL'
  | 'APPROVAL_TIME'
  | 'APPROVAL_PRICE'

/** Returns a gate that lets `measured` pass up to `limit`, inclusive. NaN does not pass. */
export function atMost(gate: GateCode, measured: number, limit: number): Gate {
  return { gate, passed: measured <= limit, measured, limit }
}

/** Returns a gate that lets `measured` pass from `limit` on, inclusive. NaN does not pass. */
export function atLeast(gate: GateCode, measured: number, limit: number): Gate {
  return { gate, passed: measured >= limit, measured, limit }
}

/** Returns a gate that lets `measured` pass above `limit` only. NaN does not pass. */
export function above(gate: GateCode, measured: number, limit: number): Gate {
  return { gate, passed: measured > limit, measured, limit }
}

/** Returns a gate on something that is not a number. */
export function must(
  gate: GateCode,
  passed: boolean,
  measured: number | string | null,
  limit: string | null,
): Gate {
  return { gate, passed, measured, limit }
}

/** Returns the codes of the gates that are shut, in their order. */
export function shutGates(gates: readonly Gate[]): GateCode[] {
  const shut: GateCode[] = []
  for (const gate of gates) if (!gate.passed) shut.push(gate.gate)
  return shut
}
