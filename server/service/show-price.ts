import type { Input } from '../../core/input.js'
import type { Broker } from '../brokers/broker.js'
import type { Log } from '../observe/log.js'

/** Tells a venue without prices of its own what `input` told here. One that does not hear it misses a price, and no more. */
export function showPrice(broker: Broker, input: Input, log: Log): void {
  const told = priceIn(input)
  if (told === null) return
  const failed = (error: unknown) => log.warn({ err: error }, 'The venue was not told a price')
  broker.see?.(told.instrument, told.price).catch(failed)
}

function priceIn(input: Input): { readonly instrument: string; readonly price: number } | null {
  if (input.type === 'BarClosed') return { instrument: input.instrument, price: input.close }
  if (input.type !== 'AlertAdmitted' || input.alert.price === null) return null
  return { instrument: input.alert.instrument, price: input.alert.price }
}
