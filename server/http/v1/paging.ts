import { z } from 'zod'

const largestPage = 500

/** The query of a paged list. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(largestPage).default(50),
  cursor: z
    .string()
    .min(1)
    .max(512)
    .nullable()
    .default(null)
    .describe('The value of next in the previous page'),
})

/** The query of a paged list of things that end. */
export const filteredPageQuery = pageQuery.extend({
  status: z.enum(['open', 'closed', 'all']).default('open'),
})

/** Returns the shape of a page of `item`. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}
