import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'

/** Returns the application with routes that are typed by their zod schemas. */
export function withZod(app: FastifyInstance) {
  return app.withTypeProvider<ZodTypeProvider>()
}

/** An application whose routes are typed by their zod schemas. */
export type TypedApp = ReturnType<typeof withZod>
