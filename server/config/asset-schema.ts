import { z } from 'zod'
import { ZONES, type Zone } from '../../core/calendar/zone.js'
import type { Asset } from '../../core/instrument/instrument.js'
import { amount, currency, instrumentName } from './values.js'

/** Zones of the exchanges that the calendar knows. */
const ZONE_OF_EXCHANGE: Readonly<Record<string, Zone>> = {
  NYSE: 'America/New_York',
  NASDAQ: 'America/New_York',
  MOEX: 'Europe/Moscow',
  NSE: 'Asia/Kolkata',
  always: 'UTC',
}

const known = Object.keys(ZONE_OF_EXCHANGE).join(', ')

const assetInput = z
  .strictObject({
    name: instrumentName.describe('As alerts and commands spell it, such as KO'),
    exchange: z
      .string()
      .min(1)
      .max(32)
      .describe(`Where it trades: one of ${known}, or with its zone another`),
    zone: z.enum(ZONES).optional().describe('Zone of the exchange; known for those'),
    quantityStep: amount.default(1).describe('Quantities are whole multiples of it'),
    minQuantity: z.number().min(0).max(1e12).default(0).describe('Least quantity of an order'),
    minNotional: z.number().min(0).max(1e12).default(0).describe('Least value of an order'),
    currency: currency
      .optional()
      .describe('Of its price: that of the portfolio, which is meant where this is left out'),
    tick: amount.default(0.01).describe('Smallest step of its price'),
  })
  .describe('What is paid for in full and held, in the currency of the portfolio')

/** An asset as it is configured; its currency is the portfolio's. */
export type ConfiguredAsset = Omit<Asset, 'currency'>

/** An asset of a portfolio. */
export const assetSchema = assetInput.transform((input, context): ConfiguredAsset => {
  const { name, exchange, quantityStep, minQuantity, minNotional, tick } = input
  const zone = input.zone ?? ZONE_OF_EXCHANGE[exchange]
  if (zone === undefined) {
    const message = `is required: only of ${known} is it known without it`
    context.issues.push({ code: 'custom', input, path: ['zone'], message })
    return z.NEVER
  }
  const facts = { from: '1970-01-01', fromInstant: 0, lotSize: 1, pointValue: 1, marginPerLot: 0, tick }
  return { name, exchange, zone, facts: [facts], quantityStep, minQuantity, minNotional }
})
