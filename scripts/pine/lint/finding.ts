/** Something in a script that would go wrong. */
export interface Finding {
  /** From 1; null where it is about the whole script. */
  readonly line: number | null
  readonly rule: FindingRule
  readonly message: string
}

/** What is looked at. */
export type FindingRule =
  | 'version'
  | 'declaration'
  | 'unread'
  | 'rate'
  | 'throttle'
  | 'window'
  | 'confirmed'
  | 'json'
  | 'alert'
  | 'timestamp'
  | 'barTime'
  | 'positionStatus'
  | 'stateBeforeAlert'
