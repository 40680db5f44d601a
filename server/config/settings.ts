import { hash } from 'node:crypto'
import { invariant } from '../../core/invariant.js'
import type { Constraint, PortfolioSettings, PreCloseSettings } from '../../core/settings.js'
import type { PaperSettings } from '../brokers/paper/paper-settings.js'
import { NO_FAULTS } from '../brokers/paper/paper-settings.js'
import { canonicalJson } from '../canonical-json.js'
import type { AlertRules } from '../inbox/alert-schema.js'
import { allocationSettings } from './allocation-schema.js'
import type { Configuration, PortfolioConfiguration, SourceConfiguration } from './configuration.js'
import { trendStrategySchema } from './schema.js'

/** The order in which a tie between constraints names them. */
const TIE_ORDER: readonly Constraint[] = ['risk', 'volatility', 'margin']

/** Returns everything that a decision of the portfolio reads besides its state and its input. */
export function settingsOf(portfolio: PortfolioConfiguration): PortfolioSettings {
  const strategy = trendOf(portfolio)
  return {
    portfolio: portfolio.id,
    currency: portfolio.currency,
    equityMode: strategy.equityMode,
    blendedWeight: strategy.blendedWeight,
    constraints: TIE_ORDER.filter((constraint) => strategy.constraints.includes(constraint)),
    defaultEr: strategy.defaultEr,
    entryMaxAgeSeconds: strategy.entryMaxAgeSeconds,
    entryMaxAheadSeconds: strategy.entryMaxAheadSeconds,
    caps: strategy.caps,
    controls: strategy.controls,
    hours: portfolio.sessions,
    ...(portfolio.protectiveStop === null ? {} : { protectiveStop: portfolio.protectiveStop }),
    ...(portfolio.execution === null ? {} : { execution: portfolio.execution }),
    preClose: portfolio.sessions === 'exchange' ? preCloseOf(strategy.preClose) : null,
    ...rolloverOf(portfolio, strategy),
    validation: strategy.validation,
    ...approvalOf(strategy.approval),
    instruments: portfolio.instruments,
    ...holdingsOf(portfolio),
  }
}

type TrendStrategy = Extract<PortfolioConfiguration['strategy'], { kind: 'trend' }>

/** Every portfolio has the settings of the trend strategy; one that follows another has their defaults. */
function trendOf({ strategy }: PortfolioConfiguration): TrendStrategy {
  if (strategy.kind === 'trend') return strategy
  const defaults = trendStrategySchema.parse({ kind: 'trend' })
  const maxOrderValue = strategy.kind === 'volatility' ? strategy.maxOrderValue : null
  const controls = { ...defaults.controls, maxOrderValue }
  return { ...defaults, controls, preClose: { ...defaults.preClose, enabled: false } }
}

/** Left out where there are none, so that such settings are what they were before there could be any. */
function holdingsOf({
  strategy,
  assets,
  currency,
}: PortfolioConfiguration): Pick<PortfolioSettings, 'assets' | 'volatility' | 'allocation'> {
  if (strategy.kind === 'trend') return {}
  const held = assets.map((asset) => ({ ...asset, currency }))
  if (strategy.kind === 'allocation') return { assets: held, allocation: allocationSettings(strategy) }
  const { kind: _kind, maxOrderValue: _maxOrderValue, ...volatility } = strategy
  return { assets: held, volatility }
}

/** Left out where nobody is asked, so that such settings are what they were before anybody could be. */
function approvalOf({ mode, ...approval }: TrendStrategy['approval']): Pick<PortfolioSettings, 'approval'> {
  return mode === 'manual' ? { approval } : {}
}

/** Left out where nothing is rolled, so that what was configured before rolls were has the hash that it had. */
function rolloverOf(
  { sessions, strategy: { kind } }: PortfolioConfiguration,
  { rollover: { enabled, at } }: TrendStrategy,
): Pick<PortfolioSettings, 'rollover'> {
  if (kind !== 'trend') return {}
  if (!enabled || sessions !== 'exchange') return {}
  const [hours, minutes] = at.split(':').map(Number)
  return { rollover: { atMinutes: hours! * 60 + minutes! } }
}

function preCloseOf(configured: TrendStrategy['preClose']): PreCloseSettings | null {
  const { enabled, ...settings } = configured
  return enabled ? settings : null
}

/** Returns the SHA-256, in hexadecimal, of settings: the same for the same settings, however they were written. */
export function configurationHash(settings: PortfolioSettings): string {
  return hash('sha256', canonicalJson(settings), 'hex')
}

/** Returns how the portfolio's paper venue trades. Throws when its broker is another one. */
export function paperSettingsOf({ broker }: PortfolioConfiguration): PaperSettings {
  invariant(broker.kind === 'paper', () => `the broker is ${broker.kind}, not paper`)
  const { seed, slippageTicks, commissionPct, faults } = broker
  const rates = Object.entries(faults).filter(([, rate]) => rate !== undefined)
  return { slippageTicks, commissionPct, faults: { ...NO_FAULTS, ...Object.fromEntries(rates), seed } }
}

/** Returns what alerts of a source can say. */
export function alertRulesOf(configuration: Configuration, source: SourceConfiguration): AlertRules {
  const portfolio = configuration.portfolios.find(({ id }) => id === source.portfolio)
  const traded = [...(portfolio?.instruments ?? []), ...(portfolio?.assets ?? [])]
  const instruments = traded.map(({ name, zone }) => ({ name, zone }))
  // What is paid for in full has no stops and no exits: prices are all that matters.
  const isOfAssets = portfolio !== undefined && portfolio.strategy.kind !== 'trend'
  const allowedTypes = isOfAssets ? (['MARKET_DATA'] as const) : source.types
  return { instruments, allowedTypes, allowedInstruments: source.instruments }
}
