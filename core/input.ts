import type { Alert } from './alert/alert.js'
import type { Calendar } from './calendar/calendar.js'
import type { Decimal } from './decimal.js'
import type { OrderReport } from './order/report.js'
import type { ReportedMetrics } from './portfolio/allocation-state.js'
import type { PreClosePhase } from './portfolio/pre-close-run.js'
import type { BreakAction } from './reconcile/break.js'
import type { TradingState } from './risk/trading-state.js'
import type { PortfolioSettings } from './settings.js'
import type { Instant, LocalDate } from './time.js'

/** A price that was read before the decision, with its age. */
export interface Quote {
  readonly price: number
  readonly observedAt: Instant
  /** Money of the account that was free for margin then, at least 0; left out where the broker does not tell. */
  readonly freeMargin?: number
  /** What the price is made of, where the source tells it. */
  readonly bid?: number
  readonly ask?: number
  readonly last?: number
}

/** What every input carries: an id that derives from its cause, and when it was taken up. `at` never goes back. */
interface Cause {
  readonly id: string
  readonly at: Instant
}

/** An alert that the inbox accepted. Duplicates never come here; of conflicting alerts only exits do, marked. */
export interface AlertAdmitted extends Cause {
  readonly type: 'AlertAdmitted'
  readonly alert: Alert
  /** True when an alert with the same key and other content was first. */
  readonly conflict: boolean
  /** The broker's own price, where there is one. */
  readonly quote: Quote | null
  /** When it came to the inbox; left out where it is decided as it comes. */
  readonly receivedAt?: Instant
}

/** A bar of a price source closed. `at` is its close; MARKET_DATA alerts say the same through the inbox. */
export interface BarClosed extends Cause {
  readonly type: 'BarClosed'
  readonly instrument: string
  readonly close: number
  readonly atr: number | null
  readonly barAt: Instant
}

/** A price of something, with the instant when it was that. */
export interface ObservedPrice {
  readonly instrument: string
  /** Above 0; another one is refused. */
  readonly price: number
  readonly observedAt: Instant
}

/** A source told prices, at most one of each instrument: what trades on prices looks at them. */
export interface PricesObserved extends Cause {
  readonly type: 'PricesObserved'
  readonly prices: readonly ObservedPrice[]
}

/** The schedule asks for a run towards the target weights, or for a look whether one is needed. */
export interface AllocationDue extends Cause {
  readonly type: 'AllocationDue'
  /** The broker's prices, by asset, where it tells any. */
  readonly quotes: Readonly<Record<string, Quote>>
}

/** Sources told what funds are worth. */
export interface MetricsImported extends Cause {
  readonly type: 'MetricsImported'
  readonly metrics: readonly ReportedMetrics[]
}

/** The dispatcher is about to send these orders: each is recorded as submitted, or denied, before anything leaves. */
export interface OrdersDue extends Cause {
  readonly type: 'OrdersDue'
  readonly orderIds: readonly string[]
  /** Those of them whose venue takes a second request for the first one: they may leave again while unresolved. */
  readonly resendIds?: readonly string[]
}

/** The broker, or the resolver, told something about orders of ours. */
export interface BrokerReported extends Cause {
  readonly type: 'BrokerReported'
  readonly reports: readonly OrderReport[]
}

/** What the broker says it holds for us, taken at rest; lots by instrument, zero left out. */
export interface AccountObserved extends Cause {
  readonly type: 'AccountObserved'
  readonly positions: Readonly<Record<string, Decimal>>
  /** What was paid for it on average, in points; left out where the broker does not tell. */
  readonly averagePrices?: Readonly<Record<string, Decimal>>
}

/** A working order in the account that we did not place. */
export interface ExternalOrder {
  readonly venueOrderId: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly lots: Decimal
}

/** How the broker's working orders differ from ours. */
export interface VenueOrdersObserved extends Cause {
  readonly type: 'VenueOrdersObserved'
  readonly external: readonly ExternalOrder[]
  /** Orders of ours that the broker has accepted and, asked for by name, does not show. */
  readonly missing: readonly string[]
}

/** Time passed: steps of a chase that are over are ended, standing exits whose delay is over are ordered again, and a frozen portfolio's alarm is repeated. */
export interface TimerFired extends Cause {
  readonly type: 'TimerFired'
  /** The broker's prices, by instrument, where an order is about to be priced anew and the broker tells any. */
  readonly quotes?: Readonly<Record<string, Quote>>
}

/** An operator's command. */
export interface OperatorCommanded extends Cause {
  readonly type: 'OperatorCommanded'
  readonly command: OperatorCommand
}

/** What an operator can order. */
export type OperatorCommand =
  | {
      readonly kind: 'exit'
      readonly target:
        | { readonly instrument: string }
        | { readonly positionId: string }
        | { readonly all: true }
      readonly reason: string
    }
  | { readonly kind: 'tradingState'; readonly state: TradingState; readonly reason: string }
  | {
      readonly kind: 'cash'
      readonly movement: 'deposit' | 'withdrawal'
      /** Above 0, in the portfolio's currency. */
      readonly amount: Decimal
      readonly note: string | null
    }
  | { readonly kind: 'unlock'; readonly instrument: string; readonly reason: string }
  | AnswerApproval
  | SettleBreak
  | CellCommand
  | Rebalance

/** What an operator can order of the cells of a volatility portfolio. Decimals are above 0 unless told otherwise. */
export type CellCommand =
  /** Evaluate these cells, or all when null, at these prices, and where there is none at the last one that was seen. */
  | {
      readonly kind: 'evaluate'
      readonly instruments: readonly string[] | null
      readonly prices: readonly ObservedPrice[]
    }
  | {
      readonly kind: 'setAnchor'
      readonly instrument: string
      readonly price: Decimal
      readonly reason: string
    }
  | {
      readonly kind: 'cellOrder'
      readonly instrument: string
      readonly side: 'buy' | 'sell'
      readonly shares: Decimal
      readonly reason: string
    }
  /** Cash into the cell, or out of it when below 0. */
  | {
      readonly kind: 'fundCell'
      readonly instrument: string
      readonly amount: Decimal
      readonly reason: string
    }
  | {
      readonly kind: 'announceDividend'
      readonly instrument: string
      readonly perShare: Decimal
      /** A fraction 0..1. */
      readonly withholdingRate: Decimal
      readonly exDate: LocalDate
      readonly payDate: LocalDate
    }
  | { readonly kind: 'goExDividend'; readonly instrument: string; readonly exDate: LocalDate }
  | { readonly kind: 'payDividend'; readonly instrument: string; readonly exDate: LocalDate }
  /** What is null stays as it is recorded. */
  | {
      readonly kind: 'correctDividend'
      readonly instrument: string
      readonly exDate: LocalDate
      readonly perShare: Decimal | null
      readonly withholdingRate: Decimal | null
      readonly payDate: LocalDate | null
      readonly reason: string
    }
  | {
      readonly kind: 'splitShares'
      readonly instrument: string
      readonly exDate: LocalDate
      /** New shares for one old one. */
      readonly ratio: Decimal
    }

/** A person's answer to an entry that waits for one. */
export interface AnswerApproval {
  readonly kind: 'answerApproval'
  readonly approvalId: string
  readonly isApproved: boolean
  readonly reason: string
  /** The broker's own price at the answer, where there is one. */
  readonly quote: Quote | null
}

/** An operator wants a run towards the target weights. */
export interface Rebalance {
  readonly kind: 'rebalance'
  readonly isDryRun: boolean
  /** Instead of those of the configuration, for this run; null: those. */
  readonly targetWeights: readonly { readonly symbol: string; readonly pct: number }[] | null
  /** Differences below so much of the portfolio's currency are left alone; null: as configured. */
  readonly threshold: Decimal | null
  readonly maxOrders: number | null
  /** The broker's prices, by asset, where it tells any. */
  readonly quotes: Readonly<Record<string, Quote>>
}

/** What is to be done about a difference between the book and the broker. What is null follows from what is known. */
export interface SettleBreak {
  readonly kind: 'settleBreak'
  readonly breakId: string
  readonly action: BreakAction
  /** In points: of the lots that are taken up, given up or recorded as filled. */
  readonly price: Decimal | null
  /** In points: of a unit that is taken up. */
  readonly stop: number | null
  /** Lots that an unknown order filled; null for all that it could. */
  readonly lots: Decimal | null
  /** Of what is recorded as filled, in the portfolio's currency. */
  readonly fee: Decimal | null
  readonly reason: string
}

/** A configuration was activated. */
export interface ConfigurationActivated extends Cause {
  readonly type: 'ConfigurationActivated'
  readonly hash: string
  readonly settings: PortfolioSettings
}

/** The calendar of the exchanges was imported: sessions are taken from it from here on. */
export interface CalendarImported extends Cause {
  readonly type: 'CalendarImported'
  readonly calendar: Calendar
}

/** A part of the run before a close is due, for the instruments that close together. */
export interface PreCloseDue extends Cause {
  readonly type: 'PreCloseDue'
  readonly closesAt: Instant
  readonly phase: PreClosePhase
  readonly instruments: readonly string[]
  /** The broker's prices, by instrument, where there are any. */
  readonly quotes: Readonly<Record<string, Quote>>
}

/** Units are to leave their contract, or a run by which they do waits too long. */
export interface RollDue extends Cause {
  readonly type: 'RollDue'
  /** At the exchange. */
  readonly date: LocalDate
  readonly instruments: readonly string[]
  /** Orders of runs that rest too long. */
  readonly overdue: readonly string[]
}

/** An input of this portfolio could not be decided: it is put aside, and its instrument locked. */
export interface InputFailed extends Cause {
  readonly type: 'InputFailed'
  readonly failedInputId: string
  readonly instrument: string | null
  readonly error: string
}

/** Everything that can change a decision. */
export type Input =
  | AlertAdmitted
  | BarClosed
  | PricesObserved
  | OrdersDue
  | BrokerReported
  | AccountObserved
  | VenueOrdersObserved
  | TimerFired
  | OperatorCommanded
  | ConfigurationActivated
  | CalendarImported
  | PreCloseDue
  | RollDue
  | AllocationDue
  | MetricsImported
  | InputFailed

/** The name of an input type. */
export type InputType = Input['type']
