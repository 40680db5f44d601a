import { z } from 'zod'
import { ServiceError } from '../../errors.js'
import { filteredPageQuery, pageOf, pageQuery } from './paging.js'
import type { FilteredPageQuery, Page, PageQuery, Shown, V1Reads } from './port.js'
import {
  alarmShape,
  alertShape,
  approvalShape,
  decisionSummaryShape,
  fillShape,
  orderShape,
  portfolioSummaryShape,
  positionShape,
  postingShape,
} from './shapes.js'
import type { TypedApp } from './typed-app.js'

const security = [{ adminToken: [] }]

/** Adds the lists of /v1: each newest first, a page at a time. */
export function addLists(app: TypedApp, reads: V1Reads): void {
  app.get(
    '/portfolios',
    { schema: { security, summary: 'Every portfolio', response: { 200: pageOf(portfolioSummaryShape) } } },
    async () => ({ items: [...(await reads.portfolios())], next: null }),
  )
  const guard = knownPortfolio(reads)
  addFilteredList(app, { name: 'positions', item: positionShape, read: guard(reads.positions) })
  addFilteredList(app, { name: 'orders', item: orderShape, read: guard(reads.orders) })
  addFilteredList(app, { name: 'approvals', item: approvalShape, read: guard(reads.approvals) })
  addList(app, { name: 'fills', item: fillShape, read: guard(reads.fills) })
  addList(app, { name: 'decisions', item: decisionSummaryShape, read: guard(reads.decisions) })
  addList(app, { name: 'alerts', item: alertShape, read: guard(reads.alerts) })
  addList(app, { name: 'ledger', item: postingShape, read: guard(reads.ledger) })
  const alarms = {
    security,
    summary: 'Alarms',
    querystring: pageQuery,
    response: { 200: pageOf(alarmShape) },
  }
  app.get('/alarms', { schema: alarms }, async (request) => mutable(await reads.alarms(request.query)))
}

type ReadList<Query, Item> = (portfolio: string, query: Query) => Promise<Page<Item>>

interface List<Query, Item extends z.ZodType> {
  readonly name: string
  readonly item: Item
  readonly read: ReadList<Query, Shown<Item>>
}

const ofPortfolio = z.object({ id: z.string() })

function addList<Item extends z.ZodType>(app: TypedApp, { name, item, read }: List<PageQuery, Item>): void {
  const summary = `The ${name} of a portfolio`
  const schema = {
    security,
    summary,
    params: ofPortfolio,
    querystring: pageQuery,
    response: { 200: pageOf(item) },
  }
  app.get(`/portfolios/:id/${name}`, { schema }, async (request, reply) =>
    reply.send(mutable(await read(request.params.id, request.query)) as never),
  )
}

function addFilteredList<Item extends z.ZodType>(
  app: TypedApp,
  { name, item, read }: List<FilteredPageQuery, Item>,
): void {
  const summary = `The ${name} of a portfolio: those that are open, unless status says otherwise`
  const querystring = filteredPageQuery
  const schema = { security, summary, params: ofPortfolio, querystring, response: { 200: pageOf(item) } }
  app.get(`/portfolios/:id/${name}`, { schema }, async (request, reply) =>
    reply.send(mutable(await read(request.params.id, request.query)) as never),
  )
}

/** Returns a wrapper that refuses portfolios that do not exist: their lists are not empty, they are nothing. */
function knownPortfolio(reads: V1Reads) {
  return <Query, Item>(read: ReadList<Query, Item>): ReadList<Query, Item> =>
    async (portfolio, query) => {
      const page = await read(portfolio, query)
      if (page.items.length === 0) {
        const known = await reads.portfolios()
        if (!known.some(({ id }) => id === portfolio)) throw unknownPortfolio(portfolio)
      }
      return page
    }
}

/** Returns the error of a portfolio that does not exist. */
export function unknownPortfolio(id: string): ServiceError {
  return new ServiceError('PORTFOLIO_UNKNOWN', `There is no portfolio ${id}`)
}

function mutable<T>({ items, next }: Page<T>): { items: T[]; next: string | null } {
  return { items: [...items], next }
}
