/** Where an accepted alert is: not decided yet, decided, or put aside because deciding it failed. */
export type InboxState = 'waiting' | 'decided' | 'quarantined'

/** What became of an alert, as stored. That an order of it has filled is added when it is shown. */
export type AlertOutcomeKind = 'approved' | 'blocked' | 'ignored'

/** Where a unit is: its entry may still fill, it is held, it is being closed, it is closed. */
export type PositionState = 'opening' | 'open' | 'closing' | 'closed'

/** Where a portfolio is on its way into running, in order; `stopped` when this service let go of it. */
export type PhaseName =
  | 'database'
  | 'migrations'
  | 'lease'
  | 'fold'
  | 'brokerSnapshot'
  | 'reconcile'
  | 'comparePositions'
  | 'drainInbox'
  | 'active'
  | 'stopped'
