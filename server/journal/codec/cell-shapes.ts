import type { Zone } from '../../../core/calendar/zone.js'
import type { CellCommand, ObservedPrice } from '../../../core/input.js'
import type { AnchorCause, CellEvent } from '../../../core/portfolio/cell-event.js'
import type { CellDividend, CellState, DividendDue } from '../../../core/portfolio/cell-state.js'
import { constant, decimal, list, number, oneOf, orNull, record, type Shape, text } from './shape.js'
import { decimalOrNull, instant, numberOrNull, side, textOrNull } from './shapes.js'

/* Shapes of what is recorded of cells: their events, their part of the state, and the commands about them. */

type Fields<T extends CellEvent['type']> = Omit<Extract<CellEvent, { type: T }>, 'type'>

const zone = oneOf<Zone>({ UTC: true, 'Asia/Kolkata': true, 'Europe/Moscow': true, 'America/New_York': true })
const cause = oneOf<AnchorCause>({ firstPrice: true, fill: true, operator: true })

/** The events of cells. */
export const cellEvents: { readonly [T in CellEvent['type']]: Shape<Fields<T>> } = {
  CellOpened: record({ instrument: text, zone, cash: decimal, at: instant }),
  CellFunded: record({ instrument: text, decisionId: text, amount: decimal, at: instant }),
  CellAnchored: record({ instrument: text, anchor: decimal, cause, orderId: textOrNull, at: instant }),
  CellHalted: record({ instrument: text, reason: text, at: instant }),
  CellOrdered: record({
    instrument: text,
    orderId: text,
    attempt: numberOrNull,
    notional: decimal,
    commissionRate: decimal,
    at: instant,
  }),
  DividendAnnounced: record({
    instrument: text,
    dividendId: text,
    decisionId: text,
    perShare: decimal,
    withholdingRate: decimal,
    exDate: text,
    payDate: text,
    at: instant,
  }),
  DividendWentEx: record({
    instrument: text,
    dividendId: text,
    shares: decimal,
    gross: decimal,
    withheld: decimal,
    net: decimal,
    anchor: decimalOrNull,
    at: instant,
  }),
  DividendPaid: record({ instrument: text, dividendId: text, net: decimal, at: instant }),
  DividendCorrected: record({
    instrument: text,
    dividendId: text,
    decisionId: text,
    perShare: decimal,
    withholdingRate: decimal,
    payDate: text,
    due: orNull(record({ gross: decimal, withheld: decimal, net: decimal })),
    anchor: decimalOrNull,
    reason: text,
    at: instant,
  }),
  SharesSplit: record({
    instrument: text,
    splitId: text,
    decisionId: text,
    ratio: decimal,
    shares: decimal,
    anchor: decimalOrNull,
    at: instant,
  }),
}

const due: Shape<DividendDue> = record({
  shares: decimal,
  gross: decimal,
  withheld: decimal,
  net: decimal,
  at: instant,
})

const dividend: Shape<CellDividend> = record({
  id: text,
  perShare: decimal,
  withholdingRate: decimal,
  exDate: text,
  payDate: text,
  due: orNull(due),
  paidAt: numberOrNull,
})

/** The part of the state that is a cell. */
export const cellState: Shape<CellState> = record({
  zone,
  cash: decimal,
  receivable: decimal,
  anchor: decimalOrNull,
  anchorAt: instant,
  halt: textOrNull,
  dividends: list(dividend),
  splitIds: list(text),
  today: record({ day: number, count: number, notional: decimal }),
  openings: list(record({ day: number, shares: decimal })),
  order: orNull(record({ id: text, attempt: numberOrNull, notional: decimal, commissionRate: decimal })),
  outcome: text,
})

/** A price with the instant when it was that. */
export const observedPrice: Shape<ObservedPrice> = record({
  instrument: text,
  price: number,
  observedAt: instant,
})

type Command<Kind extends CellCommand['kind']> = Extract<CellCommand, { kind: Kind }>

/** The commands about cells. */
export const cellCommands: { readonly [Kind in CellCommand['kind']]: Shape<Command<Kind>> } = {
  evaluate: record({
    kind: constant('evaluate'),
    instruments: orNull(list(text)),
    prices: list(observedPrice),
  }),
  setAnchor: record({ kind: constant('setAnchor'), instrument: text, price: decimal, reason: text }),
  cellOrder: record({
    kind: constant('cellOrder'),
    instrument: text,
    side,
    shares: decimal,
    reason: text,
  }),
  fundCell: record({ kind: constant('fundCell'), instrument: text, amount: decimal, reason: text }),
  announceDividend: record({
    kind: constant('announceDividend'),
    instrument: text,
    perShare: decimal,
    withholdingRate: decimal,
    exDate: text,
    payDate: text,
  }),
  goExDividend: record({ kind: constant('goExDividend'), instrument: text, exDate: text }),
  payDividend: record({ kind: constant('payDividend'), instrument: text, exDate: text }),
  correctDividend: record({
    kind: constant('correctDividend'),
    instrument: text,
    exDate: text,
    perShare: decimalOrNull,
    withholdingRate: decimalOrNull,
    payDate: textOrNull,
    reason: text,
  }),
  splitShares: record({ kind: constant('splitShares'), instrument: text, exDate: text, ratio: decimal }),
}
