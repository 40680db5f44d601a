import type { Pool } from 'pg'
import { digest } from '../../core/ids.js'
import { type Instant, isoInstant } from '../../core/time.js'
import { type AlarmDesk, raiseAlarm } from '../observe/alarms.js'
import type { RecoverySteps } from './recovery-steps.js'

/** How many starts in a row may die within CRASH_LOOP_MINUTES before the portfolio is active; one more halts it. */
export const CRASHED_STARTS = 5

/** Starts of longer ago are forgotten. */
export const CRASH_LOOP_MINUTES = 10

/** A start of a portfolio by an instance. */
export interface PortfolioStart {
  readonly portfolio: string
  readonly instance: string
}

const BEGIN = `
  with forgotten as (
    delete from unfinished_starts where portfolio = $1 and began_at < clock_timestamp() - make_interval(mins => $3)),
  begun as (
    insert into unfinished_starts (portfolio, instance) values ($1, $2) on conflict do nothing)
  select count(*)::int as crashes from unfinished_starts
  where portfolio = $1 and instance <> $2 and began_at >= clock_timestamp() - make_interval(mins => $3)`

/**
 * Records that a portfolio begins to start, and returns how many starts of it died lately without any of them, or one
 * since, having become active. An instance that tries again by itself is one start.
 */
export async function beginStart(pool: Pool, { portfolio, instance }: PortfolioStart): Promise<number> {
  const { rows } = await pool.query<{ crashes: number }>(BEGIN, [portfolio, instance, CRASH_LOOP_MINUTES])
  return rows[0]!.crashes
}

/** Records that a start ended in order before the portfolio was active: it was told to stop, or it will try again. */
export async function endStart(pool: Pool, { portfolio, instance }: PortfolioStart): Promise<void> {
  await pool.query('delete from unfinished_starts where portfolio = $1 and instance = $2', [
    portfolio,
    instance,
  ])
}

/** Records that a portfolio became active: whatever died before has been overcome. */
export async function forgetCrashes(pool: Pool, portfolio: string): Promise<void> {
  await pool.query('delete from unfinished_starts where portfolio = $1', [portfolio])
}

/** What halting a portfolio that crashes again and again depends on. */
export interface CrashLoopOptions {
  readonly desk: AlarmDesk
  readonly steps: RecoverySteps
  /** As beginStart told. */
  readonly crashes: number
  /** Makes the command another one in each start. */
  readonly occasion: string
  readonly at: Instant
}

/**
 * Halts a portfolio of which too many starts have died in a row, so that it opens nothing while nobody knows why; exits go
 * on. It is a command as an operator would give it, and only an operator takes it back.
 */
export async function haltCrashLoop({ desk, steps, crashes, occasion, at }: CrashLoopOptions): Promise<void> {
  if (crashes <= CRASHED_STARTS) return
  const { id, tradingState } = steps.state()
  const reason = `crash loop: ${crashes} starts within ${CRASH_LOOP_MINUTES} minutes died before the portfolio was active`
  if (tradingState === 'active' || tradingState === 'reducing') {
    await steps.submit({
      type: 'OperatorCommanded',
      id: `C-${digest('crash loop', id, occasion, isoInstant(at))}`,
      command: { kind: 'tradingState', state: 'halted', reason },
    })
  }
  const message = `Portfolio ${id} is ${steps.state().tradingState} after a ${reason}. Exits go on; find out why it dies, then resume it`
  await raiseAlarm(desk, { code: 'CRASH_LOOP', severity: 'critical', portfolio: id, message, at })
}
