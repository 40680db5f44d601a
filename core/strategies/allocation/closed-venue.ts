import { unreachable } from '../../invariant.js'

/** What a run does while the venue is closed: nothing, everything, or everything but orders. */
export type ClosedVenueMode = 'skip_iteration' | 'force_orders' | 'dry_run'

/** What a run does. */
export interface RunExtent {
  readonly plans: boolean
  readonly sendsOrders: boolean
  /** Whether its result replaces the last one. */
  readonly updatesResult: boolean
}

/** Returns what a run does (seed 000); a closed venue's run replaces the last result only if `updatesResult` says so. */
export function runExtent(isOpen: boolean, mode: ClosedVenueMode, updatesResult: boolean): RunExtent {
  if (isOpen) return { plans: true, sendsOrders: true, updatesResult: true }
  switch (mode) {
    case 'skip_iteration':
      return { plans: false, sendsOrders: false, updatesResult: false }
    case 'force_orders':
      return { plans: true, sendsOrders: true, updatesResult }
    case 'dry_run':
      return { plans: true, sendsOrders: false, updatesResult }
    default:
      return unreachable(mode)
  }
}
