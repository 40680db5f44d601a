import { z } from 'zod'
import { configurationSchema } from './schema.js'

/** Returns the JSON Schema of the configuration file, as text: what docs/config.schema.json holds. */
export function configurationJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(configurationSchema, { io: 'input' }), null, 2)}\n`
}
