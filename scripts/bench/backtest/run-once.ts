import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runBacktest } from '../../../core/backtest/engine.js'
import { DecisionsCsv } from '../../../server/report/decisions-csv.js'
import { localTimeSpeller } from '../../../server/report/local-time.js'
import { TradesCsv } from '../../../server/report/trades-csv.js'
import { defaultSettings } from '../bench-settings.js'
import type { BacktestRun, RunRequest } from './backtest-run.js'
import { BENCH_CAPITAL, BENCH_COSTS } from './bench-costs.js'
import { runNaive } from './naive-engine.js'
import { generateSignals, INDIA_OFFSET_MINUTES } from './signals.js'

/*
 * A process that runs one backtest, and prints how long that took and how much memory it needed. It is a process of its
 * own so that its memory is its own, and so that nothing is warm that would not be.
 */

const request = JSON.parse(process.argv[2]!) as RunRequest
const settings = await defaultSettings('backtest')
const signals = generateSignals(request.signals)
const directory = mkdtempSync(join(tmpdir(), 'general-bench-'))
try {
  for (let round = 0; round < request.warmRounds; round++) run()
  process.stdout.write(`${JSON.stringify(run())}\n`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

function run(): BacktestRun {
  const begun = performance.now()
  const counted = request.engine === 'naive' ? runNaive(settings, signals) : runGeneral()
  const seconds = (performance.now() - begun) / 1000
  return { seconds, peakMegabytes: process.resourceUsage().maxRSS / 1024, ...counted }
}

function runGeneral(): Omit<BacktestRun, 'seconds' | 'peakMegabytes'> {
  let decisions = 0
  const spell = localTimeSpeller(() => INDIA_OFFSET_MINUTES)
  const files =
    request.engine === 'written'
      ? {
          decisions: new DecisionsCsv(join(directory, 'decisions.csv'), spell),
          trades: new TradesCsv(join(directory, 'trades.csv'), spell),
        }
      : null
  const { summary } = runBacktest({
    configuration: { hash: 'bench', settings },
    initialCapital: BENCH_CAPITAL,
    timeline: { signals, rejected: [], splitTrades: 0, openMarks: new Map() },
    feeds: [],
    costs: BENCH_COSTS,
    fillAt: 'close',
    onDecision: (decision) => {
      decisions += 1
      files?.decisions.write(decision)
    },
    onTrade: (trade) => files?.trades.write(trade),
  })
  files?.decisions.close()
  files?.trades.close()
  const { entries, pyramids, exits } = summary
  const executed = entries.executed + pyramids.executed
  return { decisions, executed, refused: entries.blocked + pyramids.blocked, exits }
}
