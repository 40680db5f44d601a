import { z } from 'zod'
import type { Alert } from '../../../core/alert/alert.js'
import { type Decimal, parseDecimal } from '../../../core/decimal.js'
import type { PortfolioSettings } from '../../../core/settings.js'

/*
 * Shapes that several records share. What a fold or a projection computes with is checked to the last field; what is
 * only shown later (gates, the arithmetic of a size) is let through as it was recorded.
 */

/** Any text. */
export const text = z.string()

/** A text, or null. */
export const textOrNull = z.string().nullable()

/** A finite number. */
export const number = z.number()

/** A finite number, or null. */
export const numberOrNull = z.number().nullable()

/** Milliseconds since 1970. */
export const instant = z.number()

/** An exact number, recorded as its text. */
export const decimal: z.ZodType<Decimal, string> = z.string().transform((digits, context) => {
  const value = parseDecimal(digits)
  if (value !== null) return value
  context.addIssue({ code: 'custom', message: `Invalid decimal "${digits}"` })
  return z.NEVER
})

/** An exact number, or null. */
export const decimalOrNull = decimal.nullable()

/** Returns the schema of a union of texts; the total map keeps it from lagging behind the union. */
export function oneOf<Name extends string>(names: Readonly<Record<Name, true>>): z.ZodType<Name> {
  return z.enum(Object.keys(names) as [Name, ...Name[]])
}

/** Returns the schema of a union of codes that nothing computes with: any text passes. */
export function code<Name extends string>(): z.ZodType<Name> {
  return z.string() as unknown as z.ZodType<Name>
}

/** Returns the schema of an object that is only shown: any object passes, with all its fields. */
export function shown<T extends object>(): z.ZodType<T> {
  return z.looseObject({}) as unknown as z.ZodType<T>
}

/** A side of the market. */
export const side = oneOf<'buy' | 'sell'>({ buy: true, sell: true })

/** What an order is for. */
export const purpose = oneOf<'entry' | 'pyramid' | 'exit' | 'peelOff'>({
  entry: true,
  pyramid: true,
  exit: true,
  peelOff: true,
})

/** How an order is priced. */
export const orderType = oneOf<'market' | 'limit'>({ market: true, limit: true })

/** What a portfolio may do. */
export const tradingState = oneOf<'active' | 'reducing' | 'halted' | 'frozen'>({
  active: true,
  reducing: true,
  halted: true,
  frozen: true,
})

/** Settings as they were activated: the configuration's own schema checked them then. */
export const settings = z.looseObject({
  portfolio: text,
  currency: text,
  instruments: z.array(z.looseObject({ name: text, facts: z.array(z.looseObject({})).min(1) })),
}) as unknown as z.ZodType<PortfolioSettings>

/** An alert as the inbox parsed it. */
export const alert = z.looseObject({
  type: oneOf<Alert['type']>({
    BASE_ENTRY: true,
    PYRAMID: true,
    EXIT: true,
    EOD_MONITOR: true,
    MARKET_DATA: true,
  }),
  instrument: text,
}) as unknown as z.ZodType<Alert>
