import { headerPart, indicatorPart } from './indicator-part.js'
import type { PineInstrument } from './pine-instrument.js'

const INITIAL_CAPITAL = 10_000_000
const COMMISSION_PERCENT = 0.05
const SLIPPAGE_TICKS = 5

/** Returns the Pine script of an instrument's trend strategy: orders for the tester, and an alert for each of them. */
export function strategyScript(instrument: PineInstrument): string {
  return [
    headerPart(instrument, 'trend strategy'),
    declaration(instrument),
    indicatorPart(instrument),
    strategyInputs(instrument),
    LOTS,
    UNITS,
    EXITS,
    ENTRIES,
  ].join('\n')
}

function declaration({ title, trend }: PineInstrument): string {
  return `strategy("Smart General: ${title} trend", "${title} trend", overlay = true, initial_capital = ${INITIAL_CAPITAL},
     pyramiding = ${trend.maxPyramids + 1}, close_entries_rule = "ANY", process_orders_on_close = true, calc_on_every_tick = false,
     calc_on_order_fills = false, margin_long = 0, commission_type = strategy.commission.percent,
     commission_value = ${COMMISSION_PERCENT}, slippage = ${SLIPPAGE_TICKS})
`
}

function strategyInputs({ trend, pointValue, marginPerLot }: PineInstrument): string {
  return `const string STOPS = "Units and stops"
float initialMultiple = input.float(${trend.initialAtrMultiple}, "First stop: ATRs below the entry", minval = 0.1, step = 0.1, group = STOPS)
float trailingMultiple = input.float(${trend.trailingAtrMultiple}, "Trailing stop: ATRs below the highest close", minval = 0.1, step = 0.1, group = STOPS)
int maxPyramids = input.int(${trend.maxPyramids}, "Pyramids at most", minval = 0, maxval = ${trend.maxPyramids}, group = STOPS)
float pyramidSpacing = input.float(${trend.pyramidSpacingAtr}, "Pyramid: ATRs above the last entry, at least", minval = 0, step = 0.05, group = STOPS)
string exitMode = input.string("ATR stop", "Exit", options = ["ATR stop", "SuperTrend"], group = STOPS)

const string ADVICE = "Lots (for the tester and as advice: the general sizes by itself)"
float riskPercent = input.float(${trend.initialRiskPct}, "Risk of a base entry, % of equity", minval = 0.01, step = 0.1, group = ADVICE)
float volatilityPercent = input.float(${trend.initialVolatilityPct}, "Volatility of a base entry, % of equity", minval = 0.01, step = 0.1, group = ADVICE)
float pointValue = input.float(${pointValue}, "Money per point and lot", minval = 0.0001, group = ADVICE)
float marginPerLot = input.float(${marginPerLot}, "Margin per lot", minval = 1, group = ADVICE)
float marginPercent = input.float(60, "Margin in use at most, % of equity", minval = 1, maxval = 100, group = ADVICE)
`
}

const LOTS = `type Unit
    string name
    float entry
    float initialStop
    float stop
    float highest
    int lots

// Never less than one: whether the capital carries a lot is for the general to say, and it needs the signal for that
wholeLots(float least) => na(least) ? 1 : math.max(1, int(math.floor(least)))

// Closed equity and half of what is open, as the general counts by default
blendedEquity() => strategy.initial_capital + strategy.netprofit + 0.5 * strategy.openprofit

marginLots(array<Unit> held) =>
    float used = 0.0
    for unit in held
        used += unit.lots
    blendedEquity() * marginPercent / 100 / marginPerLot - used

baseLots(float distance) =>
    float riskLots = blendedEquity() * riskPercent / 100 / (distance * pointValue) * er
    float volatilityLots = blendedEquity() * volatilityPercent / 100 / (atr * pointValue)
    wholeLots(math.min(riskLots, volatilityLots, blendedEquity() * marginPercent / 100 / marginPerLot))

// Half as many with each pyramid, and no more than half of what the base has gained beyond its risk
pyramidLots(Unit base, float margin, int pyramids, float distance) =>
    float gained = ((close - base.entry) - (base.entry - base.initialStop)) * base.lots * pointValue
    float earnedLots = 0.5 * gained / (distance * pointValue)
    wholeLots(math.min(margin, base.lots * math.pow(0.5, pyramids + 1), earnedLots))
`

const UNITS = `tag(string key, float x) => "|" + key + ":" + str.tostring(math.round(x, 4))
tags(string name, float stop, float highest) =>
    tag("ATR", atr) + tag("ER", er) + tag("STOP", stop) + tag("ST", superTrend) + "|POS:" + name +
     tag("HI", highest)

measures() =>
    field("atr", number(atr)) + field("er", number(er)) + field("supertrend", number(superTrend)) +
     field("roc", number(roc)) + "}"

entryAlert(string kind, string name, float stop, int lots) =>
    opening(kind) + field("position", quoted(name)) + field("price", number(close)) +
     field("stop", number(stop)) + field("lots", number(lots)) + measures()

exitAlert(Unit unit, string reason) =>
    opening("EXIT") + field("position", quoted(unit.name)) + field("price", number(close)) +
     field("reason", quoted(reason)) + field("stop", number(unit.stop)) + field("entry_price", number(unit.entry)) +
     field("lots", number(unit.lots)) + measures()

// The units that are open, the base first; each has its own stop. entered counts from one flat position to the next.
var array<Unit> units = array.new<Unit>()
var int entered = 0
var float baseEntry = na
var float baseStop = na
var float lastEntry = na

// The tester's book decides: what it does not hold is not held
if strategy.position_size == 0 and units.size() > 0
    units.clear()
bool isFlat = units.size() == 0
`

const EXITS = `// First the stops: raise them by this close, then test them. A message is built before anything is forgotten.
if barstate.isconfirmed and not isFlat
    array<Unit> kept = array.new<Unit>()
    for unit in units
        unit.highest := math.max(unit.highest, close)
        float trailed = unit.highest - trailingMultiple * atr
        unit.stop := na(trailed) ? unit.stop : math.max(unit.stop, trailed)
        bool isHit = exitMode == "SuperTrend" ? longExit : close < unit.stop
        if isHit
            string reason = exitMode == "SuperTrend" ? "Below SuperTrend" : "Below the stop"
            alert(exitAlert(unit, reason), alert.freq_all)
            strategy.close(unit.name, comment = "EXIT - " + reason + tags(unit.name, unit.stop, unit.highest))
        else
            kept.push(unit)
    units := kept
`

const ENTRIES = `float stopDistance = initialMultiple * atr
if barstate.isconfirmed and isFlat and longEntry and stopDistance > 0
    float stop = close - stopDistance
    int lots = baseLots(stopDistance)
    alert(entryAlert("BASE_ENTRY", "Long_1", stop, lots), alert.freq_all)
    strategy.entry("Long_1", strategy.long, qty = lots,
     comment = "ENTRY-" + str.tostring(lots) + "L" + tags("Long_1", stop, close))
    units.push(Unit.new("Long_1", close, stop, stop, close, lots))
    entered := 1
    baseEntry := close
    baseStop := stop
    lastEntry := close

// A pyramid: the base is open and more than its risk ahead, and the last entry is far enough below
bool isBaseOpen = units.size() > 0 and not isFlat ? units.first().name == "Long_1" : false
bool isAhead = close - baseEntry > baseEntry - baseStop
bool isSpaced = close - lastEntry >= pyramidSpacing * atr
if barstate.isconfirmed and isBaseOpen and entered <= maxPyramids and isAhead and isSpaced and stopDistance > 0
    float stop = close - stopDistance
    int lots = pyramidLots(units.first(), marginLots(units), entered - 1, stopDistance)
    string name = "Long_" + str.tostring(entered + 1)
    alert(entryAlert("PYRAMID", name, stop, lots), alert.freq_all)
    strategy.entry(name, strategy.long, qty = lots,
     comment = "PYR" + str.tostring(entered) + "-" + str.tostring(lots) + "L" + tags(name, stop, close))
    units.push(Unit.new(name, close, stop, stop, close, lots))
    entered += 1
    lastEntry := close

plot(units.size() > 0 ? units.first().stop : na, "Stop of the first unit", color = color.red, style = plot.style_linebr)
plot(units.size() > 0 ? units.last().stop : na, "Stop of the last unit", color = color.orange, style = plot.style_linebr)
plot(units.size(), "Units", display = display.data_window)
`
