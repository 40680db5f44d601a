/** What notifications can be about, as the configuration names it. */
export const TOPICS = ['alarms', 'fills', 'units', 'decisions', 'approvals', 'preClose'] as const

/** One of the things that notifications can be about. */
export type Topic = (typeof TOPICS)[number]

/** What a notice tells. unitOpened and unitClosed follow fills; decision says nothing about execution. */
export type NoticeKind =
  | 'alarm'
  | 'fill'
  | 'unitOpened'
  | 'unitClosed'
  | 'decision'
  | 'approvalRequested'
  | 'approvalClosed'
  | 'preClose'

/** A short message to people about something that is recorded. */
export interface Notice {
  readonly topic: Topic
  readonly kind: NoticeKind
  /** When it happened, as an ISO instant in UTC. */
  readonly at: string
  /** Null where it concerns the whole service. */
  readonly portfolio: string | null
  /** One line for people. */
  readonly text: string
  /** The same for programs: ids, and amounts as texts. */
  readonly data: Readonly<Record<string, unknown>>
}
