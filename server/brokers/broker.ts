import type { Decimal } from '../../core/decimal.js'
import type { Quote } from '../../core/input.js'
import type { Option } from '../../core/instrument/synthetic.js'
import type { OrderType } from '../../core/order/order.js'
import type { Instant } from '../../core/time.js'

/*
 * The port to a venue. Everything above it speaks in lots, in the portfolio's currency and in our own instrument names;
 * an adapter translates, and keeps HTTP, sockets and retries of its own to itself.
 *
 * One rule runs through all of it: an error is not an answer. A timeout, a reset connection, a 5xx, a body that cannot
 * be read, an empty list that came with an error: none of them says that an order does not exist, that an account is
 * flat or that a request was not carried out. Such an outcome is `unknown`, and only the venue's evidence ends it.
 */

/**
 * What a venue does when a request arrives a second time, and so what may follow an unknown outcome.
 * A: the key is unique for good, so the same request may be sent again · B: the key is unique among open orders and
 * requests carry a time fence · C: the venue only echoes a tag · D: nothing ties an order to its request.
 */
export type ResendClass = 'A' | 'B' | 'C' | 'D'

/** What the venue promises. */
export interface BrokerCapabilities {
  readonly resendClass: ResendClass
  /**
   * Milliseconds after a send from which a successful read without the order proves that the order never will exist:
   * the time fence and the lag of reads. Null: no read ever proves it, as where requests are known to land much later.
   */
  readonly absenceProvenAfterMs: number | null
  /** Whether it takes orders of the type stop, which rest until their trigger price is reached; left out: it does not. */
  readonly restsStops?: boolean
}

/** An order as the venue is asked for it. */
export interface OrderRequest {
  /** The key at the venue: the same for every attempt of the same order. */
  readonly clientOrderId: string
  readonly orderId: string
  /** Month of the contract that it trades, YYYY-MM; left out where the adapter chooses it. */
  readonly contractMonth?: string
  /** Which recorded send this is, from 1. */
  readonly attempt: number
  /** Of an option by its name among instruments, such as BANK_NIFTY:2026-11-24:52000:call. */
  readonly instrument: string
  /** What its name says; left out where the instrument is no option. */
  readonly option?: Option
  readonly side: 'buy' | 'sell'
  readonly type: OrderType
  readonly lots: Decimal
  /** Null for a market order. */
  readonly limitPrice: Decimal | null
  /** From where on the venue brings a stop to the market as a limit order; left out but for a stop. */
  readonly triggerPrice?: Decimal
  /** The price that the decision saw, in points: of an option that of what it is an option on. */
  readonly referencePrice: number
  /** Quote currency per point and lot. */
  readonly pointValue: number
  /** Smallest price step, in points. */
  readonly tick: number
  /** When the send was recorded. */
  readonly at: Instant
}

/** What is known of an order here, for venues that keep neither our key nor ids of trades. */
export interface OrderTrace {
  readonly side: 'buy' | 'sell'
  readonly lots: Decimal
  /** When it was made, which is before it was sent. */
  readonly since: Instant
  /** What of it is booked, and Σ price × lots of that. */
  readonly filledLots: Decimal
  readonly filledValue: Decimal
}

/** Names an order of ours: some venues look it up by its key, some by their own id, some need the instrument too. */
export interface OrderReference {
  readonly clientOrderId: string
  /** Null while no answer has told it. */
  readonly venueOrderId: string | null
  readonly instrument: string
  readonly trace?: OrderTrace
}

/** A trade of an order, exactly as the venue tells it. */
export interface VenueFill {
  /** Unique among the trades of its order. */
  readonly tradeId: string
  readonly lots: Decimal
  readonly price: Decimal
  /** In the portfolio's currency, at least 0. */
  readonly fee: Decimal
  readonly at: Instant
}

/**
 * Where an order is at the venue. A working one may be partly filled; all but it are final, though trades may show late.
 * What a cancelled order left open is ordered anew at once, so an adapter that can tell how much has traded shows an order
 * as working until it shows all of that.
 */
export type VenueOrderStatus = 'working' | 'filled' | 'canceled' | 'rejected' | 'expired'

/** An order as the venue shows it, with the trades that it shows so far, in any order. */
export interface VenueOrder {
  /** Null for an order that somebody else placed in the account. */
  readonly clientOrderId: string | null
  readonly venueOrderId: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly lots: Decimal
  readonly status: VenueOrderStatus
  /** Why it was canceled, rejected or expired, in the venue's words: a code, and a sentence. */
  readonly code: string | null
  readonly message: string | null
  readonly fills: readonly VenueFill[]
}

/** Nobody knows what became of a request: it may have been carried out, or may yet be. */
export interface Unknown {
  readonly kind: 'unknown'
  readonly cause: string
}

/** The request did not leave this machine, for certain: a rate limit of our own, a closed breaker. Never a timeout. */
export interface NotSent {
  readonly kind: 'notSent'
  /** Milliseconds to wait before the next try. */
  readonly retryAfterMs: number
  readonly cause: string
}

/** What became of a request for an order. */
export type SubmitOutcome =
  /** The venue has it. The trades that the answer told already come along; further ones follow as reports. */
  | { readonly kind: 'accepted'; readonly venueOrderId: string; readonly fills: readonly VenueFill[] }
  /** The venue refused it for good, with a code on the adapter's list of definitive ones; any other refusal is unknown. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | Unknown
  | NotSent

/** What became of a request to cancel an order. */
export type CancelOutcome =
  /** It will fill no more. Trades from before may still be shown late. */
  | { readonly kind: 'canceled'; readonly order: VenueOrder }
  /** The venue took the request; the order's end is reported later, and it may fill until then. */
  | { readonly kind: 'requested' }
  /** It had ended before, in whatever way: its query tells which. */
  | { readonly kind: 'tooLate' }
  /** The venue does not know it, which does not prove that it never will. */
  | { readonly kind: 'absent' }
  | Unknown
  | NotSent

/** What a working order is to become; null leaves a price as it is. */
export interface OrderChange {
  readonly limitPrice: Decimal | null
  /** The price at which an order that waits for one comes to life. */
  readonly triggerPrice: Decimal | null
}

/** What became of a request to change an order. */
export type ModifyOutcome =
  /** The venue has the order with the new prices, or took the request for them. */
  | { readonly kind: 'modified' }
  /** It had ended before, in whatever way: its query tells which. */
  | { readonly kind: 'tooLate' }
  /** The venue does not know it, which does not prove that it never will. */
  | { readonly kind: 'absent' }
  /** The venue refused the change; the order stands as it was. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | Unknown
  | NotSent

/** What was looked at in an account, what was found, and what to do about it. */
export interface AccountFinding {
  readonly check: string
  /** ok: as it should be · note: worth knowing · warning: will hurt one day · failure: nothing can be traded so. */
  readonly severity: 'ok' | 'note' | 'warning' | 'failure'
  readonly found: string
  /** Null when nothing has to be done. */
  readonly remedy: string | null
}

/** What the venue answers when asked for one order. */
export type OrderAnswer =
  | { readonly kind: 'found'; readonly order: VenueOrder }
  /** A successful read that does not contain it. What that proves depends on the venue's resend class. */
  | { readonly kind: 'absent' }
  | Unknown

/** Something the venue tells by itself. Reports may be late, repeated, out of order, or never come. */
export type VenueReport =
  | { readonly kind: 'accepted'; readonly clientOrderId: string; readonly venueOrderId: string }
  | {
      readonly kind: 'rejected'
      readonly clientOrderId: string
      readonly code: string
      readonly message: string
    }
  | { readonly kind: 'fill'; readonly clientOrderId: string; readonly fill: VenueFill }
  | { readonly kind: 'canceled'; readonly clientOrderId: string; readonly reason: string }
  | { readonly kind: 'expired'; readonly clientOrderId: string }

/** Takes what a venue tells by itself. */
export type ReportListener = (report: VenueReport) => void

/** One account at a venue. */
export interface Broker {
  readonly name: string
  readonly capabilities: BrokerCapabilities

  /**
   * Sends the order once and returns what became of it. Never sends again by itself, and does not throw for anything
   * that a network or a venue can do; when `deadline` aborts it stops waiting and the outcome is unknown.
   */
  submit(order: OrderRequest, deadline: AbortSignal): Promise<SubmitOutcome>

  /** Asks the venue to cancel the order and returns what became of the request. Throws as little as submit. */
  cancel(order: OrderReference): Promise<CancelOutcome>

  /**
   * Asks the venue to give a working order other prices, in its place in the venue's book, and returns what became of the
   * request. Left out where an order has to be cancelled and sent anew. Throws as little as submit.
   */
  modify?(order: OrderReference, change: OrderChange): Promise<ModifyOutcome>

  /** Returns what the venue shows of one order. Throws as little as submit. */
  order(order: OrderReference): Promise<OrderAnswer>

  /**
   * Returns every order of the account that is working, and at least those that traded or ended at or after `since`.
   * Throws when the venue could not be read in full: a failed read is an error, never an empty or a shorter list.
   */
  orders(since: Instant): Promise<readonly VenueOrder[]>

  /** Returns the net lots by instrument, options by their names, below 0 when short, zero left out. Throws when they could not be read in full. */
  positions(): Promise<Readonly<Record<string, Decimal>>>

  /**
   * Returns what was paid on average for what is held, in points by instrument. Left out where the venue does not tell;
   * throws like positions.
   */
  averagePrices?(): Promise<Readonly<Record<string, Decimal>>>

  /**
   * Returns the price at which an instrument would trade now: the middle of bid and ask, else the last; null when the
   * venue tells none. Left out where an account has no prices of its own, as on paper. May throw.
   */
  quote?(instrument: string, deadline: AbortSignal): Promise<Quote | null>

  /**
   * Returns the money of the account that is free for the margin of new positions, in the portfolio's currency, at least
   * 0. Left out where an account has none of its own, as on paper. Throws when it could not be read.
   */
  funds?(deadline: AbortSignal): Promise<Decimal>

  /** Reads everything that trading in the account needs, and changes nothing. Never throws. */
  examine?(): Promise<readonly AccountFinding[]>

  /** Tells a venue that has no prices of its own what an instrument trades at: its stops are reached by that. May throw. */
  see?(instrument: string, price: number): Promise<void>

  /** Calls the listener with what the venue tells by itself. It is a short-cut: polling finds everything without it. */
  onReport?(listener: ReportListener): void

  /** Ends streams and timers; requests under way are answered still. */
  close(): Promise<void>
}
