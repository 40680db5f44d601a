import { setTimeout as delay } from 'node:timers/promises'
import type { Decimal } from '../../core/decimal.js'
import { digest } from '../../core/ids.js'
import type { ExternalOrder } from '../../core/input.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { Broker } from '../brokers/broker.js'
import type { Clock } from '../clock.js'
import { DataCorruptError } from '../journal/data-corrupt-error.js'
import { type Difference, describeDifference } from '../journal/difference.js'
import { type Verification, verifyPortfolio } from '../journal/verify.js'
import type { AlarmDesk } from '../observe/alarms.js'
import {
  comparePositions,
  type PositionBreak,
  type ReconcileContext,
  readVenueOrders,
  reconcileOrders,
} from './reconcile.js'
import { type OnProgress, RecoveryError } from './recovery-progress.js'
import type { RecoverySteps } from './recovery-steps.js'
import { validateState } from './validate-state.js'

/** What recovering a portfolio depends on. */
export interface RecoveryContext {
  readonly portfolio: string
  readonly desk: AlarmDesk
  readonly clock: Clock
  readonly broker: Broker
  readonly onProgress: OnProgress
  readonly signal: AbortSignal
  /** True folds everything; false folds from the newest snapshot. */
  readonly full: boolean
  /** Milliseconds between the two looks at the positions that a break takes. Default 1,000. */
  readonly settleMs?: number
  /** How often a venue that does not answer is asked; default: until the signal aborts. */
  readonly venueAttempts?: number
}

/** What the logs said. */
export interface RecoveredFold extends Verification {
  /** Rules that always hold and that the state breaks; nobody trades with one. */
  readonly broken: readonly string[]
}

/** What the venue said. */
export interface RecoveredVenue {
  readonly unresolved: readonly string[]
  readonly external: readonly ExternalOrder[]
  readonly breaks: readonly PositionBreak[]
}

/** The configuration that a portfolio is to run with. */
export interface WantedConfiguration {
  readonly hash: string
  readonly settings: PortfolioSettings
  /** What a portfolio without any history is funded with; null for nothing. */
  readonly openingDeposit: Decimal | null
}

/** Milliseconds between two attempts to reach a venue. */
const VENUE_RETRY = 1000

/**
 * Folds the logs, compares them with every projection and checks the rules that always hold. Throws RecoveryError when
 * anything differs: nothing may trade on books that contradict themselves.
 */
export async function recoverFold(context: RecoveryContext): Promise<RecoveredFold> {
  const found = await inspectFold(context)
  if (found.differences.length > 0)
    throw new RecoveryError('DATA_CORRUPT', describeDifferences(found.differences))
  if (found.broken.length > 0) throw new RecoveryError('VALIDATION_FAILED', found.broken.join('; '))
  return found
}

/** Like recoverFold, but returns what it finds. Throws RecoveryError only when the logs cannot be folded at all. */
export async function inspectFold(context: RecoveryContext): Promise<RecoveredFold> {
  const { portfolio, full, desk, onProgress } = context
  onProgress({ phase: 'fold', code: null, detail: null })
  try {
    const verified = await verifyPortfolio(desk.pool, { portfolio, full, log: desk.log })
    return { ...verified, broken: validateState(verified.fold.portfolio) }
  } catch (error) {
    if (!(error instanceof DataCorruptError)) throw error
    throw new RecoveryError('DATA_CORRUPT', error.message, { cause: error })
  }
}

/** Returns the first few of the differences in one line. */
export function describeDifferences(differences: readonly Difference[]): string {
  const told = differences.slice(0, 5).map(describeDifference).join('; ')
  return differences.length > 5 ? `${told}; and ${differences.length - 5} more` : told
}

/** Brings a portfolio to the wanted configuration, and funds it once if it is new. */
export async function activate(
  steps: RecoverySteps,
  wanted: WantedConfiguration,
  seq: number,
): Promise<void> {
  const portfolio = steps.state()
  const { id, configurationHash } = portfolio
  if (configurationHash !== wanted.hash) {
    await steps.submit({
      type: 'ConfigurationActivated',
      id: `C-${digest('configuration', id, wanted.hash, String(seq))}`,
      hash: wanted.hash,
      settings: wanted.settings,
    })
  }
  if (wanted.openingDeposit === null || !isWithoutHistory(steps)) return
  await steps.submit({
    type: 'OperatorCommanded',
    id: `C-${digest('opening deposit', id)}`,
    command: { kind: 'cash', movement: 'deposit', amount: wanted.openingDeposit, note: 'opening deposit' },
  })
}

function isWithoutHistory(steps: RecoverySteps): boolean {
  const { ledger, orders } = steps.state()
  return ledger.deposited.isZero() && ledger.balance.isZero() && orders.size === 0
}

/**
 * Learns from the venue what became of our orders, and compares what is held. A venue that does not answer is asked
 * again. Throws RecoveryError VENUE_UNREACHABLE when it was asked often enough.
 */
export async function recoverVenue(
  context: RecoveryContext,
  steps: RecoverySteps,
  occasion: string,
): Promise<RecoveredVenue> {
  const { broker, clock, onProgress, settleMs = 1000 } = context
  const reconcile: ReconcileContext = { steps, broker, clock, occasion, settleMs }
  const shown = await askVenue(context, 'brokerSnapshot', () => readVenueOrders(reconcile))
  onProgress({ phase: 'reconcile', code: null, detail: null })
  const orders = await askVenue(context, 'reconcile', () => reconcileOrders(reconcile, shown))
  onProgress({ phase: 'comparePositions', code: null, detail: null })
  const breaks = await askVenue(context, 'comparePositions', () => comparePositions(reconcile, orders))
  const { unresolved, external } = orders
  return { unresolved, external, breaks }
}

async function askVenue<T>(
  context: RecoveryContext,
  phase: 'brokerSnapshot' | 'reconcile' | 'comparePositions',
  ask: () => Promise<T>,
): Promise<T> {
  const { broker, onProgress, signal, desk, portfolio, venueAttempts = Number.POSITIVE_INFINITY } = context
  onProgress({ phase, code: null, detail: null })
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const detail = `${broker.name} could not be read: ${reason}`
      onProgress({ phase, code: 'VENUE_UNREACHABLE', detail })
      desk.log.warn({ err: error, portfolio, attempt }, 'The broker could not be read')
      if (attempt >= venueAttempts || signal.aborted) {
        throw new RecoveryError('VENUE_UNREACHABLE', detail, { cause: error })
      }
      await delay(VENUE_RETRY, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Returns the code and the words for positions that differ from the broker's; nulls when none does. */
export function breakCode(breaks: readonly PositionBreak[]): {
  readonly code: 'POSITION_BREAK' | null
  readonly detail: string | null
} {
  if (breaks.length === 0) return { code: null, detail: null }
  const detail = breaks.map(({ instrument, difference }) => `${instrument}: ${difference}`).join('; ')
  return { code: 'POSITION_BREAK', detail }
}
