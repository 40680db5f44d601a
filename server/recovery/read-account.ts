import type { AccountObserved } from '../../core/input.js'
import type { Broker } from '../brokers/broker.js'

/** Returns what the broker says it holds for us. Throws when it could not be read in full. */
export async function readAccount(
  broker: Broker,
): Promise<Pick<AccountObserved, 'positions' | 'averagePrices'>> {
  const positions = await broker.positions()
  const averagePrices = await broker.averagePrices?.()
  return averagePrices === undefined ? { positions } : { positions, averagePrices }
}
