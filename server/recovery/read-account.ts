import type { AccountObserved } from '../../core/input.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import { compareAccount, isNothingNew } from '../../core/reconcile/compare.js'
import type { Broker } from '../brokers/broker.js'

/**
 * Returns what the broker says it holds for us, with what it paid on average where that is of use: where it differs from
 * what is known. Throws when it could not be read in full.
 */
export async function readAccount(
  broker: Broker,
  state: () => Portfolio,
): Promise<Pick<AccountObserved, 'positions' | 'averagePrices'>> {
  const positions = await broker.positions()
  if (broker.averagePrices === undefined) return { positions }
  const portfolio = state()
  if (isNothingNew(compareAccount(portfolio, { positions }, portfolio.now))) return { positions }
  return { positions, averagePrices: await broker.averagePrices() }
}
