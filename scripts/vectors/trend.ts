import { mcxClose } from '../../core/calendar/mcx.js'
import { decimal, ZERO } from '../../core/decimal.js'
import { factsAt, type Instrument } from '../../core/instrument/instrument.js'
import { atTheMoneyStrike } from '../../core/instrument/strike.js'
import { equityOf } from '../../core/portfolio/equity.js'
import { exposureOf } from '../../core/portfolio/exposure.js'
import { post } from '../../core/portfolio/ledger.js'
import { bookOf, emptyPortfolio, type Portfolio } from '../../core/portfolio/portfolio.js'
import { type Unit, unitRisk } from '../../core/portfolio/unit.js'
import type { PortfolioSettings } from '../../core/settings.js'
import { percentOf } from '../../core/strategies/trend/entry.js'
import { peelOff } from '../../core/strategies/trend/peel.js'
import { instrumentGates, profitGate } from '../../core/strategies/trend/pyramid.js'
import { sizeEntry, sizePyramid } from '../../core/strategies/trend/sizing.js'
import { initialStop, trailStop } from '../../core/strategies/trend/stop.js'

/** One reference case: what a function of the core is asked, under which name. */
export interface VectorCase {
  readonly id: string
  readonly capability: string
  readonly input: unknown
}

type Fields = Record<string, unknown>

interface PositionInput {
  readonly id: string
  readonly instrument: string
  readonly entry_price: number
  readonly lots: number
  readonly initial_stop: number
  readonly current_stop?: number
  readonly atr?: number
  readonly is_base?: boolean
}

interface SignalInput {
  readonly instrument: string
  readonly price: number
  readonly stop: number
  readonly atr: number
}

/** The reference judges a pyramid's gates for this many lots when a case names no other. */
const REFERENCE_GATE_LOTS = 5
/** The reference sizes with risk and margin alone when a case names no other. */
const REFERENCE_CONSTRAINTS = ['risk', 'margin'] as const

/** Returns the result of a trend case computed by the core's own functions, or null for a capability we do not know. */
export function trendVector(settings: PortfolioSettings, vector: VectorCase): Fields | null {
  const input = vector.input as Fields
  switch (vector.capability) {
    case 'base_size':
      return baseSize(settings, input)
    case 'pyramid_size':
      return pyramidSize(settings, input)
    case 'pyramid_gate':
      return pyramidGate(settings, input)
    case 'portfolio_gate':
      return portfolioGate(settings, input)
    case 'peel_off':
      return peel(settings, input)
    case 'initial_stop':
      return {
        stop: initialStop(
          Number(input.entry_price),
          Number(input.atr),
          instrumentIn(settings, input.instrument).trend.initialAtrMultiple,
        ),
      }
    case 'trail':
      return trail(settings, input)
    case 'state':
      return state(settings, input)
    case 'mcx_close':
      return { close: mcxClose(String(input.date)) }
    case 'strike':
      return { strike: atTheMoneyStrike(Number(input.price)) }
    default:
      return null
  }
}

function instrumentIn(settings: PortfolioSettings, name: unknown): Instrument {
  const instrument = settings.instruments.find((candidate) => candidate.name === name)
  if (instrument === undefined) throw new Error(`unknown instrument ${String(name)}`)
  return instrument
}

function factsOf(instrument: Instrument) {
  return factsAt(instrument, Number.MAX_SAFE_INTEGER)
}

function baseSize(settings: PortfolioSettings, input: Fields): Fields {
  const instrument = instrumentIn(settings, input.instrument)
  const { pointValue, marginPerLot } = factsOf(instrument)
  const stopDistance = Number(input.price) - Number(input.stop)
  if (!(stopDistance > 0)) return { lot_r: 0, lot_v: 0, lot_m: 0, final_lots: 0, limiter: 'invalid_risk' }
  const constraints = (input.constraints as ('risk' | 'volatility' | 'margin')[]) ?? REFERENCE_CONSTRAINTS
  const size = sizeEntry(
    {
      equity: Number(input.equity),
      availableMargin: Number(input.available_margin),
      stopDistance,
      atr: Number(input.atr),
      er: Number(input.er),
      pointValue,
      marginPerLot,
      riskPct: instrument.trend.initialRiskPct,
      volatilityPct: instrument.trend.initialVolatilityPct,
    },
    constraints,
  )
  return {
    lot_r: size.riskLots,
    lot_v: size.volatilityLots,
    lot_m: size.marginLots,
    final_lots: size.lots,
    limiter: size.boundBy,
  }
}

function pyramidSize(settings: PortfolioSettings, input: Fields): Fields {
  const { pointValue, marginPerLot } = factsOf(instrumentIn(settings, input.instrument))
  const stopDistance = Number(input.price) - Number(input.stop)
  const pyramidsOpened = Number(input.pyramid_count ?? 0)
  const size = sizePyramid({
    availableMargin: Number(input.available_margin),
    marginPerLot,
    baseLots: Number(input.base_lots),
    pyramidsOpened,
    profitBeyondRisk: Number(input.profit_after_base_risk),
    stopDistance,
    pointValue,
  })
  const limiters = {
    margin: 'margin',
    geometric: `geometric_0.5^${pyramidsOpened + 1}`,
    riskBudget: 'risk_budget',
  } as const
  const isValid = stopDistance > 0
  return {
    lot_r: size.marginLots,
    lot_v: size.geometricLots,
    lot_m: isValid ? size.riskBudgetLots : 0,
    final_lots: isValid ? size.lots : 0,
    limiter: isValid ? limiters[size.boundBy] : 'invalid_risk',
  }
}

function pyramidGate(settings: PortfolioSettings, input: Fields): Fields {
  const signal = input.signal as SignalInput
  const portfolio = portfolioOf(settings, input)
  const book = bookOf(portfolio, signal.instrument)
  const base = [...portfolio.books.values()]
    .flatMap((held) => held.units)
    .find((unit) => unit.id === input.base_id)
  const last = input.last_pyramid_price
  const lots = Number(input.reference_lots ?? REFERENCE_GATE_LOTS)
  const { pointValue } = factsOf(instrumentIn(settings, signal.instrument))
  const exposure = exposureOf(portfolio)
  const equity = equityOf(portfolio)[settings.equityMode]
  const riskAfter = percentOf(exposure.risk + (signal.price - signal.stop) * lots * pointValue, equity)
  const volatilityAfter = percentOf(exposure.volatility + signal.atr * lots * pointValue, equity)
  const { pyramidMaxHeatPct, pyramidMaxVolatilityPct } = settings.caps
  const spacing = instrumentIn(settings, signal.instrument).trend.pyramidSpacingAtr
  const reasons: string[] = []
  if (base === undefined) reasons.push('No base position')
  const lastUnitFillPrice = typeof last === 'number' ? last : null
  const gates =
    base === undefined ? [] : instrumentGates({ lastUnitFillPrice }, base, signal.price, signal.atr, spacing)
  const initialRisk = base === undefined ? 0 : base.averagePrice - base.initialStop
  const isRiskValid = initialRisk > 0
  if (base !== undefined && !isRiskValid) reasons.push('Invalid initial risk')
  for (const gate of gates)
    if (!gate.passed) reasons.push(`${gate.gate}: ${gate.measured}, limit ${gate.limit}`)
  const instrumentOpen = base !== undefined && isRiskValid && gates.every((gate) => gate.passed)
  const portfolioOpen = riskAfter <= pyramidMaxHeatPct && volatilityAfter <= pyramidMaxVolatilityPct
  if (riskAfter > pyramidMaxHeatPct) reasons.push(`Portfolio risk would be ${riskAfter} %`)
  if (volatilityAfter > pyramidMaxVolatilityPct)
    reasons.push(`Portfolio volatility would be ${volatilityAfter} %`)
  const profit = profitGate(book, signal.price)
  if (!profit.passed) reasons.push(`Instrument profit is ${profit.measured}`)
  const allowed = instrumentOpen && portfolioOpen && profit.passed
  return {
    allowed,
    instrument_gate: instrumentOpen,
    portfolio_gate: portfolioOpen,
    profit_gate: profit.passed,
    reason: allowed ? 'All gates passed' : reasons.join(' | '),
    price_move_r: isRiskValid ? (signal.price - base!.averagePrice) / initialRisk : 0,
    atr_spacing: gates.length > 0 ? Number(gates[1]!.measured) : 0,
    portfolio_risk_pct: percentOf(exposure.risk, equity),
    portfolio_vol_pct: percentOf(exposure.volatility, equity),
  }
}

function portfolioGate(settings: PortfolioSettings, input: Fields): Fields {
  const portfolio = portfolioOf(settings, input)
  const exposure = exposureOf(portfolio)
  const equity = equityOf(portfolio)[settings.equityMode]
  const risk = percentOf(exposure.risk + Number(input.new_risk), equity)
  const volatility = percentOf(exposure.volatility + Number(input.new_vol), equity)
  const { maxHeatPct, maxVolatilityPct } = settings.caps
  if (risk > maxHeatPct) return { allowed: false, reason: `Portfolio risk would be ${risk.toFixed(1)}%` }
  if (volatility > maxVolatilityPct) {
    return { allowed: false, reason: `Portfolio volatility would be ${volatility.toFixed(1)}%` }
  }
  return { allowed: true, reason: 'Portfolio gates passed' }
}

function peel(settings: PortfolioSettings, input: Fields): Fields {
  const { trend } = instrumentIn(settings, input.instrument)
  const result = peelOff({
    risk: Number(input.position_risk),
    volatility: Number(input.position_vol),
    lots: Number(input.current_lots),
    equity: Number(input.equity),
    maxRiskPct: trend.ongoingRiskPct,
    maxVolatilityPct: trend.ongoingVolatilityPct,
  })
  const reasons = [
    result.riskLots > 0
      ? `risk_${result.riskPct.toFixed(1)}%_exceeds_${trend.ongoingRiskPct.toFixed(1)}%`
      : '',
    result.volatilityLots > 0
      ? `vol_${result.volatilityPct.toFixed(1)}%_exceeds_${trend.ongoingVolatilityPct.toFixed(1)}%`
      : '',
  ]
  return { lots_to_peel: result.lots, reason: reasons.filter((reason) => reason !== '').join('_and_') }
}

function trail(settings: PortfolioSettings, input: Fields): Fields {
  const multiple = instrumentIn(settings, input.instrument).trend.trailingAtrMultiple
  const position = input.position as PositionInput
  let state = {
    highestClose: (position as { highest_close?: number }).highest_close ?? position.entry_price,
    stop: position.current_stop ?? position.initial_stop,
  }
  const bars: Fields[] = []
  for (const bar of input.bars as { price: number; atr: number }[]) {
    const trailed = trailStop(state, bar.price, bar.atr, multiple)
    bars.push({ highest_close: trailed.highestClose, stop: trailed.stop, hit: trailed.hit })
    state = trailed
    if (trailed.hit) break
  }
  return { bars }
}

const RISK_FIELDS: readonly (readonly [string, string])[] = [
  ['gold_risk_percent', 'GOLD_MINI'],
  ['banknifty_risk_percent', 'BANK_NIFTY'],
  ['silver_risk_percent', 'SILVER_MINI'],
  ['copper_risk_percent', 'COPPER'],
]

function state(settings: PortfolioSettings, input: Fields): Fields {
  const portfolio = portfolioOf(settings, input)
  const equity = equityOf(portfolio)
  const sizing = equity[settings.equityMode]
  const exposure = exposureOf(portfolio)
  const result: Fields = {
    equity: sizing,
    closed_equity: equity.closed,
    open_equity: equity.open,
    blended_equity: equity.blended,
    total_risk_amount: exposure.risk,
    total_risk_percent: percentOf(exposure.risk, sizing),
    total_vol_amount: exposure.volatility,
    total_vol_percent: percentOf(exposure.volatility, sizing),
    open_positions: (input.positions as PositionInput[]).map((position) => position.id).sort(),
  }
  for (const [field, name] of RISK_FIELDS) {
    const units = portfolio.books.get(name)?.units ?? []
    result[field] = percentOf(
      units.reduce((sum, unit) => sum + unitRisk(unit), 0),
      sizing,
    )
  }
  return result
}

function portfolioOf(settings: PortfolioSettings, input: Fields): Portfolio {
  const portfolio = emptyPortfolio('vectors')
  portfolio.settings = settings
  portfolio.now = Number.MAX_SAFE_INTEGER
  post(portfolio.ledger, 'deposit', decimal(Number(input.capital)))
  for (const position of (input.positions ?? []) as PositionInput[]) {
    const { pointValue } = factsOf(instrumentIn(settings, position.instrument))
    bookOf(portfolio, position.instrument).units.push(unitOf(position, pointValue))
  }
  return portfolio
}

function unitOf(position: PositionInput, pointValue: number): Unit {
  const lots = decimal(position.lots)
  const cost = decimal(position.entry_price).times(lots)
  return {
    id: position.id,
    instrument: position.instrument,
    number: 1,
    label: null,
    entryOrderId: '',
    openedAt: 0,
    pointValue,
    stopDistance: position.entry_price - position.initial_stop,
    entryAtr: position.atr ?? 0,
    contract: null,
    contractMonth: null,
    roll: null,
    lots,
    cost,
    boughtLots: lots,
    boughtValue: cost,
    soldLots: ZERO,
    soldValue: ZERO,
    realizedPnl: ZERO,
    fees: ZERO,
    initialStop: position.initial_stop,
    stop: position.current_stop ?? position.initial_stop,
    highestClose: position.entry_price,
    exit: null,
    exitOrders: 0,
    exitNotBefore: 0,
    stopOrders: 0,
    stopNotBefore: 0,
    peel: null,
    closedAt: null,
    heldLots: position.lots,
    averagePrice: position.entry_price,
  }
}
