import { type BenchReport, type BenchRow, figure } from '../bench-report.js'
import type { BenchOptions } from '../bench-room.js'
import { ratioSpread, spreadOf } from '../spread.js'
import { type BacktestRun, type RunRequest, runBacktestOnce } from './backtest-run.js'
import { benchBars } from './bench-bars.js'

/** What `npm run general` gives the process: room for what a decision throws away. */
const YOUNG_GENERATION = ['--max-semi-space-size=64']

/** A backtest that is measured again and again. */
interface Subject extends RunRequest {
  readonly title: string
  readonly nodeOptions: readonly string[]
  /** Title of the subject that it is a ratio to. */
  readonly baseline?: string
}

/** Short runs are over before the compiler has seen them: they are measured warm, and once cold. */
const WARM_ROUNDS = { thousand: 300, hundredThousand: 2, naive: 20, quick: 2 }

function subjectsOf(isQuick: boolean): Subject[] {
  const general = { engine: 'built', warmRounds: 0, nodeOptions: YOUNG_GENERATION } as const
  const naive = { engine: 'naive', nodeOptions: [] } as const
  const small: Subject[] = [
    {
      ...naive,
      title: 'baseline: naive engine, 1,000 signals, warm',
      signals: 1000,
      warmRounds: isQuick ? WARM_ROUNDS.quick : WARM_ROUNDS.naive,
    },
    {
      ...general,
      title: '1,000 signals, warm',
      signals: 1000,
      warmRounds: isQuick ? WARM_ROUNDS.quick : WARM_ROUNDS.thousand,
      baseline: 'baseline: naive engine, 1,000 signals, warm',
    },
  ]
  if (isQuick) return small
  return [
    ...small,
    { ...general, title: '1,000 signals, first run of a process', signals: 1000 },
    { ...naive, title: 'baseline: naive engine, 10,000 signals', signals: 10_000, warmRounds: 0 },
    {
      ...general,
      title: '10,000 signals, first run of a process',
      signals: 10_000,
      baseline: 'baseline: naive engine, 10,000 signals',
    },
    { ...general, title: '100,000 signals, first run of a process', signals: 100_000 },
    {
      ...general,
      title: '100,000 signals, warm',
      signals: 100_000,
      warmRounds: WARM_ROUNDS.hundredThousand,
    },
    {
      ...general,
      title: '100,000 signals, warm, files written',
      signals: 100_000,
      warmRounds: WARM_ROUNDS.hundredThousand,
      engine: 'written',
    },
    { ...general, title: '1,000,000 signals', signals: 1_000_000 },
    { ...general, title: '1,000,000 signals, files written', signals: 1_000_000, engine: 'written' },
    {
      ...general,
      title: '1,000,000 signals, young generation as Node.js has it',
      signals: 1_000_000,
      nodeOptions: [],
    },
  ]
}

/** Measures how many alerts a second a backtest decides with the kernel that decides live. */
export async function benchBacktest(options: BenchOptions): Promise<BenchReport> {
  const subjects = subjectsOf(options.isQuick)
  const count = options.isQuick ? 1 : 5
  const found = new Map<string, BacktestRun[]>(subjects.map(({ title }) => [title, []]))
  for (let done = 0; done < count && !options.signal.aborted; done++) {
    for (const [index, subject] of subjects.entries()) {
      options.onProgress(done * subjects.length + index, count * subjects.length)
      const { engine, signals, warmRounds, nodeOptions, title } = subject
      found.get(title)!.push(await runBacktestOnce({ engine, signals, warmRounds }, { nodeOptions }))
    }
  }
  const bars = await benchBars(options, { repetitions: count, nodeOptions: YOUNG_GENERATION })
  const { rows, goals, checks, ...about } = report(subjects, found)
  return {
    ...about,
    rows: [...rows, ...bars.rows],
    goals: [...goals, ...bars.goals],
    checks: [...checks, ...bars.checks],
  }
}

function report(
  subjects: readonly Subject[],
  found: ReadonlyMap<string, readonly BacktestRun[]>,
): BenchReport {
  const rates = ({ title, signals }: Pick<Subject, 'title' | 'signals'>): number[] =>
    found.get(title)!.map(({ seconds }) => signals / seconds)
  const rows = subjects.flatMap((subject): BenchRow[] => {
    const { title, baseline, signals } = subject
    const ratio =
      baseline === undefined
        ? {}
        : { ratio: ratioSpread(rates(subject), rates({ title: baseline, signals })) }
    const memory = spreadOf(found.get(title)!.map(({ peakMegabytes }) => peakMegabytes))
    const speed: BenchRow = { what: title, unit: 'signals/s', value: spreadOf(rates(subject)), ...ratio }
    return signals < 1_000_000 ? [speed] : [speed, { what: '  most memory', unit: 'MiB', value: memory }]
  })
  const goals = subjects
    .filter(
      ({ title, engine, nodeOptions }) =>
        engine === 'built' && nodeOptions.length > 0 && !title.includes('first'),
    )
    .map((subject) => {
      const rate = spreadOf(rates(subject)).median
      return {
        goal: `${subject.title}: at least 250,000 a second`,
        measured: figure(rate),
        met: rate >= 250_000,
      }
    })
  const largest = found.get('1,000,000 signals, files written')
  if (largest !== undefined) {
    const memory = spreadOf(largest.map(({ peakMegabytes }) => peakMegabytes)).median
    goals.push({
      goal: '1,000,000 signals: below 1.5 GB',
      measured: `${figure(memory)} MiB`,
      met: memory < 1430,
    })
  }
  const repetitions = found.values().next().value!.length
  return {
    bench: 'backtest',
    about:
      'Alerts of four instruments (base entries, up to five pyramids, exits; a quarter of all is refused) through the ' +
      'whole kernel, every decision built with its gates and handed on; then bars of one instrument through all ' +
      'indicators and the whole strategy; each run in a process of its own',
    repetitions,
    rows,
    goals,
    checks: agreements(subjects, found),
  }
}

/** The naive engine sizes and refuses as the general does, so both must come to the same counts. */
function agreements(subjects: readonly Subject[], found: ReadonlyMap<string, readonly BacktestRun[]>) {
  const counts = (title: string): string => {
    const { executed, refused, exits } = found.get(title)![0]!
    return `${executed} entries, ${refused} refusals, ${exits} exits`
  }
  return subjects.flatMap(({ title, baseline }) => {
    if (baseline === undefined) return []
    const [ours, theirs] = [counts(title), counts(baseline)]
    return [{ check: `${title}: both engines have ${ours}`, passed: ours === theirs }]
  })
}
