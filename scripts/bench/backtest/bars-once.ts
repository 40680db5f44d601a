import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { barCloses } from '../../../core/backtest/bars/bar-close.js'
import { runBars } from '../../../core/backtest/bars/bar-engine.js'
import type { Bars } from '../../../core/backtest/bars/bars.js'
import { newStrategyFeed } from '../../../core/backtest/bars/strategy-feed.js'
import { DecisionsCsv } from '../../../server/report/decisions-csv.js'
import { localTimeSpeller } from '../../../server/report/local-time.js'
import { TradesCsv } from '../../../server/report/trades-csv.js'
import { defaultSettings } from '../bench-settings.js'
import type { BarsRequest, BarsRun } from './bars-run.js'
import { BENCH_CAPITAL, BENCH_COSTS } from './bench-costs.js'
import { BENCH_BAR_MINUTES, BENCH_MARKETS, generateBars } from './generated-bars.js'
import { runPlainLoop } from './plain-loop.js'
import { INDIA_OFFSET_MINUTES } from './signals.js'

/*
 * A process that runs one backtest of bars, and prints how long that took and how much memory it needed. What is measured
 * begins with the prices in columns and ends with the result: closes, all indicators, every bar, every decision.
 */

type Counts = Pick<BarsRun, 'decisions' | 'entries' | 'pyramids' | 'exits'>

const request = JSON.parse(process.argv[2]!) as BarsRequest
const settings = await defaultSettings('backtest')
const market = BENCH_MARKETS[request.market]
const bars = generateBars(market, request.bars)
for (let round = 0; round < request.warmRounds; round++) runOnce()
process.stdout.write(`${JSON.stringify(runOnce())}\n`)

function runOnce(): BarsRun {
  const processorBefore = process.cpuUsage()
  const begun = performance.now()
  const counts = request.engine === 'plain' ? runPlain() : runStrategy()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(processorBefore)
  return {
    seconds,
    processorSeconds: (user + system) / 1e6,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    ...counts,
  }
}

function runPlain(): Counts {
  return { ...runPlainLoop(bars), decisions: 0, pyramids: 0 }
}

function runStrategy(): Counts {
  if (request.engine === 'counted') return decideAll(bars, null)
  const directory = mkdtempSync(join(tmpdir(), 'general-bench-'))
  try {
    return decideAll(bars, directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function decideAll(bars: Bars, directory: string | null): Counts {
  let decisions = 0
  const spell = localTimeSpeller(() => INDIA_OFFSET_MINUTES)
  const files =
    directory === null
      ? null
      : {
          decisions: new DecisionsCsv(join(directory, 'decisions.csv'), spell),
          trades: new TradesCsv(join(directory, 'trades.csv'), spell),
        }
  const barMinutes = BENCH_BAR_MINUTES
  const instrument = settings.instruments.find(({ name }) => name === market.instrument)!
  const offsetMinutes = (): number => INDIA_OFFSET_MINUTES
  const closesAt = barCloses({ exchange: instrument.exchange, offsetMinutes, barMinutes, bars })
  const { summary } = runBars({
    configuration: { hash: 'bench', settings },
    initialCapital: BENCH_CAPITAL,
    feeds: [newStrategyFeed({ ...instrument, barMinutes }, { bars, closesAt })],
    exitMode: 'atr',
    costs: BENCH_COSTS,
    fillAt: 'close',
    days: { offsetMinutes, isAroundTheClock: false },
    onDecision: (decision) => {
      decisions += 1
      files?.decisions.write(decision)
    },
    onTrade: (trade) => files?.trades.write(trade),
  })
  files?.decisions.close()
  files?.trades.close()
  const { entries, pyramids, exits } = summary
  return { decisions, entries: entries.executed, pyramids: pyramids.executed, exits }
}
