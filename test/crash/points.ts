import type { StrikePoint } from '../helpers/strike-proxy.js'

/** Where a service is killed: a row of the fault matrix, and what goes by on the wire at that moment. */
export interface KillPoint extends StrikePoint {
  /** Of the row in docs/recovery.md. */
  readonly id: string
  readonly what: string
  /** Also in the quick share of the tests. */
  readonly isQuick?: true
}

const persist = { statement: 'persist-batch' } as const

/** Points that alerts, orders and fills pass by; the paper venue is in the database, so its statements are the wire to it. */
export const KILL_POINTS: readonly KillPoint[] = [
  { id: 'K01', what: 'an alert is read, nothing asked', statement: 'inbox-insert-first', moment: 'before' },
  {
    id: 'K02',
    what: 'an alert is inserted, not committed',
    statement: 'inbox-insert-first',
    moment: 'uncommitted',
  },
  {
    id: 'K03',
    what: 'the commit of an alert is in doubt',
    statement: 'inbox-insert-first',
    moment: 'inDoubt',
  },
  {
    id: 'K04',
    what: 'an alert is stored, not answered',
    statement: 'inbox-insert-first',
    moment: 'unheard',
  },
  {
    id: 'K05',
    what: 'an alert is answered, not looked at',
    statement: 'read-waiting-alerts',
    moment: 'before',
  },
  {
    id: 'K06',
    what: 'an alert is decided in memory',
    ...persist,
    holds: '"AlertAdmitted"',
    moment: 'before',
  },
  {
    id: 'K07',
    what: 'an order is recorded, nobody told',
    ...persist,
    holds: '"OrderInitialized"',
    moment: 'unheard',
  },
  {
    id: 'K08',
    what: 'an order is recorded and rung for',
    ...persist,
    holds: '"OrderInitialized"',
    moment: 'heard',
  },
  { id: 'K09', what: 'a send is decided, not recorded', ...persist, holds: '"OrdersDue"', moment: 'before' },
  {
    id: 'K10',
    what: 'a send is recorded, not committed',
    ...persist,
    holds: '"OrdersDue"',
    moment: 'uncommitted',
  },
  {
    id: 'K10',
    what: 'the commit of a send is in doubt',
    ...persist,
    holds: '"OrdersDue"',
    moment: 'inDoubt',
  },
  {
    id: 'K11',
    what: 'a send is committed, not begun',
    statement: 'paper-add',
    moment: 'before',
  },
  { id: 'K12', what: 'the request is on the wire', statement: 'paper-add', moment: 'inDoubt', isQuick: true },
  { id: 'K13', what: 'the venue has it, its answer is lost', statement: 'paper-add', moment: 'unheard' },
  {
    id: 'K13',
    what: 'the answer is read, not recorded',
    ...persist,
    holds: '"BrokerReported"',
    moment: 'before',
  },
  {
    id: 'K14',
    what: 'the commit of an answer is in doubt',
    ...persist,
    holds: '"OrderAccepted"',
    moment: 'inDoubt',
  },
  { id: 'K15', what: 'an answer is recorded', ...persist, holds: '"OrderAccepted"', moment: 'heard' },
  { id: 'K16', what: 'a fill is read, not recorded', ...persist, holds: '"OrderFilled"', moment: 'before' },
  {
    id: 'K17',
    what: 'the commit of a fill is in doubt',
    ...persist,
    holds: '"OrderFilled"',
    moment: 'inDoubt',
  },
  { id: 'K18', what: 'a unit is opened', ...persist, holds: '"UnitOpened"', moment: 'heard' },
  {
    id: 'K19',
    what: 'an exit is decided, not recorded',
    ...persist,
    holds: '"ExitRequested"',
    moment: 'before',
  },
  { id: 'K21', what: 'a cancel is on the wire', statement: 'paper-cancel', moment: 'inDoubt' },
  { id: 'K21', what: 'a cancel is done, its answer is lost', statement: 'paper-cancel', moment: 'unheard' },
]

/** Points of a recovery. */
export const RECOVERY_POINTS: readonly KillPoint[] = [
  {
    id: 'K22',
    what: 'recovery: the lease is in doubt',
    statement: 'update portfolios as p set holder',
    moment: 'inDoubt',
  },
  {
    id: 'K22',
    what: 'recovery: the venue is asked',
    statement: 'paper-changed',
    moment: 'before',
    isQuick: true,
  },
  { id: 'K22', what: 'recovery: the positions are asked', statement: 'paper-positions', moment: 'unheard' },
  {
    id: 'K22',
    what: 'recovery: its finding, uncommitted',
    ...persist,
    holds: '"AccountObserved"',
    moment: 'uncommitted',
  },
  {
    id: 'K22',
    what: 'recovery: its finding, unheard',
    ...persist,
    holds: '"AccountObserved"',
    moment: 'unheard',
  },
]
