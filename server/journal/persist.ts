import type pg from 'pg'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { AlertOutcomeKind } from '../db/column-values.js'
import { encodeEvent } from './codec/event-codec.js'
import { encodeInput } from './codec/input-codec.js'
import {
  DOCUMENT_SEPARATOR,
  PERSIST_STATEMENT,
  type PersistParameters,
  persistValues,
} from './persist-statement.js'
import { projectionsOf } from './projections.js'
import type { LogEntry, Touched } from './touched.js'

/**
 * What a connection that records batches begins with. The plan of their statement is made once, often while its tables
 * are still empty. It must look rows up by their keys all the same, or it would read whole tables once they have grown.
 */
export const PERSIST_SETTINGS = 'set enable_seqscan = off; set plan_cache_mode = force_generic_plan'

/** Runs a named statement: a connection, or a pool of them. */
export interface StatementRunner {
  query<Row extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<pg.QueryResult<Row>>
}

/** What became of a row of the inbox. */
export interface InboxDecision {
  readonly id: number
  readonly state: 'decided' | 'quarantined'
  readonly seq: number
  readonly outcome: AlertOutcomeKind | null
  readonly decision_id: string | null
  readonly reasons: readonly string[]
  readonly lots: number | null
}

/** A batch that was decided in memory. */
export interface DecidedBatch {
  /** The state after the batch. */
  readonly portfolio: Portfolio
  /** The version of the portfolio's row on which memory rests. */
  readonly version: number
  /** The epoch of the lease under which it was decided. */
  readonly epoch: number
  /** In order, with consecutive seqs; at least one. */
  readonly entries: readonly LogEntry[]
  readonly touched: Touched
  readonly inbox: readonly InboxDecision[]
}

/**
 * Returns the batch as the parameters of its statement; from here on the state may change. Throws UnrecordableError
 * when an input or event holds what JSON cannot carry.
 */
export function serializeBatch(batch: DecidedBatch): PersistParameters {
  const { portfolio, entries } = batch
  const { ledger } = portfolio
  return {
    portfolio: portfolio.id,
    expectedVersion: batch.version,
    epoch: batch.epoch,
    firstSeq: entries[0]!.seq,
    configurationHash: portfolio.configurationHash,
    tradingState: portfolio.tradingState,
    tradingStateReason: portfolio.tradingStateReason,
    closedEquity: ledger.balance.toString(),
    deposited: ledger.deposited.toString(),
    realizedPnl: ledger.realizedPnl.toString(),
    fees: ledger.fees.toString(),
    highEquity: ledger.high.toString(),
    ...serializeInputs(entries),
    ...serializeEvents(entries),
    ...serializeProjections(batch),
    inbox: JSON.stringify(batch.inbox),
    inboxIds: batch.inbox.map(({ id }) => id),
  }
}

function serializeInputs(entries: readonly LogEntry[]) {
  return {
    inputCount: entries.length,
    inputIds: entries.map(({ input }) => input.id),
    inputTypes: entries.map(({ input }) => input.type),
    inputData: entries.map(({ input }) => encodeInput(input)).join(DOCUMENT_SEPARATOR),
  }
}

function serializeEvents(entries: readonly LogEntry[]) {
  const seqs: number[] = []
  const idxs: number[] = []
  const types: string[] = []
  const data: string[] = []
  for (const { seq, events } of entries) {
    for (let idx = 0; idx < events.length; idx++) {
      const event = events[idx]!
      seqs.push(seq)
      idxs.push(idx)
      types.push(event.type)
      data.push(encodeEvent(event))
    }
  }
  return {
    eventCount: seqs.length,
    eventSeqs: seqs,
    eventIdxs: idxs,
    eventTypes: types,
    eventData: data.join(DOCUMENT_SEPARATOR),
  }
}

function serializeProjections({ portfolio, touched }: DecidedBatch) {
  const rows = projectionsOf(portfolio.id, touched)
  return {
    decisions: JSON.stringify(rows.decisions),
    madeOrders: JSON.stringify(rows.madeOrders),
    changedOrders: JSON.stringify(rows.changedOrders),
    changedOrderIds: rows.changedOrders.map(({ id }) => id as string),
    madePositions: JSON.stringify(rows.madePositions),
    changedPositions: JSON.stringify(rows.changedPositions),
    changedPositionIds: rows.changedPositions.map(({ id }) => id as string),
    fills: JSON.stringify(rows.fills),
    ledger: JSON.stringify(rows.ledger),
    alarms: JSON.stringify(rows.alarms),
    marketViews: JSON.stringify(rows.marketViews),
  }
}

/**
 * Records a batch in one statement and returns whether the fence held; when it did not, nothing was written. Rejects
 * with the database's error when nothing was written, or when the answer never came (persist-error.ts tells which).
 */
export async function persistBatch(runner: StatementRunner, parameters: PersistParameters): Promise<boolean> {
  const { rows } = await runner.query<{ held: boolean }>({
    name: 'persist-batch',
    text: PERSIST_STATEMENT,
    values: persistValues(parameters),
  })
  return rows[0]!.held
}

/**
 * Has the server plan the statement before the first batch needs it, by recording nothing behind a fence that never
 * holds.
 */
export async function planPersist(runner: StatementRunner): Promise<void> {
  await persistBatch(runner, NOTHING)
}

const NOTHING: PersistParameters = {
  ...{ portfolio: '', expectedVersion: -1, epoch: -1, firstSeq: 1 },
  ...{ configurationHash: '', tradingState: 'frozen', tradingStateReason: '' },
  ...{ closedEquity: '0', deposited: '0', realizedPnl: '0', fees: '0', highEquity: '0' },
  ...{ inputCount: 0, inputIds: [], inputTypes: [], inputData: '' },
  ...{ eventCount: 0, eventSeqs: [], eventIdxs: [], eventTypes: [], eventData: '' },
  ...{
    inboxIds: [],
    inbox: '[]',
    decisions: '[]',
    fills: '[]',
    ledger: '[]',
    alarms: '[]',
    marketViews: '[]',
  },
  ...{ madeOrders: '[]', changedOrderIds: [], changedOrders: '[]' },
  ...{ madePositions: '[]', changedPositionIds: [], changedPositions: '[]' },
}
