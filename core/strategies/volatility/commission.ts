import type { Decimal } from '../../decimal.js'
import { decimal } from '../../decimal.js'

/** Commission rates as fractions of an order's value; the nearest one that is set counts. */
export interface CommissionRates {
  /** Of this stock, for this owner. */
  readonly tenantAsset: Decimal | null
  /** Of this owner. */
  readonly tenant: Decimal | null
  readonly global: Decimal | null
}

/** One basis point: what is taken where nobody has set a rate (seed 004). */
export const DEFAULT_COMMISSION_RATE = decimal('0.0001')

/** Returns the rate in force, and whose it is. */
export function commissionRate(rates: CommissionRates): {
  readonly rate: Decimal
  readonly scope: keyof CommissionRates | 'default'
} {
  if (rates.tenantAsset !== null) return { rate: rates.tenantAsset, scope: 'tenantAsset' }
  if (rates.tenant !== null) return { rate: rates.tenant, scope: 'tenant' }
  if (rates.global !== null) return { rate: rates.global, scope: 'global' }
  return { rate: DEFAULT_COMMISSION_RATE, scope: 'default' }
}
