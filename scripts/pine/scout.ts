import { closeRuleOf } from './close-rule.js'
import { closePart, headerPart, indicatorPart } from './indicator-part.js'
import type { PineInstrument } from './pine-instrument.js'

/** Returns the Pine script of an instrument's scout: reports before the close, and every confirmed bar. */
export function scoutScript(instrument: PineInstrument): string {
  const { title, exchange } = instrument
  const declaration = `indicator("Smart General: ${title} scout", "${title} scout", overlay = true)\n`
  return [
    headerPart(instrument, 'scout'),
    declaration,
    indicatorPart(instrument),
    SCOUT_INPUTS,
    closePart(exchange, closeRuleOf(exchange)),
    SCOUT,
  ].join('\n')
}

const SCOUT_INPUTS = `const string SCOUT = "Reports before the close"
int windowMinutes = input.int(15, "Begin this many minutes before the close", minval = 2, maxval = 60, group = SCOUT)
int reportSeconds = input.int(15, "Seconds from one report to the next", minval = 15, maxval = 60, group = SCOUT)
int specialClose = input.time(timestamp("2000-01-01T00:00:00+00:00"), "Close of the next special session", group = SCOUT, tooltip = "Muhurat, a half session: reports begin before this instant too")
`

const SCOUT = `inWindow(int at) =>
    int minuteOfDay = hour(at, ZONE) * 60 + minute(at, ZONE)
    int closing = closeMinutes(at)
    bool regular = minuteOfDay >= closing - windowMinutes and minuteOfDay < closing
    regular or (at >= specialClose - windowMinutes * 60000 and at < specialClose)

bool reporting = inWindow(timenow)
bgcolor(reporting and barstate.islast ? color.new(color.orange, 90) : na, title = "Reporting")

// TradingView stops an alert that fires more than 15 times in 3 minutes. Reports at least 15 s apart are at most
// 180 / 15 + 1 = 13 of them; two closing bars, one of them told late, make 15.
// varip outlives the ticks of a bar, but not a restart of the script: then what was said before is not known, and the
// first report waits for one interval.
varip int quietUntil = na
if barstate.isrealtime and na(quietUntil)
    quietUntil := timenow + reportSeconds * 1000

if barstate.isrealtime and reporting and close > 0 and timenow >= quietUntil
    quietUntil := timenow + reportSeconds * 1000
    string conditions = '{"rsi_condition":' + flag(rsiHolds) + field("ema_condition", flag(emaHolds)) +
     field("dc_condition", flag(dcHolds)) + field("adx_condition", flag(adxHolds)) +
     field("er_condition", flag(erHolds)) + field("st_condition", flag(stHolds)) +
     field("not_doji", flag(notDoji)) + field("long_entry", flag(longEntry)) +
     field("long_exit", flag(longExit)) + "}"
    string indicators = '{"rsi":' + numberOrNaN(rsi) + field("ema", numberOrNaN(ema)) +
     field("dc_upper", numberOrNaN(dcUpper)) + field("adx", numberOrNaN(adx)) + field("er", numberOrNaN(er)) +
     field("supertrend", numberOrNaN(superTrend)) + field("atr", numberOrNaN(atr)) +
     field("roc", number(roc)) + "}"
    string report = opening("EOD_MONITOR") + field("price", number(close)) +
     field("conditions", conditions) + field("indicators", indicators) + "}"
    alert(report, alert.freq_all)

// A bar without an ATR is not told: the general could do nothing with it
if barstate.isconfirmed and close > 0 and atr > 0
    string bar = opening("MARKET_DATA") + field("price", number(close)) + field("atr", number(atr)) +
     field("supertrend", number(superTrend)) + field("open", number(open)) + field("high", number(high)) +
     field("low", number(low)) + field("close", number(close)) + field("volume", number(volume)) + "}"
    alert(bar, alert.freq_once_per_bar_close)
`
