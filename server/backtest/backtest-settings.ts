import type { TradingCosts } from '../../core/backtest/fill.js'
import { factsAt, type Instrument } from '../../core/instrument/instrument.js'
import type { PortfolioSettings } from '../../core/settings.js'
import type { Instant } from '../../core/time.js'
import type { Configuration, PortfolioConfiguration } from '../config/configuration.js'
import { settingsOf } from '../config/settings.js'
import { type BacktestRequest, BacktestUsageError, isOfBarsAlone } from './backtest-request.js'

/** What the configuration and the request say together. */
export interface BacktestTerms {
  readonly portfolio: PortfolioConfiguration
  readonly initialCapital: number
  readonly costs: TradingCosts
  /** By name, point values of the request included; exported trades may name one that the portfolio does not trade. */
  readonly instruments: ReadonlyMap<string, Instrument | null>
}

/** Returns the terms of a backtest. Throws a BacktestUsageError when the request names what is not there. */
export function backtestTerms(configuration: Configuration, request: BacktestRequest): BacktestTerms {
  const source = isOfBarsAlone(request) ? 'bars' : 'trades'
  refuseMisfits(request)
  const names = [...request[source].keys()]
  const portfolio = choosePortfolio(configuration, names)
  for (const [option, map] of [
    ['--bars', request.bars],
    ['--timeframe', request.timeframes],
    ['--point-value', request.pointValues],
  ] as const) {
    for (const name of map.keys()) {
      if (request[source].has(name)) continue
      throw new BacktestUsageError(
        `${option} names ${name}, and no --${source} does; --${source} gives ${names.join(', ')}`,
      )
    }
  }
  const instruments = new Map(names.map((name) => [name, findInstrument(portfolio, request, name)]))
  const { broker } = portfolio
  const { commissionPct } = broker
  const slippageTicks = broker.kind === 'paper' ? broker.slippageTicks : 0
  return {
    portfolio,
    initialCapital: request.capital ?? Number(portfolio.initialDeposit),
    costs: {
      commissionPct: request.commissionPct ?? commissionPct,
      slippageTicks: request.slippageTicks ?? slippageTicks,
    },
    instruments,
  }
}

function refuseMisfits(request: BacktestRequest): void {
  const { trades, bars, dividends, sizing, assumedAtrPct, exitMode, from, to } = request
  const refuse = (message: string): never => {
    throw new BacktestUsageError(message)
  }
  if (dividends.size > 0) refuse('--dividends is for the cells of a portfolio with the strategy volatility')
  if (trades.size === 0 && bars.size === 0)
    refuse('give --trades INSTRUMENT=file.csv, or --bars INSTRUMENT=file.csv to run the whole strategy')
  if (isOfBarsAlone(request)) {
    if (sizing === 'exported')
      refuse('--sizing exported takes the lots of an export: give its --trades INSTRUMENT=file.csv')
    if (assumedAtrPct !== null)
      refuse('--assume-atr is for the entries of --trades; from bars alone the ATR is measured')
  } else if (exitMode !== null) {
    refuse('--exit-mode is for bars alone; with --trades the exits are those of the export')
  }
  if (from !== null && to !== null && to < from) refuse(`--to ${to} is before --from ${from}`)
}

/** Returns the first portfolio that trades every instrument, else the first one. */
function choosePortfolio(configuration: Configuration, names: readonly string[]): PortfolioConfiguration {
  const trades = (portfolio: PortfolioConfiguration, name: string): boolean =>
    portfolio.instruments.some((instrument) => instrument.name === name)
  const fitting = configuration.portfolios.find((portfolio) => names.every((name) => trades(portfolio, name)))
  return fitting ?? configuration.portfolios[0]!
}

/** History has no prices of options: a synthetic future is traded as the future that it moves with. */
function asOneContract({ synthetic: _, ...instrument }: Instrument): Instrument {
  return instrument
}

function findInstrument(
  portfolio: PortfolioConfiguration,
  request: BacktestRequest,
  name: string,
): Instrument | null {
  const found = portfolio.instruments.find((candidate) => candidate.name === name)
  const instrument = found === undefined ? undefined : asOneContract(found)
  const pointValue = request.pointValues.get(name)
  if (instrument !== undefined)
    return pointValue === undefined ? instrument : withPointValue(instrument, pointValue)
  if (request.sizing === 'exported' && pointValue !== undefined) return null
  const known = portfolio.instruments.map((candidate) => candidate.name).join(', ')
  const remedy = `describe it in a configuration (--config)${request.sizing === 'exported' ? ' or give its --point-value' : ''}`
  throw new BacktestUsageError(
    `portfolio ${portfolio.id} does not trade ${name}, it trades ${known}; ${remedy}`,
  )
}

function withPointValue(instrument: Instrument, pointValue: number): Instrument {
  return { ...instrument, facts: instrument.facts.map((facts) => ({ ...facts, pointValue })) }
}

/**
 * Returns the settings that the kernel decides with: the portfolio's, for the charts of the request. The files tell when
 * an exchange was open: no calendar is asked, and nothing is done in the minutes before a close. Nobody approves entries.
 */
export function kernelSettings(
  terms: BacktestTerms,
  barMinutes: ReadonlyMap<string, number>,
): PortfolioSettings {
  const settings = settingsOf(terms.portfolio)
  const instruments = settings.instruments.map((configured) => {
    const instrument = terms.instruments.get(configured.name) ?? configured
    return { ...instrument, barMinutes: barMinutes.get(configured.name) ?? configured.barMinutes }
  })
  // There is nobody to ask.
  const { approval: _, ...alone } = settings
  return { ...alone, hours: 'always', preClose: null, instruments }
}

/** Returns the point value of an instrument at an instant; `fixed` where the request gives one. */
export function pointValueAt(
  instrument: Instrument | null,
  fixed: number | undefined,
): (instant: Instant) => number {
  if (fixed !== undefined || instrument === null) return () => fixed ?? 1
  return (instant) => factsAt(instrument, instant).pointValue
}
