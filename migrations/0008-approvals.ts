import { type Kysely, type Migration, sql } from 'kysely'

/** Finds the questions to people, and their ends, among all that happened: they are listed from the log itself. */
export const approvals: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create index approvals_asked on events (portfolio, seq, idx) where type = 'ApprovalRequested'`.execute(
      db,
    )
    await sql`
      create unique index approvals_closed on events (portfolio, (data ->> 'approvalId'))
      where type = 'ApprovalClosed'`.execute(db)
  },
}
