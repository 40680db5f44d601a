import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type LintReport, lintScript } from '../../scripts/pine/lint/lint.js'
import { listPineInstruments } from '../../scripts/pine/pine-instrument.js'
import { scoutScript } from '../../scripts/pine/scout.js'
import { strategyScript } from '../../scripts/pine/strategy.js'
import { pineDirectory } from '../../scripts/pine/write-scripts.js'
import { runGeneral, runJson } from '../helpers/general.js'
import { testDirectory } from '../helpers/temporary-directory.js'

const gold = listPineInstruments().find(({ name }) => name === 'GOLD_MINI')!
const bankNifty = listPineInstruments().find(({ name }) => name === 'BANK_NIFTY')!
const scout = scoutScript(gold)
const strategy = strategyScript(gold)

/** A script with one thing changed in it; a change that finds nothing would test nothing. */
function changed(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the script does not hold ${from}`)
  return text.replaceAll(from, to)
}

function found({ findings }: LintReport): string[] {
  return findings.map(({ rule, message }) => `${rule}: ${message}`)
}

t.test('our scripts have no faults, and stay within 15 alerts in 3 minutes', async (t) => {
  for (const instrument of listPineInstruments()) {
    const report = lintScript(scoutScript(instrument))
    t.same(report.findings, [], `${instrument.name}: the scout`)
    t.equal(report.worstCase, 13 + 2, 'thirteen reports, and two bars')
    t.same([...report.alertTypes].sort(), ['EOD_MONITOR', 'MARKET_DATA'])
    const orders = lintScript(strategyScript(instrument))
    t.same(orders.findings, [], `${instrument.name}: the strategy`)
    t.ok((orders.worstCase ?? Number.POSITIVE_INFINITY) <= 15)
    t.same([...orders.alertTypes].sort(), ['BASE_ENTRY', 'EXIT', 'PYRAMID'])
  }
})

t.test('each fault that is put into our scripts is found', async (t) => {
  const faults: [name: string, script: string, expected: RegExp][] = [
    ['var', changed(scout, 'varip int', 'var int'), /^throttle: quietUntil is kept with var/m],
    ['5 s', changed(scout, 'minval = 15, maxval', 'minval = 5, maxval'), /^rate: up to 39 alerts/m],
    ['12 s', changed(scout, 'minval = 15, maxval', 'minval = 12, maxval'), /^rate: up to 18 alerts/m],
    [
      'no least',
      changed(scout, 'minval = 15, maxval', 'maxval'),
      /^throttle: EOD_MONITOR can fire on every/m,
    ],
    [
      'no throttle',
      changed(scout, ' and timenow >= quietUntil', ''),
      /^throttle: EOD_MONITOR can fire on every/m,
    ],
    [
      'winter only',
      changed(scout, 'behind == 4 ? 1410 : 1435', '1435'),
      /^window: on 2026-07-15 MCX closes at 23:30, and the reports fire from 23:40 to 23:55$/m,
    ],
    [
      'the old close of NSE',
      changed(scoutScript(bankNifty), '? 940 : 930', '? 930 : 930'),
      /^window: on 2026-09-16 N\w+ closes at 15:40, and the reports fire from 15:15 to 15:30$/m,
    ],
    [
      'never',
      changed(scout, 'bool reporting = inWindow(timenow)', 'bool reporting = false'),
      /^window: .*never fire/m,
    ],
    [
      'NaN',
      changed(scout, `na(x) ? "null" : str.tostring(x)`, 'str.tostring(x)'),
      /^json: is no JSON when .* is na.*NaN/m,
    ],
    [
      'null where a number must be',
      changed(scout, `na(x) ? '"NaN"' : str.tostring(x)`, 'number(x)'),
      /^alert: is refused when .*: indicators\.rsi is required/m,
    ],
    [
      'an ATR of na',
      changed(scout, ' and atr > 0', ''),
      /^alert: is refused when .* is na: atr is required/m,
    ],
    [
      'a quote too few',
      changed(scout, `'{"rsi_condition":'`, `'{"rsi_condition:'`),
      /^json: is no JSON with plausible/m,
    ],
    [
      'a field too few',
      changed(scout, ' field("not_doji", flag(notDoji)) +', ''),
      /^alert: .*not_doji is required/m,
    ],
    ['an unknown type', changed(scout, '"MARKET_DATA"', '"MARKET"'), /^alert: .*type must be one of/m],
    [
      'no offset',
      changed(scout, '"UTC") + "Z")', 'ZONE))'),
      /^timestamp: the timestamp 2026-01-14T20:00:01 has no offset/m,
    ],
    ['no barTime', changed(scout, ' + field("barTime", instant(time))', ''), /^barTime: /m],
    [
      'any chart',
      changed(scout, 'timeframe.in_seconds() != BAR_MINUTES * 60', 'false'),
      /^rate: up to 18 alerts/m,
    ],
    [
      'a check that can be off',
      changed(scout, 'barstate.isfirst and timeframe', 'checkSymbol and timeframe'),
      /^rate: up to 18 alerts/m,
    ],
    [
      'position_status',
      changed(scout, 'field("conditions"', 'field("position_status", "null") + field("conditions"'),
      /^positionStatus: /m,
    ],
    ['version 5', changed(scout, '//@version=6', '//@version=5'), /^version: /m],
    [
      'a scout in a strategy',
      changed(scout, 'indicator("Smart', 'strategy("Smart'),
      /^declaration: EOD_MONITOR comes from a strategy/m,
    ],
    ['a switch', `${scout}\nx = switch\n    close > 1 => 1\n`, /^unread: /m],
    [
      'a loop',
      changed(scout, '    alert(bar, ', '    for i = 0 to 9\n        alert(bar, '),
      /^rate: an alert in a loop/m,
    ],
    [
      'an entry while the bar forms',
      changed(strategy, 'barstate.isconfirmed and isFlat', 'isFlat'),
      /^confirmed: BASE_ENTRY/m,
    ],
    [
      'a stop above the price',
      changed(strategy, 'close - stopDistance', 'close + stopDistance'),
      /^alert: .*stop must be below/m,
    ],
    [
      'an alert after its state',
      changed(strategy, 'isBaseOpen and entered', 'units.size() > 0 and entered'),
      /^stateBeforeAlert: \w+ is changed with the order in line \d+/m,
    ],
  ]
  for (const [name, script, expected] of faults) {
    const report = lintScript(script)
    t.match(found(report).join('\n'), expected, name)
  }
})

/** As scripts of this kind are often written: one long concatenation, alerts at the end, na printed as it comes. */
const USUAL = `//@version=6
strategy("Usual", overlay = true, pyramiding = 5, process_orders_on_close = true)
atr_basso = ta.atr(10)
[st, dir] = ta.supertrend(1.5, 10)
var float basso_stop = na
var float last_price = na
var int count = 0
in_position = strategy.position_size > 0
if not in_position and close > st and barstate.isconfirmed
    strategy.entry("Long_1", strategy.long)
    basso_stop := close - 2 * atr_basso
    last_price := close
if in_position and barstate.isconfirmed and close - last_price > atr_basso
    strategy.entry("Long_2", strategy.long)
    last_price := close
    count += 1
if in_position and barstate.isconfirmed and close < basso_stop
    strategy.close("Long_1")
    basso_stop := na
// the alerts
string stamp = str.format_time(timenow + 19800000, "yyyy-MM-dd'T'HH:mm:ss", "UTC")
if in_position and barstate.isconfirmed and close - last_price > atr_basso
    string msg = '{"type": "PYRAMID", "instrument": "BANK_NIFTY", '
    msg := msg + '"position": "Long_2", "price": ' + str.tostring(close, "#.##")
    msg += ', "atr": ' + str.tostring(atr_basso) + ', "timestamp": "' + stamp + '"}'
    alert(msg, alert.freq_once_per_bar_close)
if in_position and barstate.isconfirmed and close < basso_stop
    alert('{"type": "EXIT", "instrument": "BANK_NIFTY", "price": ' + str.tostring(close) +
     ', "entry_price": ' + str.tostring(last_price) + ', "timestamp": "' + stamp + '"}', alert.freq_once_per_bar_close)
`

const USUAL_SCOUT = `//@version=6
indicator("Usual scout", overlay = true)
i_seconds = input.int(15, "Interval", 5, 60)
i_from = input.int(23, "Hour")
is_window = hour(timenow, "Asia/Kolkata") == i_from and minute(timenow, "Asia/Kolkata") >= 40 and minute(timenow, "Asia/Kolkata") < 55
varip float last_ms = na
can_fire = na(last_ms) or timenow - last_ms >= i_seconds * 1000
atr = ta.atr(14)
send(float price) =>
    alert(str.format("'{'\\"type\\":\\"MARKET_DATA\\",\\"instrument\\":\\"GOLD_MINI\\",\\"price\\":{0},\\"atr\\":{1,number,#.##},\\"timestamp\\":\\"{2}\\"'}'", price, atr, str.format_time(timenow)), alert.freq_all)
if is_window and can_fire
    last_ms := timenow
    send(close)
`

t.test('the faults of scripts that others wrote are found', async (t) => {
  const usual = found(lintScript(USUAL, 75)).join('\n')
  t.match(
    usual,
    /stateBeforeAlert: last_price is changed with the order in line 15/,
    'a move that is zero by then',
  )
  t.match(usual, /stateBeforeAlert: basso_stop is reset in line 19/, 'a stop that is na by then')
  t.match(usual, /json: is no JSON when last_price is na/)
  t.match(usual, /timestamp: the timestamp [\d:T-]+ has no offset/)
  t.match(usual, /barTime: /)
  t.notMatch(usual, /unread|refused/, 'and what it says is followed')

  const report = lintScript(USUAL_SCOUT)
  const scoutFindings = found(report).join('\n')
  t.match(scoutFindings, /rate: up to 37 alerts/, 'five seconds are allowed')
  t.match(report.arithmetic.join('\n'), /5 s apart, the least that i_seconds allows/)
  t.match(scoutFindings, /json: is no JSON when ta\.atr\(14\) is na/)
  t.match(scoutFindings, /confirmed: MARKET_DATA can fire on a bar that still forms/)
  t.notMatch(scoutFindings, /timestamp:/, 'the default format of a time has an offset')
})

t.test('general pine lint and general pine generate speak for people and programs', async (t) => {
  const lint = await runJson(['pine', 'lint'])
  t.equal(lint.code, 0)
  const { most, scripts } = lint.document as { most: number; scripts: { worstCase: number }[] }
  t.equal(most, 15)
  t.equal(scripts.length, 8)
  const directory = await testDirectory(t)
  const { code, stdout } = await runGeneral(['pine', 'generate', '--out', directory])
  t.equal(code, 0)
  t.match(stdout, /8 scripts/)
  const file = 'gold-mini-scout.pine'
  const written = readFileSync(join(directory, file), 'utf8')
  t.equal(
    written,
    readFileSync(join(pineDirectory, file), 'utf8'),
    'what is written is what is in the repository',
  )
  t.same((await runJson(['pine', 'generate', '--check'])).document, {
    directory: pineDirectory,
    same: true,
    missing: [],
    different: [],
    surplus: [],
  })
  const empty = await testDirectory(t)
  const check = await runGeneral(['pine', 'generate', '--check', '--out', empty])
  t.equal(check.code, 1)
  t.match(check.stdout, /gold-mini-scout\.pine is missing/)
  const unknown = await runGeneral(['pine', 'lint', join(empty, 'none.pine')])
  t.equal(unknown.code, 1)
  t.match(unknown.stderr, /none\.pine cannot be read/)
})
