import { Argument, Command } from 'commander'
import { type BenchReport, describeReport } from '../bench/bench-report.js'
import { type BenchOptions, type BenchRoom, inBenchRoom } from '../bench/bench-room.js'
import { describeMachine } from '../bench/machine.js'
import { type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { createProgress } from '../cli/progress.js'

interface Options extends JsonOption {
  readonly quick?: boolean
}

type RoomBench = (room: BenchRoom, options: BenchOptions) => Promise<BenchReport>
type Bench = (options: BenchOptions, machine: string[]) => Promise<BenchReport>

/** Benchmarks are loaded when they run: each brings what it measures. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  ingest: async () => inRoom((await import('../bench/ingest/bench-ingest.js')).benchIngest),
  broker: async () => inRoom((await import('../bench/broker/bench-broker.js')).benchBroker),
  decided: async () => inRoom((await import('../bench/decided/bench-decided.js')).benchDecided),
  backtest: async () => (await import('../bench/backtest/bench-backtest.js')).benchBacktest,
  recovery: async () => inRoom((await import('../bench/recovery/bench-recovery.js')).benchRecovery),
  allocation: async () => (await import('../bench/allocation/bench-allocation.js')).benchAllocation,
  volatility: async () => inRoom((await import('../bench/volatility/bench-volatility.js')).benchVolatility),
  start: async () => inRoom((await import('../bench/start/bench-start.js')).benchStart),
}

/** Gives a benchmark a home and a database of its own, and says in `machine` which database that is. */
function inRoom(bench: RoomBench): Bench {
  return (options, machine) =>
    inBenchRoom((room) => {
      machine.push(room.databaseLine)
      return bench(room, options)
    })
}

/** Returns the verb that measures the general on this machine. */
export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'Measure on this machine, in a temporary home with a PostgreSQL server of its own: what is measured, its ' +
        'baseline in the same run, and the goals',
    )
    .addArgument(new Argument('<name>', 'what to measure').choices(Object.keys(benches)))
    .option('--quick', 'a short run, to see that it works: its numbers mean little')
    .option('--json', jsonHelp)
    .action((name: string, options: Options) => printAnswer(options, () => runBench(name, options)))
}

async function runBench(name: string, { json, quick }: Options) {
  const bench = await benches[name]!()
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  process.once('SIGINT', abort)
  const progress = createProgress(`bench ${name}`, json !== true)
  const machine = [describeMachine()]
  try {
    const options = { isQuick: quick === true, onProgress: progress.advance, signal: stop.signal }
    const report = await bench(options, machine)
    return {
      document: { machine, quick: quick === true, ...report },
      describe: (style: Parameters<typeof describeReport>[2]) => describeReport(report, machine, style),
      isFinding: report.checks.some(({ passed }) => !passed),
    }
  } finally {
    progress.finish()
    process.off('SIGINT', abort)
  }
}
