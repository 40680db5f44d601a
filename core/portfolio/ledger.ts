import { type Decimal, ZERO } from '../decimal.js'

/** What a posting is for. Amounts are signed: what adds to cash is above 0. */
export type PostingKind = 'deposit' | 'withdrawal' | 'realizedPnl' | 'fee' | 'dividend' | 'tax'

/** The cash ledger's sums. Closed equity is always the sum of the postings, never a start-up setting. */
export interface Ledger {
  /** Sum of all postings: closed equity. */
  balance: Decimal
  deposited: Decimal
  realizedPnl: Decimal
  fees: Decimal
  dividends: Decimal
  taxes: Decimal
  /** High watermark of the balance; moves with every deposit and withdrawal. */
  high: Decimal
  /** Balance and watermark as doubles, for sizing. */
  closedEquity: number
  highEquity: number
}

/** Returns a ledger without postings. */
export function emptyLedger(): Ledger {
  return {
    balance: ZERO,
    deposited: ZERO,
    realizedPnl: ZERO,
    fees: ZERO,
    dividends: ZERO,
    taxes: ZERO,
    high: ZERO,
    closedEquity: 0,
    highEquity: 0,
  }
}

/** Adds a posting to `ledger`. */
export function post(ledger: Ledger, kind: PostingKind, amount: Decimal): void {
  ledger.balance = ledger.balance.plus(amount)
  switch (kind) {
    case 'deposit':
    case 'withdrawal':
      ledger.deposited = ledger.deposited.plus(amount)
      ledger.high = ledger.high.plus(amount)
      break
    case 'realizedPnl':
      ledger.realizedPnl = ledger.realizedPnl.plus(amount)
      break
    case 'fee':
      ledger.fees = ledger.fees.plus(amount)
      break
    case 'dividend':
      ledger.dividends = ledger.dividends.plus(amount)
      break
    case 'tax':
      ledger.taxes = ledger.taxes.plus(amount)
      break
  }
  if (ledger.high.isLessThan(ledger.balance)) ledger.high = ledger.balance
  ledger.closedEquity = ledger.balance.toNumber()
  ledger.highEquity = ledger.high.toNumber()
}
