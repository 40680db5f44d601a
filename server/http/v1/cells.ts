import { z } from 'zod'
import { decimal } from '../../../core/decimal.js'
import type { OperatorCommand } from '../../../core/input.js'
import { unreachable } from '../../../core/invariant.js'
import { parseInstant } from '../../../core/time.js'
import {
  anchorBody,
  cellOrderBody,
  type DividendBody,
  dividendBody,
  evaluateBody,
  fundingBody,
} from './cell-bodies.js'
import { cellShape, dividendShape } from './cell-shapes.js'
import { addCommand, requireCurrency, requireInstrument } from './commands.js'
import { unknownPortfolio } from './lists.js'
import type { PortfolioFacts } from './port.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

const security = [{ adminToken: [] }]
const params = z.object({ id: z.string() })

/** Adds what /v1 tells of cells, and what an operator can order of them. */
export function addCells(app: TypedApp, options: V1Options): void {
  addLists(app, options)
  addCommand(app, options, {
    path: 'evaluate',
    summary: 'Evaluate cells, at these prices or at those that are known',
    body: evaluateBody,
    toCommand: async ({ instruments, prices }, { facts }) => {
      const told = prices.map(({ instrument, price, at }) => ({
        instrument: requireInstrument(facts, instrument),
        price,
        observedAt: at === undefined ? facts.now : parseInstant(at)!,
      }))
      const named = instruments?.map((name) => requireInstrument(facts, name))
      const priced = told.map(({ instrument }) => instrument)
      return { kind: 'evaluate', instruments: named ?? (priced.length > 0 ? priced : null), prices: told }
    },
  })
  addCommand(app, options, {
    path: 'anchor',
    summary: 'Measure moves from another price; a halt ends with it',
    body: anchorBody,
    toCommand: async ({ instrument, price, reason }, { facts }) => ({
      ...{
        kind: 'setAnchor',
        instrument: requireInstrument(facts, instrument),
        price: decimal(price),
        reason,
      },
    }),
  })
  addCommand(app, options, {
    path: 'orders',
    summary: 'Buy or sell shares of a cell, inside its guardrails',
    body: cellOrderBody,
    toCommand: async ({ instrument, side, quantity, reason }, { facts }) => ({
      ...{ kind: 'cellOrder', instrument: requireInstrument(facts, instrument), side },
      ...{ shares: decimal(quantity), reason },
    }),
  })
  addCommand(app, options, {
    path: 'funding',
    summary: 'Move cash into a cell out of what is in none, or back',
    body: fundingBody,
    toCommand: async ({ instrument, kind, amount, reason }, { facts }) => ({
      ...{ kind: 'fundCell', instrument: requireInstrument(facts, instrument), reason },
      amount: kind === 'deposit' ? decimal(amount) : decimal(amount).negated(),
    }),
  })
  addCommand(app, options, {
    path: 'dividends',
    summary: 'Announce a dividend, tell that it went ex or was paid, correct it, or book a split',
    body: dividendBody,
    toCommand: async (body, { facts }) => toDividendCommand(body, facts),
  })
}

function addLists(app: TypedApp, { reads }: V1Options): void {
  const cells = {
    ...{ security, summary: 'The cells of a portfolio', params },
    response: { 200: z.object({ items: z.array(cellShape) }) },
  }
  app.get('/portfolios/:id/cells', { schema: cells }, async ({ params: { id } }, reply) => {
    const items = await reads.cells(id)
    if (items === null) throw unknownPortfolio(id)
    return reply.send({ items } as never)
  })
  const dividends = {
    ...{ security, summary: 'The dividends of the cells of a portfolio, the latest ex-date first', params },
    response: { 200: z.object({ items: z.array(dividendShape) }) },
  }
  app.get('/portfolios/:id/dividends', { schema: dividends }, async ({ params: { id } }, reply) => {
    const items = await reads.dividends(id)
    if (items === null) throw unknownPortfolio(id)
    return reply.send({ items } as never)
  })
}

function toDividendCommand(body: DividendBody, facts: PortfolioFacts): OperatorCommand {
  const instrument = requireInstrument(facts, body.instrument)
  const { exDate } = body
  switch (body.kind) {
    case 'announce': {
      const { perShare, withholdingRate, payDate, currency } = body
      if (currency !== undefined) requireCurrency(facts, currency)
      const figures = { perShare: decimal(perShare), withholdingRate: decimal(withholdingRate) }
      return { kind: 'announceDividend', instrument, ...figures, exDate, payDate }
    }
    case 'exDate':
      return { kind: 'goExDividend', instrument, exDate }
    case 'pay':
      return { kind: 'payDividend', instrument, exDate }
    case 'correct': {
      const { reason, payDate = null } = body
      const perShare = body.perShare === undefined ? null : decimal(body.perShare)
      const withholdingRate = body.withholdingRate === undefined ? null : decimal(body.withholdingRate)
      return { kind: 'correctDividend', instrument, exDate, perShare, withholdingRate, payDate, reason }
    }
    case 'split':
      return { kind: 'splitShares', instrument, exDate, ratio: decimal(body.ratio) }
    default:
      return unreachable(body)
  }
}
