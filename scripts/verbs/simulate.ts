import { Command, Option } from 'commander'
import { ABLATIONS, type Ablation, VENUE_CLASSES } from '../../server/simulation/faults.js'
import type { SimulationCounts } from '../../server/simulation/simulate.js'
import { type Answer, type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { formatNumber } from '../cli/format.js'
import { parseCount } from '../cli/parse-option.js'
import { createProgress } from '../cli/progress.js'
import type { Style } from '../cli/style.js'
import { formatTable } from '../cli/table.js'
import { type AblationReport, runAblations } from '../simulate/run-ablations.js'
import { type ClassReport, runSeeds } from '../simulate/run-seeds.js'
import { simulatedSettings } from '../simulate/simulated-settings.js'

interface Options extends JsonOption {
  readonly seeds?: number
  readonly seed?: number
  readonly class: string
  readonly ablate?: Ablation | 'all'
  readonly trace?: boolean
}

const SEEDS_WITHOUT_WISH = 200
/** So many seeds of a class are named; the others are counted. */
const NAMED_MOST = 10

/** Returns the verb that runs the service's parts against a store, a venue and a clock that fail at random. */
export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description(
      'Run the deciding, sending and resolving of orders in virtual time, with crashes and a venue that loses, delays ' +
        'and repeats what it is told and tells; exit code 1 and the seeds when something happened that must not',
    )
    .option(
      '--seeds <count>',
      `how many seeds for each class (default: ${SEEDS_WITHOUT_WISH}, or 1 with --seed)`,
      parseCount,
    )
    .option('--seed <number>', 'the first seed (default: 1)', parseCount)
    .option('--trace', 'print everything that happened; with --seed only')
    .addOption(
      new Option('--class <class>', 'what the venue promises about a request that comes twice')
        .choices([...VENUE_CLASSES, 'all'])
        .default('all'),
    )
    .addOption(
      new Option(
        '--ablate <safeguard>',
        'take a safeguard out, to see that it is missed; "all" takes each out in turn, and the exit code is 1 when one is not missed',
      ).choices([...ABLATIONS, 'all']),
    )
    .option('--json', jsonHelp)
  return command.action((options: Options) => {
    if (options.trace === true && options.seed === undefined) command.error('error: --trace needs --seed')
    const { ablate, ...others } = options
    if (ablate !== 'all')
      return printAnswer(options, () => runSimulation({ ...others, ablate: ablate ?? null }))
    if (options.trace === true) command.error('error: --trace needs one safeguard, not all')
    return printAnswer(options, () => runEveryAblation(options))
  })
}

type Run = Omit<Options, 'ablate'> & { readonly ablate: Ablation | null }

async function runSimulation(options: Run): Promise<Answer> {
  const { seed, json, ablate, trace = false } = options
  const seeds = options.seeds ?? (seed === undefined ? SEEDS_WITHOUT_WISH : 1)
  const progress = createProgress('simulate', json !== true && !trace)
  const reports = await runSeeds({
    classes: classesOf(options),
    ...{ first: seed ?? 1, seeds, ablation: ablate, tested: ablate, isTraced: trace },
    onProgress: progress.advance,
    settings: await simulatedSettings(),
  }).finally(progress.finish)
  const classes = reports.map(({ trace: lines, ...report }) => (trace ? { ...report, trace: lines } : report))
  return {
    document: { first: seed ?? 1, seeds, ablate, classes },
    describe: (style) => describeReports(reports, ablate, style),
    isFinding: reports.some(({ violated }) => violated.length > 0),
  }
}

function classesOf({ class: wanted }: Pick<Options, 'class'>) {
  return VENUE_CLASSES.filter((name) => wanted === 'all' || wanted === name)
}

/** A safeguard may matter at some classes only: what counts is that it is missed at one of those that were asked for. */
async function runEveryAblation(options: Options): Promise<Answer> {
  const { seed, json, seeds = SEEDS_WITHOUT_WISH } = options
  const progress = createProgress('simulate', json !== true)
  const reports = await runAblations({
    ...{ classes: classesOf(options), first: seed ?? 1, seeds, onProgress: progress.advance },
    settings: await simulatedSettings(),
  }).finally(progress.finish)
  const isMissed = (ablation: Ablation): boolean =>
    reports.some((report) => report.ablation === ablation && report.missed > 0)
  return {
    document: { first: seed ?? 1, seeds, ablations: reports },
    describe: (style) => describeAblations(reports, style),
    isFinding: !ABLATIONS.every(isMissed),
  }
}

function describeAblations(reports: readonly AblationReport[], style: Style): string {
  const columns = [
    { title: 'without' },
    { title: 'class' },
    { title: 'missed at', align: 'right' as const },
    { title: 'first seed', align: 'right' as const },
    { title: 'what happened there' },
  ]
  const rows = reports.map(({ ablation, venueClass, seeds, missed, seed, violation }) => [
    ...[ablation, venueClass, `${missed} of ${seeds}`, seed === null ? '' : String(seed)],
    violation ?? 'nothing',
  ])
  return formatTable(columns, rows, style)
}

const COLUMNS: readonly [title: string, count: keyof SimulationCounts][] = [
  ['alerts', 'alerts'],
  ['intents', 'intents'],
  ['orders', 'orders'],
  ['trades', 'trades'],
  ['faults', 'faults'],
  ['crashes', 'crashes'],
  ['takeovers', 'takeovers'],
  ['unknown', 'unknown'],
  ['to a person', 'escalated'],
  ["others'", 'foreign'],
]

function describeReports(reports: readonly ClassReport[], ablate: Ablation | null, style: Style): string {
  const titles = ['class', 'seeds', ...COLUMNS.map(([title]) => title), 'settled s', 'seeds/s', 'violated']
  const columns = titles.map((title) => ({ title, align: 'right' as const }))
  const rows = reports.map(({ venueClass, seeds, counts, seconds, violated }) => {
    const numbers = [
      ...[seeds, ...COLUMNS.map(([, count]) => counts[count])],
      ...[counts.settledAfter / 1000, Math.round(seeds / seconds), violated.length],
    ]
    return [venueClass, ...numbers.map((count) => formatNumber(count, 'USD'))]
  })
  const traces = reports.flatMap(({ venueClass, trace }) =>
    trace.length === 0 ? [] : [style.strong(`class ${venueClass}`), ...trace, ''],
  )
  return [
    ...traces,
    formatTable(columns, rows, style),
    ...reports.flatMap((report) => describeViolated(report, ablate, style)),
  ].join('\n')
}

function describeViolated(
  { venueClass, violated }: ClassReport,
  ablate: Ablation | null,
  style: Style,
): string[] {
  const without = ablate === null ? '' : ` --ablate ${ablate}`
  const lines = violated.slice(0, NAMED_MOST).map(({ seed, violations }) => {
    const again = `general simulate --class ${venueClass} --seed ${seed}${without} --trace`
    return `${style.bad(`class ${venueClass}, seed ${seed}`)}: ${violations[0]}\n  ${style.faint(again)}\n`
  })
  const rest = violated.length - lines.length
  return rest > 0 ? [...lines, `class ${venueClass}: and ${rest} more seeds\n`] : lines
}
