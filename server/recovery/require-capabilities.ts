import type { PortfolioSettings } from '../../core/settings.js'
import type { Broker } from '../brokers/broker.js'
import { ServiceError } from '../errors.js'

/**
 * Throws ServiceError CONFIGURATION_INVALID when a portfolio is to do what its broker cannot: a stop that is believed to
 * rest at the venue and does not is worse than none.
 */
export function requireCapabilities(
  { portfolio, protectiveStop = null }: PortfolioSettings,
  { name, capabilities }: Pick<Broker, 'name' | 'capabilities'>,
): void {
  if (protectiveStop === null || capabilities.restsStops === true) return
  const detail = `Portfolio ${portfolio} has protectiveStop, and the broker ${name} takes no stop orders: set protectiveStop to null, which keeps its stops here alone, or use a broker that takes them`
  throw new ServiceError('CONFIGURATION_INVALID', detail)
}
