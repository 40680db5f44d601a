import type { z } from 'zod'
import { decimal } from '../../../core/decimal.js'
import type { OperatorCommand } from '../../../core/input.js'
import { ServiceError } from '../../errors.js'
import { cashBody, exitBody, tradingStateBody, unlockBody } from './command-bodies.js'
import { addCommandRoute } from './command-route.js'
import { unknownPortfolio } from './lists.js'
import type { PortfolioFacts, V1Commands } from './port.js'
import type { TypedApp } from './typed-app.js'
import type { V1Options } from './v1.js'

/** Adds what an operator can order. Every route answers the same key and body with its first answer. */
export function addCommands(app: TypedApp, options: V1Options): void {
  addCommand(app, options, {
    path: 'trading-state',
    summary: 'Let the portfolio do more, or less',
    body: tradingStateBody,
    toCommand: async ({ state, reason }) => ({ kind: 'tradingState', state, reason }),
  })
  addCommand(app, options, {
    path: 'cash',
    summary: 'Record a deposit or a withdrawal',
    body: cashBody,
    toCommand: async ({ kind, amount, currency, note }, { facts }) => {
      requireCurrency(facts, currency)
      return { kind: 'cash', movement: kind, amount: decimal(amount), note: note || null }
    },
  })
  addCommand(app, options, {
    path: 'unlock',
    summary: 'Let a locked instrument trade again, after someone has looked',
    body: unlockBody,
    toCommand: async ({ instrument, reason }, { facts }) => ({
      kind: 'unlock',
      instrument: requireInstrument(facts, instrument),
      reason,
    }),
  })
  addCommand(app, options, {
    path: 'exit',
    summary: 'Close positions',
    body: exitBody,
    toCommand: async ({ instrument, positionId, reason }, context) => {
      if (positionId !== undefined) {
        await requirePosition(options.commands, context.portfolio, positionId)
        return { kind: 'exit', target: { positionId }, reason }
      }
      if (instrument === undefined) return { kind: 'exit', target: { all: true }, reason }
      return {
        kind: 'exit',
        target: { instrument: requireInstrument(context.facts, instrument) },
        reason,
      }
    },
  })
}

/** Where a command is ordered. */
export interface CommandContext {
  readonly portfolio: string
  readonly facts: PortfolioFacts
}

/** A command under a portfolio. */
export interface PortfolioCommand<Body extends z.ZodType> {
  readonly path: string
  readonly summary: string
  readonly body: Body
  /** Throws ServiceError when the portfolio cannot do that. */
  readonly toCommand: (body: z.infer<Body>, context: CommandContext) => Promise<OperatorCommand>
}

/** Adds a command to what is under a portfolio. */
export function addCommand<Body extends z.ZodType>(
  app: TypedApp,
  options: V1Options,
  { path, summary, body, toCommand }: PortfolioCommand<Body>,
): void {
  addCommandRoute(app, options, {
    ...{ summary, body },
    url: `/portfolios/:id/${path}`,
    scopeOf: (portfolio) => `POST /v1/portfolios/${portfolio}/${path}`,
    recordedIn: async (portfolio) => [portfolio],
    toOrder: async (parsed, portfolio) => {
      const facts = options.commands.facts(portfolio)
      if (facts === null) throw unknownPortfolio(portfolio)
      return { portfolio, command: await toCommand(parsed, { portfolio, facts }) }
    },
  })
}

/** Throws ServiceError when the portfolio is kept in another currency. */
export function requireCurrency(facts: PortfolioFacts, currency: string): void {
  if (facts.currency === currency) return
  throw new ServiceError(
    'CURRENCY_MISMATCH',
    `The portfolio is kept in ${facts.currency}, not in ${currency}`,
  )
}

/** Returns the instrument's name as the portfolio spells it. Throws ServiceError when it trades none of that name. */
export function requireInstrument(facts: PortfolioFacts, name: string): string {
  const found = facts.instruments.find((known) => known.toUpperCase() === name.toUpperCase())
  if (found !== undefined) return found
  const known = facts.instruments.join(', ')
  throw new ServiceError('INSTRUMENT_UNKNOWN', `The portfolio trades ${known}, not ${name}`)
}

async function requirePosition(commands: V1Commands, portfolio: string, positionId: string): Promise<void> {
  if (await commands.holds(portfolio, positionId)) return
  throw new ServiceError('POSITION_UNKNOWN', `The portfolio ${portfolio} holds no position ${positionId}`)
}
