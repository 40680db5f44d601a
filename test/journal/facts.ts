import fc from 'fast-check'
import type { Alert } from '../../core/alert/alert.js'
import { Decimal } from '../../core/decimal.js'
import type { EventType, PortfolioEvent } from '../../core/event.js'
import type { Input, InputType } from '../../core/input.js'
import type { OrderReport } from '../../core/order/report.js'
import { baseEntry, exitAll, marketData, scout } from '../helpers/alerts.js'
import { settings } from '../helpers/settings.js'

type Event<T extends EventType> = Extract<PortfolioEvent, { type: T }>
type In<T extends InputType> = Extract<Input, { type: T }>

const text = fc.string({ unit: 'grapheme' })
const textOrNull = fc.option(text, { nil: null })
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const numberOrNull = fc.option(number, { nil: null })
const instant = fc.integer({ min: 0, max: 4_102_444_800_000 })
const count = fc.nat({ max: 1000 })
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), fc.nat({ max: 12 }))
  .map(([coefficient, scale]) => new Decimal(coefficient, scale))
const measure = fc.oneof(number, text, fc.constant(null))
const side = fc.constantFrom('buy', 'sell')
const state = fc.constantFrom('active', 'reducing', 'halted', 'frozen')

const breakAction = fc.constantFrom('adopt', 'book', 'ignore')
const lotsByName = fc.dictionary(fc.stringMatching(/^[A-Z_]{1,12}$/), decimal)

const foundBreak = fc.record({
  id: text,
  class: fc.constantFrom('match', 'ghost', 'orphan', 'quantity', 'side', 'unknownOrder', 'external'),
  instrument: text,
  orderId: textOrNull,
  side: fc.option(side, { nil: null }),
  ours: decimal,
  theirs: decimal,
  averagePrice: fc.option(decimal, { nil: null }),
  since: instant,
  isConfirmed: fc.boolean(),
})

const quote = fc.record(
  { price: number, observedAt: instant, freeMargin: number, bid: number, ask: number, last: number },
  { requiredKeys: ['price', 'observedAt'] },
)

const gate = fc.record({
  gate: fc.constant('STALE'),
  passed: fc.boolean(),
  measured: measure,
  limit: measure,
})

const decision = fc.record({
  id: text,
  inputId: text,
  at: instant,
  kind: fc.constantFrom('entry', 'stop', 'cash'),
  instrument: textOrNull,
  outcome: fc.constantFrom('approved', 'blocked', 'ignored'),
  reasons: fc.array(text, { maxLength: 3 }),
  gates: fc.array(gate, { maxLength: 4 }),
  sizing: fc.option(
    fc.record({ kind: fc.constant('entry'), riskLots: number, constraints: fc.array(text) }),
    {
      nil: null,
    },
  ),
  boundBy: fc.constantFrom('risk', 'margin', null),
  lots: number,
  price: numberOrNull,
  stop: numberOrNull,
  positionIds: fc.array(text, { maxLength: 2 }),
  notes: fc.array(text, { maxLength: 2 }),
  versions: fc.record({ configuration: text, calendar: textOrNull }),
})

const runOrderChange = {
  symbol: text,
  quantity: decimal,
  price: decimal,
  orderId: textOrNull,
  attempt: count,
  skipped: textOrNull,
}

const trigger = fc.constantFrom('scheduled', 'manual')

const allocationRun = fc.record({
  id: text,
  decisionId: text,
  trigger,
  startedAt: instant,
  style: fc.constantFrom('market', 'limit'),
  spendable: decimal,
  feePct: number,
  pauseMs: count,
  maxDriftBps: numberOrNull,
  orders: fc.array(
    fc.record({
      ...runOrderChange,
      side,
      difference: decimal,
      target: decimal,
      limitPrice: fc.option(decimal, { nil: null }),
    }),
    { maxLength: 2 },
  ),
  notBefore: instant,
})

const endedRun = fc.record({
  id: text,
  decisionId: text,
  trigger,
  startedAt: instant,
  endedAt: instant,
  outcome: fc.constantFrom('executed', 'partial', 'failed', 'nothing', 'halted', 'dryRun'),
  reason: textOrNull,
  planned: count,
  executed: count,
  failed: count,
  skipped: count,
  open: count,
  valueTraded: decimal,
  fees: decimal,
  orders: fc.array(
    fc.record({
      symbol: text,
      side,
      quantity: decimal,
      filled: decimal,
      filledValue: decimal,
      fate: fc.constantFrom('filled', 'partiallyFilled', 'unfilled', 'failed', 'skipped', 'dryRun'),
      orderId: textOrNull,
      reason: textOrNull,
    }),
    { maxLength: 2 },
  ),
})

const metrics = fc.array(
  fc.record({
    symbol: text,
    source: text,
    marketCap: numberOrNull,
    aum: numberOrNull,
    observedAt: instant,
  }),
  { maxLength: 2 },
)

const rollTerms = fc.record({
  from: text,
  soldAt: number,
  rolledBy: number,
  initialStopBelow: number,
  highestCloseAbove: number,
  heldSince: instant,
})

const plan = fc.record(
  {
    number: count,
    label: textOrNull,
    stopDistance: number,
    atr: number,
    pointValue: number,
    marginPerLot: number,
    roll: rollTerms,
  },
  { requiredKeys: ['number', 'label', 'stopDistance', 'atr', 'pointValue', 'marginPerLot'] },
)

const roll = fc.record({
  date: text,
  decisionId: text,
  from: text,
  to: text,
  steps: fc.array(
    fc.record({
      positionId: text,
      phase: fc.constantFrom('waiting', 'out', 'in', 'done', 'failed', 'dropped'),
      entryOrderId: textOrNull,
    }),
    { maxLength: 2 },
  ),
  outcome: fc.constantFrom('rolled', 'incomplete', 'closedOnly', null),
})

const run = fc.record({
  closesAt: instant,
  phase: fc.constantFrom('monitor', 'decide', 'place', 'market', 'end'),
  plan: fc.option(
    fc.record({
      decisionId: text,
      unitNumber: count,
      lots: count,
      price: number,
      stop: number,
      stopDistance: number,
      atr: number,
      pointValue: number,
      marginPerLot: number,
    }),
    { nil: null },
  ),
  entryDecisionId: textOrNull,
  entryUnit: count,
  entryLots: count,
  exits: fc.array(fc.record({ positionId: text, label: textOrNull }), { maxLength: 2 }),
  isRefused: fc.boolean(),
  outcome: fc.constantFrom('nothing', 'refused', 'entered', 'exited', 'partial', 'unfilled', 'missed', null),
  detail: textOrNull,
})

const approvalRequest = fc.record({
  id: text,
  decisionId: text,
  instrument: text,
  unitNumber: count,
  lots: count,
  price: number,
  stop: number,
  priceBandPct: number,
  askedAt: instant,
  expiresAt: instant,
  closesAt: fc.option(instant, { nil: null }),
  alert: number.map((price) => baseEntry('GOLD_MINI', price, 1)),
})

const calendar = fc.record({ version: text, exchanges: fc.constant({}) })

const configured = { hash: text, settings: fc.constant(settings()) }
const fill = { orderId: text, tradeId: text, lots: decimal, price: decimal, fee: decimal, at: instant }

const date = fc.constantFrom('2026-01-05', '2026-12-31')
const share = fc.constantFrom(new Decimal(25n, 2), new Decimal(0n, 0))
const dividend = { instrument: text, dividendId: text, at: instant }
const due = { gross: decimal, withheld: decimal, net: decimal }
const anchor = fc.option(decimal, { nil: null })

const cellEventFields = {
  CellOpened: { instrument: text, zone: fc.constant('America/New_York'), cash: decimal, at: instant },
  CellFunded: { instrument: text, decisionId: text, amount: decimal, at: instant },
  CellAnchored: {
    instrument: text,
    anchor: decimal,
    cause: fc.constantFrom('firstPrice', 'fill', 'operator'),
    orderId: textOrNull,
    at: instant,
  },
  CellHalted: { instrument: text, reason: text, at: instant },
  CellOrdered: {
    instrument: text,
    orderId: text,
    attempt: fc.option(count, { nil: null }),
    notional: decimal,
    commissionRate: decimal,
    at: instant,
  },
  DividendAnnounced: {
    ...dividend,
    decisionId: text,
    perShare: decimal,
    withholdingRate: share,
    exDate: date,
    payDate: date,
  },
  DividendWentEx: { ...dividend, shares: decimal, ...due, anchor },
  DividendPaid: { ...dividend, net: decimal },
  DividendCorrected: {
    ...dividend,
    decisionId: text,
    perShare: decimal,
    withholdingRate: share,
    payDate: date,
    due: fc.option(fc.record(due), { nil: null }),
    anchor,
    reason: text,
  },
  SharesSplit: {
    instrument: text,
    splitId: text,
    decisionId: text,
    ratio: decimal,
    shares: decimal,
    anchor,
    at: instant,
  },
}

/** Arbitrary events of every type; the total map keeps it from lagging behind the union. */
const eventFields: {
  readonly [T in EventType]: { [K in keyof Omit<Event<T>, 'type'>]: fc.Arbitrary<unknown> }
} = {
  ConfigurationApplied: configured,
  CalendarApplied: { calendar },
  DecisionMade: { decision },
  ApprovalRequested: { request: approvalRequest },
  ApprovalClosed: {
    approvalId: text,
    decisionId: text,
    instrument: text,
    outcome: fc.constantFrom('approved', 'refused', 'rejected', 'expired', 'withdrawn'),
    reason: text,
    answerId: textOrNull,
    at: instant,
  },
  OrderInitialized: {
    orderId: text,
    decisionId: text,
    positionId: text,
    instrument: text,
    side,
    purpose: fc.constantFrom('entry', 'pyramid', 'exit', 'peelOff', 'stop', 'rebalance'),
    orderType: fc.constantFrom('market', 'limit', 'stop'),
    lots: decimal,
    limitPrice: fc.option(decimal, { nil: null }),
    referencePrice: number,
    at: instant,
    triggerPrice: decimal,
    chase: fc.record({ parentId: text, step: count, referencePrice: number }),
    contractMonth: text,
    unit: fc.option(plan, { nil: null }),
    leg: fc.record({
      of: text,
      kind: fc.constantFrom('call', 'put'),
      strike: number,
      expiry: text,
      isRollback: fc.boolean(),
    }),
  },
  OrderDenied: { orderId: text, reason: text, at: instant },
  OrderSubmitted: { orderId: text, attempt: count, at: instant },
  OrderAccepted: { orderId: text, venueOrderId: text },
  OrderRejected: { orderId: text, code: text, message: text, at: instant },
  OrderUnresolved: { orderId: text, cause: text },
  OrderProvenAbsent: { orderId: text },
  OrderFilled: fill,
  OrderCancelRequested: { orderId: text, reason: text },
  OrderCanceled: { orderId: text, reason: text, at: instant },
  OrderExpired: { orderId: text, at: instant },
  LegsOpened: { orderId: text, strike: number, expiry: text, pointValue: number, at: instant },
  LegUnwound: { orderId: text, side: fc.constantFrom('bought', 'sold'), lots: decimal, at: instant },
  LegsImbalanced: { orderId: text, lots: decimal, at: instant },
  LegsSettled: { orderId: text, at: instant },
  UnitOpened: {
    positionId: text,
    orderId: text,
    instrument: text,
    number: count,
    label: textOrNull,
    stop: number,
    at: instant,
  },
  UnitLabelled: { positionId: text, label: text },
  PreCloseAdvanced: { instrument: text, run, at: instant },
  RollAdvanced: { instrument: text, run: roll, at: instant },
  UnitClosed: { positionId: text, realizedPnl: decimal, at: instant },
  StopRaised: { positionId: text, stop: number, highestClose: number },
  ExitRequested: { positionId: text, decisionId: text, reason: text },
  ExitLatched: { instrument: text, orderId: text, decisionId: text, reason: text },
  StopDelayed: { positionId: text, notBefore: instant },
  PeelOffDelayed: { positionId: text, decisionId: text, lots: decimal },
  ExitDelayed: { positionId: text, notBefore: instant },
  LedgerPosted: {
    kind: fc.constantFrom('deposit', 'withdrawal', 'realizedPnl', 'fee', 'dividend', 'tax'),
    amount: decimal,
    at: instant,
    orderId: textOrNull,
    positionId: textOrNull,
    note: textOrNull,
  },
  TradingStateChanged: { state, reason: text, at: instant },
  InstrumentLocked: { instrument: text, reason: text, at: instant, breakId: text },
  InstrumentUnlocked: { instrument: text, reason: text },
  BreakSettled: {
    decisionId: text,
    action: breakAction,
    settled: foundBreak,
    reason: text,
    at: instant,
  },
  UnitAdopted: {
    positionId: text,
    decisionId: text,
    instrument: text,
    number: count,
    lots: decimal,
    price: decimal,
    stop: number,
    stopDistance: number,
    atr: number,
    pointValue: number,
    at: instant,
  },
  HoldingAdopted: { instrument: text, decisionId: text, quantity: decimal, price: decimal, at: instant },
  HoldingGivenUp: { instrument: text, decisionId: text, quantity: decimal, price: decimal, at: instant },
  LotsGivenUp: { positionId: text, decisionId: text, lots: decimal, price: decimal, at: instant },
  AlarmRaised: {
    code: fc.constantFrom('OVERFILL', 'PRICE_SUSPECT'),
    severity: fc.constantFrom('warning', 'critical'),
    instrument: textOrNull,
    subject: textOrNull,
    message: text,
    at: instant,
  },
  ...cellEventFields,
  AllocationRunStarted: { run: allocationRun },
  AllocationAdvanced: {
    runId: text,
    changes: fc.array(fc.record(runOrderChange), { maxLength: 2 }),
    notBefore: instant,
  },
  AllocationRunEnded: { ended: endedRun, counts: fc.boolean(), updatesResult: fc.boolean() },
  FundMetricsApplied: { metrics },
}

const alert: fc.Arbitrary<Alert> = fc.oneof(
  fc
    .record({ price: number, er: fc.constantFrom(0.5, 'NaN', null), label: textOrNull })
    .map((changes) => baseEntry('GOLD_MINI', 1, 1, changes as never)),
  fc
    .record({ label: text, flags: fc.array(text), price: numberOrNull })
    .map((changes) => exitAll('COPPER', changes)),
  number.map((price) => marketData('COPPER', price, 8)),
  number.map((price) => scout('BANK_NIFTY', price)),
)

const report: fc.Arbitrary<OrderReport> = fc.oneof(
  fc.record({ kind: fc.constant('accepted' as const), orderId: text, venueOrderId: text }),
  fc.record({ kind: fc.constant('rejected' as const), orderId: text, code: text, message: text }),
  fc.record({ kind: fc.constant('unresolved' as const), orderId: text, cause: text }),
  fc.record({ kind: fc.constant('absent' as const), orderId: text }),
  fc.record({ kind: fc.constant('canceled' as const), orderId: text, reason: text }),
  fc.record({ kind: fc.constant('expired' as const), orderId: text }),
  fc.record({ kind: fc.constant('fill' as const), ...fill }),
)

const observedPrice = fc.record({ instrument: text, price: number, observedAt: instant })

const command = fc.oneof(
  fc.record({
    kind: fc.constant('evaluate'),
    instruments: fc.option(fc.array(text, { maxLength: 2 }), { nil: null }),
    prices: fc.array(observedPrice, { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('setAnchor'), instrument: text, price: decimal, reason: text }),
  fc.record({ kind: fc.constant('cellOrder'), instrument: text, side, shares: decimal, reason: text }),
  fc.record({ kind: fc.constant('fundCell'), instrument: text, amount: decimal, reason: text }),
  fc.record({
    kind: fc.constant('announceDividend'),
    instrument: text,
    perShare: decimal,
    withholdingRate: share,
    exDate: date,
    payDate: date,
  }),
  fc.record({ kind: fc.constantFrom('goExDividend', 'payDividend'), instrument: text, exDate: date }),
  fc.record({
    kind: fc.constant('correctDividend'),
    instrument: text,
    exDate: date,
    perShare: fc.option(decimal, { nil: null }),
    withholdingRate: fc.option(share, { nil: null }),
    payDate: fc.option(date, { nil: null }),
    reason: text,
  }),
  fc.record({ kind: fc.constant('splitShares'), instrument: text, exDate: date, ratio: decimal }),
  fc.record({
    kind: fc.constant('exit'),
    target: fc.oneof(
      fc.record({ instrument: text }),
      fc.record({ positionId: text }),
      fc.constant({ all: true as const }),
    ),
    reason: text,
  }),
  fc.record({ kind: fc.constant('tradingState'), state, reason: text }),
  fc.record({
    kind: fc.constant('cash'),
    movement: fc.constantFrom('deposit', 'withdrawal'),
    amount: decimal,
    note: textOrNull,
  }),
  fc.record({ kind: fc.constant('unlock'), instrument: text, reason: text }),
  fc.record({
    kind: fc.constant('answerApproval'),
    approvalId: text,
    isApproved: fc.boolean(),
    reason: text,
    quote: fc.option(fc.record({ price: number, observedAt: instant }), { nil: null }),
  }),
  fc.record({
    kind: fc.constant('settleBreak'),
    breakId: text,
    action: breakAction,
    price: fc.option(decimal, { nil: null }),
    stop: numberOrNull,
    lots: fc.option(decimal, { nil: null }),
    fee: fc.option(decimal, { nil: null }),
    reason: text,
  }),
  fc.record({
    kind: fc.constant('rebalance'),
    isDryRun: fc.boolean(),
    targetWeights: fc.option(fc.array(fc.record({ symbol: text, pct: number }), { maxLength: 2 }), {
      nil: null,
    }),
    threshold: fc.option(decimal, { nil: null }),
    maxOrders: numberOrNull,
    quotes: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,12}$/), quote),
  }),
)

const inputFields: {
  readonly [T in InputType]: { [K in keyof Omit<In<T>, 'type' | 'id' | 'at'>]: fc.Arbitrary<unknown> }
} = {
  AlertAdmitted: {
    alert,
    conflict: fc.boolean(),
    quote: fc.option(quote, { nil: null }),
    receivedAt: instant,
  },
  BarClosed: { instrument: text, close: number, atr: numberOrNull, barAt: instant },
  PricesObserved: { prices: fc.array(observedPrice, { maxLength: 3 }) },
  OrdersDue: { orderIds: fc.array(text, { maxLength: 3 }), resendIds: fc.array(text, { maxLength: 2 }) },
  BrokerReported: { reports: fc.array(report, { maxLength: 3 }) },
  AccountObserved: { positions: lotsByName, averagePrices: lotsByName },
  VenueOrdersObserved: {
    external: fc.array(fc.record({ venueOrderId: text, instrument: text, side, lots: decimal }), {
      maxLength: 2,
    }),
    missing: fc.array(text, { maxLength: 2 }),
  },
  TimerFired: { quotes: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,12}$/), quote) },
  OperatorCommanded: { command },
  ConfigurationActivated: configured,
  CalendarImported: { calendar },
  PreCloseDue: {
    closesAt: instant,
    phase: fc.constantFrom('monitor', 'decide', 'place', 'market', 'end'),
    instruments: fc.array(text, { maxLength: 2 }),
    quotes: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,12}$/), quote),
  },
  RollDue: {
    date: text,
    instruments: fc.array(text, { maxLength: 2 }),
    overdue: fc.array(text, { maxLength: 2 }),
  },
  AllocationDue: { quotes: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,12}$/), quote) },
  MetricsImported: { metrics },
  InputFailed: { failedInputId: text, instrument: textOrNull, error: text },
}

type AnyFields = Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown>>>>>

function anyOf(fields: AnyFields, shared: Readonly<Record<string, fc.Arbitrary<unknown>>>) {
  const each = Object.entries(fields).map(([type, own]) =>
    fc.record<unknown>({ type: fc.constant(type), ...shared, ...own }),
  )
  return fc.oneof(...each)
}

/** Events of every type, each type as often. */
export const anyEvent = anyOf(eventFields, {}) as fc.Arbitrary<PortfolioEvent>

/** Inputs of every type, each type as often. */
export const anyInput = anyOf(inputFields, { id: text, at: instant }) as fc.Arbitrary<Input>

/** The names that the arbitraries cover. */
export const covered = { events: Object.keys(eventFields), inputs: Object.keys(inputFields) }
