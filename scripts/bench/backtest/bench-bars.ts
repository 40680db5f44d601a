import { type BenchReport, type BenchRow, figure } from '../bench-report.js'
import type { BenchOptions } from '../bench-room.js'
import { ratioSpread, spreadOf } from '../spread.js'
import { type BarsRequest, type BarsRun, runBarsOnce } from './bars-run.js'

const MILLION = 1_000_000
/** Enough to see that it works, and no more. */
const QUICK_BARS = 20_000

/** A backtest of bars that is measured again and again. */
interface BarsSubject extends Omit<BarsRequest, 'bars'> {
  readonly title: string
}

const BASELINE: BarsSubject = {
  title: 'baseline: a plain loop over typed arrays, one unit, Donchian and ATR',
  engine: 'plain',
  market: 'BANK_NIFTY',
  warmRounds: 0,
}

/** Of the same work before it in the process: what is measured is compiled by then. */
const WARM = 2

const SUBJECTS: readonly BarsSubject[] = [
  BASELINE,
  {
    title: 'bars of Bank Nifty, first run of a process',
    engine: 'counted',
    market: 'BANK_NIFTY',
    warmRounds: 0,
  },
  { title: 'bars of Bank Nifty', engine: 'counted', market: 'BANK_NIFTY', warmRounds: WARM },
  { title: 'bars of Bank Nifty, files written', engine: 'written', market: 'BANK_NIFTY', warmRounds: WARM },
  {
    title: 'bars of Gold Mini, first run of a process',
    engine: 'counted',
    market: 'GOLD_MINI',
    warmRounds: 0,
  },
  { title: 'bars of Gold Mini', engine: 'counted', market: 'GOLD_MINI', warmRounds: WARM },
]

/** What measuring the bars adds to the report of the benchmark. */
export type BarsReport = Pick<BenchReport, 'rows' | 'goals' | 'checks'>

/**
 * Measures how many bars of one instrument a second go through all indicators and the whole strategy. Decisions are built
 * and counted; where files are written, decisions.csv and trades.csv are, as the backtest does.
 */
export async function benchBars(
  options: BenchOptions,
  parts: { readonly repetitions: number; readonly nodeOptions: readonly string[] },
): Promise<BarsReport> {
  const bars = options.isQuick ? QUICK_BARS : MILLION
  const subjects = options.isQuick ? SUBJECTS.slice(0, 2) : SUBJECTS
  const found = new Map<string, BarsRun[]>(subjects.map(({ title }) => [title, []]))
  for (let done = 0; done < parts.repetitions && !options.signal.aborted; done++) {
    for (const [index, { title, ...subject }] of subjects.entries()) {
      options.onProgress(done * subjects.length + index, parts.repetitions * subjects.length)
      const run = await runBarsOnce({ ...subject, bars }, { nodeOptions: parts.nodeOptions })
      found.get(title)!.push(run)
    }
  }
  return reportOf(subjects, found, bars)
}

function reportOf(
  subjects: readonly BarsSubject[],
  found: ReadonlyMap<string, readonly BarsRun[]>,
  bars: number,
): BarsReport {
  const rates = (title: string): number[] => found.get(title)!.map(({ seconds }) => bars / seconds)
  const rows = subjects.flatMap(({ title, engine }): BenchRow[] => {
    const runs = found.get(title)!
    const { decisions } = runs[0]!
    const ratio = engine === 'plain' ? {} : { ratio: ratioSpread(rates(title), rates(BASELINE.title)) }
    const what =
      engine === 'plain' ? title : `${title}, ${((decisions / bars) * 1000).toFixed(0)} decisions per 1,000`
    const speed: BenchRow = { what, unit: 'bars/s', value: spreadOf(rates(title)), ...ratio }
    if (engine === 'plain') return [speed]
    const processor = runs.map(({ processorSeconds }) => (processorSeconds / bars) * 1e6)
    return [
      speed,
      { what: '  processor time of a bar, all threads', unit: 'µs', value: spreadOf(processor) },
      { what: '  most memory', unit: 'MiB', value: spreadOf(runs.map(({ peakMegabytes }) => peakMegabytes)) },
    ]
  })
  const goals = subjects
    .filter(({ engine, warmRounds }) => engine !== 'plain' && warmRounds > 0)
    .flatMap(({ title }) => {
      const rate = spreadOf(rates(title)).median
      const memory = spreadOf(found.get(title)!.map(({ peakMegabytes }) => peakMegabytes)).median
      return [
        { goal: `${title}: at least 1,000,000 a second`, measured: figure(rate), met: rate >= MILLION },
        { goal: `${title}: below 500 MB`, measured: `${figure(memory)} MiB`, met: memory < 476 },
      ]
    })
  return { rows, goals, checks: checksOf(subjects, found) }
}

/** A strategy that hardly trades would be fast for nothing. */
function checksOf(
  subjects: readonly BarsSubject[],
  found: ReadonlyMap<string, readonly BarsRun[]>,
): BarsReport['checks'] {
  return subjects
    .filter(({ engine }) => engine !== 'plain')
    .map(({ title }) => {
      const { entries, pyramids, exits } = found.get(title)![0]!
      return {
        check: `${title}: ${entries} entries, ${pyramids} pyramids, ${exits} exits`,
        passed: entries > 0 && pyramids > 0 && exits > 0,
      }
    })
}
