import type { AlarmCode } from './alarm-code.js'
import type { Calendar } from './calendar/calendar.js'
import type { Decimal } from './decimal.js'
import type { Decision } from './decision.js'
import type { LegEvent } from './order/leg-event.js'
import type { Leg } from './order/legs.js'
import type { Chase, OrderPurpose, OrderType } from './order/order.js'
import type { AllocationEvent } from './portfolio/allocation-event.js'
import type { ApprovalOutcome, ApprovalRequest } from './portfolio/approval.js'
import type { CellEvent } from './portfolio/cell-event.js'
import type { HoldingEvent } from './portfolio/holding-event.js'
import type { PostingKind } from './portfolio/ledger.js'
import type { PreCloseRun } from './portfolio/pre-close-run.js'
import type { RollRun, RollTerms } from './portfolio/roll-run.js'
import type { Break, BreakAction } from './reconcile/break.js'
import type { TradingState } from './risk/trading-state.js'
import type { PortfolioSettings } from './settings.js'
import type { Instant } from './time.js'

/** A configuration is in force from here on; decisions name its hash. */
export interface ConfigurationApplied {
  readonly type: 'ConfigurationApplied'
  readonly hash: string
  readonly settings: PortfolioSettings
}

/** A calendar is in force from here on; decisions name its version. */
export interface CalendarApplied {
  readonly type: 'CalendarApplied'
  readonly calendar: Calendar
}

/** Something was decided: approved, blocked or ignored, with its arithmetic. */
export interface DecisionMade {
  readonly type: 'DecisionMade'
  readonly decision: Decision
}

/** An entry passed every gate, and a person is asked before it becomes an order. */
export interface ApprovalRequested {
  readonly type: 'ApprovalRequested'
  readonly request: ApprovalRequest
}

/** A question to a person is over: it was answered, nobody answered it in time, or it lost its point. */
export interface ApprovalClosed {
  readonly type: 'ApprovalClosed'
  readonly approvalId: string
  /** The decision that asked. */
  readonly decisionId: string
  readonly instrument: string
  readonly outcome: ApprovalOutcome
  readonly reason: string
  /** The decision that answers; null when nobody did. */
  readonly answerId: string | null
  readonly at: Instant
}

/** An order exists. Nothing has been sent. */
export interface OrderInitialized {
  readonly type: 'OrderInitialized'
  readonly orderId: string
  readonly decisionId: string
  readonly positionId: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly purpose: OrderPurpose
  readonly orderType: OrderType
  readonly lots: Decimal
  readonly limitPrice: Decimal | null
  readonly referencePrice: number
  readonly at: Instant
  /** Of a stop; left out where there is none. */
  readonly triggerPrice?: Decimal
  /** Left out where no step follows. */
  readonly chase?: Chase
  /** Month of the contract that it trades, YYYY-MM; left out where that is the broker's matter. */
  readonly contractMonth?: string
  /** How the unit that an entry opens was sized; null for exits. */
  readonly unit: {
    readonly number: number
    readonly label: string | null
    readonly stopDistance: number
    readonly atr: number
    readonly pointValue: number
    readonly marginPerLot: number
    /** What it takes over from the unit that it follows in another contract; left out where it follows none. */
    readonly roll?: RollTerms
  } | null
  /** What it is a part of; left out where it stands for itself. */
  readonly leg?: Leg
}

/** We refused to send an order: the trading state, a lock or its age forbade it. */
export interface OrderDenied {
  readonly type: 'OrderDenied'
  readonly orderId: string
  readonly reason: string
  readonly at: Instant
}

/** The order is about to leave, for the nth time. Recorded before the request. */
export interface OrderSubmitted {
  readonly type: 'OrderSubmitted'
  readonly orderId: string
  readonly attempt: number
  readonly at: Instant
}

/** The venue has the order. */
export interface OrderAccepted {
  readonly type: 'OrderAccepted'
  readonly orderId: string
  readonly venueOrderId: string
}

/** The venue refused the order for good. */
export interface OrderRejected {
  readonly type: 'OrderRejected'
  readonly orderId: string
  readonly code: string
  readonly message: string
  readonly at: Instant
}

/** No answer, or one that proves nothing: the order may exist. */
export interface OrderUnresolved {
  readonly type: 'OrderUnresolved'
  readonly orderId: string
  readonly cause: string
}

/** Proof that the venue does not have the order: it may be sent again under the same id. */
export interface OrderProvenAbsent {
  readonly type: 'OrderProvenAbsent'
  readonly orderId: string
}

/** A trade of the order, exactly as the broker reports it. */
export interface OrderFilled {
  readonly type: 'OrderFilled'
  readonly orderId: string
  readonly tradeId: string
  readonly lots: Decimal
  readonly price: Decimal
  readonly fee: Decimal
  readonly at: Instant
}

/** We want the venue to cancel the order; it may still fill. */
export interface OrderCancelRequested {
  readonly type: 'OrderCancelRequested'
  readonly orderId: string
  /** Left out where another event of the same input tells it. */
  readonly reason?: string
}

/** The order will fill no more. */
export interface OrderCanceled {
  readonly type: 'OrderCanceled'
  readonly orderId: string
  readonly reason: string
  readonly at: Instant
}

/** The order's time is over. */
export interface OrderExpired {
  readonly type: 'OrderExpired'
  readonly orderId: string
  readonly at: Instant
}

/** The first fill of an entry order made a unit. */
export interface UnitOpened {
  readonly type: 'UnitOpened'
  readonly positionId: string
  readonly orderId: string
  readonly instrument: string
  readonly number: number
  readonly label: string | null
  /** First fill's price less the stop distance. */
  readonly stop: number
  readonly at: Instant
}

/** The strategy named a unit that was opened before its alert came. */
export interface UnitLabelled {
  readonly type: 'UnitLabelled'
  readonly positionId: string
  readonly label: string
}

/** The run before a close went on: what it plans, has done and, at its end, came to. */
export interface PreCloseAdvanced {
  readonly type: 'PreCloseAdvanced'
  readonly instrument: string
  readonly run: PreCloseRun
  readonly at: Instant
}

/** The run by which the units of an instrument leave their contract went on. */
export interface RollAdvanced {
  readonly type: 'RollAdvanced'
  readonly instrument: string
  readonly run: RollRun
  readonly at: Instant
}

/** The last lot of a unit was sold. */
export interface UnitClosed {
  readonly type: 'UnitClosed'
  readonly positionId: string
  readonly realizedPnl: Decimal
  readonly at: Instant
}

/** A unit's highest close or its stop went up; neither ever falls. */
export interface StopRaised {
  readonly type: 'StopRaised'
  readonly positionId: string
  readonly stop: number
  readonly highestClose: number
}

/** A unit is to be closed; the wish stands until it is. */
export interface ExitRequested {
  readonly type: 'ExitRequested'
  readonly positionId: string
  readonly decisionId: string
  readonly reason: string
}

/** An exit came while an entry is at work: what that fills is closed once it has ended. */
export interface ExitLatched {
  readonly type: 'ExitLatched'
  readonly instrument: string
  readonly orderId: string
  readonly decisionId: string
  readonly reason: string
}

/** A refused exit order is made again, not before this instant. */
export interface ExitDelayed {
  readonly type: 'ExitDelayed'
  readonly positionId: string
  readonly notBefore: Instant
}

/** A stop that the venue ended by itself is placed again, not before this instant. */
export interface StopDelayed {
  readonly type: 'StopDelayed'
  readonly positionId: string
  readonly notBefore: Instant
}

/** A peel-off waits until the unit's stop at the venue has ended. */
export interface PeelOffDelayed {
  readonly type: 'PeelOffDelayed'
  readonly positionId: string
  readonly decisionId: string
  readonly lots: Decimal
}

/** Cash moved: the ledger's entry. Corrections are new entries. */
export interface LedgerPosted {
  readonly type: 'LedgerPosted'
  readonly kind: PostingKind
  /** Signed; what adds to cash is above 0. */
  readonly amount: Decimal
  readonly at: Instant
  readonly orderId: string | null
  readonly positionId: string | null
  readonly note: string | null
}

/** The portfolio may do more, or less, from here on. */
export interface TradingStateChanged {
  readonly type: 'TradingStateChanged'
  readonly state: TradingState
  readonly reason: string
  readonly at: Instant
}

/** Only exits run on the instrument until someone decides. */
export interface InstrumentLocked {
  readonly type: 'InstrumentLocked'
  readonly instrument: string
  readonly reason: string
  readonly at: Instant
  /** The difference from the broker that is the reason; left out where it is another. */
  readonly breakId?: string
}

/** Someone decided: the instrument trades again. */
export interface InstrumentUnlocked {
  readonly type: 'InstrumentUnlocked'
  readonly instrument: string
  readonly reason: string
}

/** An operator decided what is to be done about a difference from the broker; what was done stands in its own events. */
export interface BreakSettled {
  readonly type: 'BreakSettled'
  readonly decisionId: string
  readonly action: BreakAction
  readonly settled: Break
  readonly reason: string
  readonly at: Instant
}

/** Lots that the broker holds and the book did not became a unit. */
export interface UnitAdopted {
  readonly type: 'UnitAdopted'
  readonly positionId: string
  readonly decisionId: string
  readonly instrument: string
  readonly number: number
  readonly lots: Decimal
  readonly price: Decimal
  readonly stop: number
  readonly stopDistance: number
  readonly atr: number
  readonly pointValue: number
  readonly at: Instant
}

/** Lots that the book held and the broker does not left a unit, at a price that someone stated. */
export interface LotsGivenUp {
  readonly type: 'LotsGivenUp'
  readonly positionId: string
  readonly decisionId: string
  readonly lots: Decimal
  readonly price: Decimal
  readonly at: Instant
}

/** A person should look. */
export interface AlarmRaised {
  readonly type: 'AlarmRaised'
  readonly code: AlarmCode
  readonly severity: 'warning' | 'critical'
  readonly instrument: string | null
  readonly subject: string | null
  readonly message: string
  readonly at: Instant
}

/** Everything that can have happened to a portfolio. */
export type PortfolioEvent =
  | ConfigurationApplied
  | CalendarApplied
  | DecisionMade
  | ApprovalRequested
  | ApprovalClosed
  | OrderInitialized
  | OrderDenied
  | OrderSubmitted
  | OrderAccepted
  | OrderRejected
  | OrderUnresolved
  | OrderProvenAbsent
  | OrderFilled
  | OrderCancelRequested
  | OrderCanceled
  | OrderExpired
  | LegEvent
  | UnitOpened
  | UnitLabelled
  | UnitClosed
  | StopRaised
  | ExitRequested
  | ExitLatched
  | ExitDelayed
  | StopDelayed
  | PeelOffDelayed
  | PreCloseAdvanced
  | RollAdvanced
  | LedgerPosted
  | TradingStateChanged
  | InstrumentLocked
  | InstrumentUnlocked
  | BreakSettled
  | UnitAdopted
  | LotsGivenUp
  | AlarmRaised
  | CellEvent
  | HoldingEvent
  | AllocationEvent

/** The name of an event type. */
export type EventType = PortfolioEvent['type']
