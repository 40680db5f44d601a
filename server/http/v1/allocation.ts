import { z } from 'zod'
import { decimal } from '../../../core/decimal.js'
import type { Quote } from '../../../core/input.js'
import { parseInstant } from '../../../core/time.js'
import { ServiceError } from '../../errors.js'
import { executeBody, type OverrideQuery, overrideQuery } from './allocation-bodies.js'
import { checkShape, metricsShape, planShape, runsShape } from './allocation-shapes.js'
import { addCommand, requireInstrument } from './commands.js'
import { unknownPortfolio } from './lists.js'
import type { PortfolioFacts, Preview } from './port.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

const security = [{ adminToken: [] }]
const params = z.object({ id: z.string() })

/** Adds the plan, the check and the execution of runs towards target weights. */
export function addAllocation(app: TypedApp, options: V1Options): void {
  addPreviews(app, options)
  addRuns(app, options)
  addCommand(app, options, {
    path: 'execute',
    summary: 'Run towards the target weights, with what is known now; a dry run unless told otherwise',
    body: executeBody,
    toCommand: async (body, { facts }) => {
      requireManual(facts)
      const { dryRun, targetWeights, threshold, maxOrders, prices } = body
      return {
        ...{ kind: 'rebalance', isDryRun: dryRun, maxOrders: maxOrders ?? null },
        targetWeights: targetWeights === undefined ? null : readWeights(targetWeights),
        threshold: threshold === undefined ? null : decimal(threshold),
        quotes: quotesOf(prices, facts),
      }
    },
  })
}

function addPreviews(app: TypedApp, { commands }: V1Options): void {
  const plan = {
    ...{ security, params, querystring: overrideQuery, response: { 200: planShape } },
    summary: 'What a run would order now; nothing is stored',
  }
  app.get('/portfolios/:id/plan', { schema: plan }, async ({ params: { id }, query }, reply) => {
    if (commands.facts(id) === null) throw unknownPortfolio(id)
    const { plan: planned } = await commands.previewRun(id, overridesOf(query))
    return reply.send(planned as never)
  })
  const check = {
    ...{ security, params, querystring: overrideQuery, response: { 200: checkShape } },
    summary: 'Whether a run is needed: how far every position is from its target',
  }
  app.get('/portfolios/:id/check', { schema: check }, async ({ params: { id }, query }, reply) => {
    if (commands.facts(id) === null) throw unknownPortfolio(id)
    return reply.send(showCheck(await commands.previewRun(id, overridesOf(query))) as never)
  })
}

function addRuns(app: TypedApp, { reads }: V1Options): void {
  const runs = {
    ...{ security, params, response: { 200: runsShape } },
    summary: 'The run in progress with its progress, and the last one',
  }
  app.get('/portfolios/:id/runs', { schema: runs }, async ({ params: { id } }, reply) => {
    const shown = await reads.runs(id)
    if (shown === null) throw unknownPortfolio(id)
    return reply.send(shown as never)
  })
  const metrics = {
    ...{ security, params, response: { 200: metricsShape } },
    summary: 'The fund metrics that a portfolio has',
  }
  app.get('/portfolios/:id/metrics', { schema: metrics }, async ({ params: { id } }, reply) => {
    const items = await reads.fundMetrics(id)
    if (items === null) throw unknownPortfolio(id)
    return reply.send({ items } as never)
  })
}

function overridesOf({ threshold, maxOrders }: OverrideQuery) {
  return { targetWeights: null, threshold: threshold ?? null, maxOrders: maxOrders ?? null }
}

/** Names are read as the core knows them; a name twice is a mistake that the core tells. */
function readWeights(weights: Readonly<Record<string, number>>) {
  return Object.entries(weights).map(([symbol, pct]) => ({ symbol: symbol.trim().toUpperCase(), pct }))
}

function requireManual({ strategy, isAutomatic, isRunning }: PortfolioFacts): void {
  if (strategy !== 'allocation')
    throw new ServiceError('NOT_ALLOCATION', 'The portfolio is not kept at target weights')
  if (isAutomatic) throw new ServiceError('AUTOMATIC_IS_ON', 'Runs of this portfolio begin by themselves')
  if (isRunning) throw new ServiceError('RUN_IN_PROGRESS', 'A run of this portfolio is in progress')
}

type ToldPrices = z.infer<typeof executeBody>['prices']

function quotesOf(prices: ToldPrices, facts: PortfolioFacts): Record<string, Quote> {
  const quotes: Record<string, Quote> = {}
  for (const { instrument, price, at } of prices) {
    const observedAt = at === undefined ? facts.now : parseInstant(at)!
    quotes[requireInstrument(facts, instrument)] = { price, observedAt }
  }
  return quotes
}

function showCheck({ plan, drifted }: Preview) {
  const { equity, currency, maxDeviation, positions } = plan
  const orders = positions.flatMap(({ order }) => order ?? [])
  const sumOf = (side: 'buy' | 'sell') =>
    orders
      .filter((order) => order.side === side)
      .reduce((sum, { value }) => sum.plus(decimal(value)), decimal(0))
  const [bought, sold] = [sumOf('buy'), sumOf('sell')]
  return {
    ...{ needsRebalancing: drifted.length > 0, drifted, equity, currency, maxDeviation },
    deviations: positions.map(({ symbol, currentPct, targetPct }) => ({
      ...{ symbol, currentPct, targetPct, deviation: currentPct - targetPct },
    })),
    summary: {
      ordersRequired: orders.length,
      buyOrders: orders.filter(({ side }) => side === 'buy').length,
      sellOrders: orders.filter(({ side }) => side === 'sell').length,
      valueToTrade: `${bought.isLessThan(sold) ? sold : bought}`,
    },
  }
}
