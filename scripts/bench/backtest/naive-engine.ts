import type { Signal } from '../../../core/backtest/timeline.js'
import { factsAt, type Instrument } from '../../../core/instrument/instrument.js'
import type { PortfolioSettings } from '../../../core/settings.js'
import { sizeEntry, sizePyramid } from '../../../core/strategies/trend/sizing.js'
import { BENCH_CAPITAL, BENCH_COSTS } from './bench-costs.js'

/** A unit as this engine keeps it, for ever. */
interface HeldUnit {
  readonly instrument: string
  readonly label: string
  readonly entry: number
  readonly stop: number
  readonly lots: number
  readonly atr: number
  readonly isBase: boolean
  isOpen: boolean
}

/** A unit that is about to be opened. */
interface NewUnit {
  readonly lots: number
  readonly stopDistance: number
  readonly isBase: boolean
}

/** What a portfolio is found to have at stake. */
interface PortfolioScan {
  readonly risk: number
  readonly volatility: number
  readonly margin: number
  readonly unrealized: number
}

/**
 * The baseline: an engine of the usual kind, in doubles, without events, ledger, orders or reasons. It keeps every
 * position that it ever had in one dictionary, and for each entry copies and scans all of it, several times, to see
 * what is at stake. Its sizes and gates are the general's; what it costs grows with its history.
 */
export function runNaive(settings: PortfolioSettings, signals: readonly Signal[]) {
  const engine = new NaiveEngine(settings)
  for (const { at, alert } of signals) {
    if (alert.type === 'BASE_ENTRY') engine.enter(alert, at)
    else if (alert.type === 'PYRAMID') engine.add(alert, at)
    else if (alert.type === 'EXIT') engine.exit(alert.instrument, alert.label, alert.price ?? 0, at)
  }
  return { decisions: signals.length, ...engine.counts }
}

interface Entry {
  readonly instrument: string
  readonly price: number
  readonly atr: number | null
  readonly label: string | null
}

class NaiveEngine {
  readonly counts = { executed: 0, refused: 0, exits: 0 }
  readonly #settings: PortfolioSettings
  readonly #positions = new Map<string, HeldUnit>()
  readonly #prices = new Map<string, number>()
  #cash = BENCH_CAPITAL
  #made = 0

  constructor(settings: PortfolioSettings) {
    this.#settings = settings
  }

  enter(alert: Entry, at: number): void {
    const { instrument: name, price, atr } = alert
    this.#prices.set(name, price)
    const open = this.#openUnits(name)
    const instrument = this.#instrument(name)
    const scan = this.#scan(at)
    const { pointValue, marginPerLot } = factsAt(instrument, at)
    const { initialRiskPct, initialVolatilityPct, initialAtrMultiple } = instrument.trend
    const measures = {
      equity: this.#cash + scan.unrealized / 2,
      availableMargin: Math.max(0, (this.#cash + scan.unrealized) * 0.6 - scan.margin),
      stopDistance: atr! * initialAtrMultiple,
      atr: atr!,
      er: 0.85,
      pointValue,
      marginPerLot,
      riskPct: initialRiskPct,
      volatilityPct: initialVolatilityPct,
    }
    const { lots } = sizeEntry(measures, this.#settings.constraints)
    const passes = open.length === 0 && lots >= 1 && this.#isWithinCaps(lots, measures, at)
    if (!passes) this.counts.refused += 1
    else this.#open(alert, at, { lots, stopDistance: measures.stopDistance, isBase: true })
  }

  add(alert: Entry, at: number): void {
    const { instrument: name, price, atr } = alert
    this.#prices.set(name, price)
    const open = this.#openUnits(name)
    const base = open.find(({ isBase }) => isBase)
    const instrument = this.#instrument(name)
    const scan = this.#scan(at)
    const { pointValue, marginPerLot } = factsAt(instrument, at)
    const stopDistance = atr! * instrument.trend.initialAtrMultiple
    if (base === undefined) {
      this.counts.refused += 1
      return
    }
    const initialRisk = (base.entry - base.stop) * base.lots * pointValue
    const { lots } = sizePyramid({
      availableMargin: Math.max(0, (this.#cash + scan.unrealized) * 0.6 - scan.margin),
      marginPerLot,
      baseLots: base.lots,
      pyramidsOpened: open.length - 1,
      profitBeyondRisk: (price - base.entry) * base.lots * pointValue - initialRisk,
      stopDistance,
      pointValue,
    })
    const last = open.at(-1)!
    const isFar = price - last.entry >= instrument.trend.pyramidSpacingAtr * atr!
    const isMoved = price - base.entry > base.entry - base.stop
    const isRoom = open.length - 1 < instrument.trend.maxPyramids
    const equity = this.#cash + scan.unrealized / 2
    const passes =
      isFar &&
      isMoved &&
      isRoom &&
      lots >= 1 &&
      this.#isWithinCaps(lots, { equity, stopDistance, atr: atr!, pointValue }, at)
    if (!passes) this.counts.refused += 1
    else this.#open(alert, at, { lots, stopDistance, isBase: false })
  }

  exit(name: string, label: string, price: number, at: number): void {
    this.#prices.set(name, price)
    const { pointValue, tick } = factsAt(this.#instrument(name), at)
    const sold = price - BENCH_COSTS.slippageTicks * tick
    for (const unit of this.#openUnits(name)) {
      if (label !== 'ALL' && unit.label !== label) continue
      unit.isOpen = false
      this.#prices.set(name, sold)
      this.#cash += (sold - unit.entry) * unit.lots * pointValue - fee(sold * unit.lots * pointValue)
      this.counts.exits += 1
    }
  }

  #open({ instrument, price, atr, label }: Entry, at: number, unit: NewUnit): void {
    this.#made += 1
    this.counts.executed += 1
    const { pointValue, tick } = factsAt(this.#instrument(instrument), at)
    const { lots, stopDistance, isBase } = unit
    const entry = price + BENCH_COSTS.slippageTicks * tick
    const held = {
      instrument,
      label: label ?? '',
      entry,
      stop: entry - stopDistance,
      atr: atr!,
      lots,
      isBase,
    }
    this.#positions.set(`${instrument}-${this.#made}`, { ...held, isOpen: true })
    this.#prices.set(instrument, entry)
    this.#cash -= fee(entry * lots * pointValue)
  }

  #isWithinCaps(
    lots: number,
    {
      equity,
      stopDistance,
      atr,
      pointValue,
    }: { equity: number; stopDistance: number; atr: number; pointValue: number },
    at: number,
  ): boolean {
    const { maxHeatPct, maxVolatilityPct } = this.#settings.caps
    const scan = this.#scan(at)
    const heat = ((scan.risk + lots * stopDistance * pointValue) / equity) * 100
    const volatility = ((scan.volatility + lots * atr * pointValue) / equity) * 100
    return heat <= maxHeatPct && volatility <= maxVolatilityPct
  }

  /** Copies everything that ever was held and looks through all of it. */
  #scan(at: number): PortfolioScan {
    let [risk, volatility, margin, unrealized] = [0, 0, 0, 0]
    for (const [, unit] of new Map(this.#positions)) {
      if (!unit.isOpen) continue
      const { pointValue, marginPerLot } = factsAt(this.#instrument(unit.instrument), at)
      risk += Math.max(0, unit.entry - unit.stop) * unit.lots * pointValue
      volatility += unit.atr * unit.lots * pointValue
      margin += unit.lots * marginPerLot
      unrealized += (this.#prices.get(unit.instrument)! - unit.entry) * unit.lots * pointValue
    }
    return { risk, volatility, margin, unrealized }
  }

  #openUnits(name: string): HeldUnit[] {
    return [...this.#positions.values()].filter(({ instrument, isOpen }) => isOpen && instrument === name)
  }

  #instrument(name: string): Instrument {
    return this.#settings.instruments.find((instrument) => instrument.name === name)!
  }
}

function fee(value: number): number {
  return (value * BENCH_COSTS.commissionPct) / 100
}
