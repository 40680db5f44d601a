import t from 'tap'
import { runAblations } from '../../scripts/simulate/run-ablations.js'
import { type ClassReport, runSeeds, type SeedRuns } from '../../scripts/simulate/run-seeds.js'
import { simulatedSettings } from '../../scripts/simulate/simulated-settings.js'
import { ABLATIONS, VENUE_CLASSES } from '../../server/simulation/faults.js'
import { SETTLED_WITHIN } from '../../server/simulation/simulate.js'
import { counts } from '../helpers/counts.js'
import { runGeneral, runJson } from '../helpers/general.js'

const settings = await simulatedSettings()

/** What the rarest lets through shows at one of twenty of these. */
const ABLATED_SEEDS = 200

function run(changes: Partial<SeedRuns>) {
  const rest = {
    ...{ first: 1, seeds: 1, ablation: null, tested: null, isTraced: false },
    onProgress: () => undefined,
  }
  return runSeeds({ ...rest, classes: VENUE_CLASSES, settings, ...changes })
}

// Faults: B03
t.test(
  'whatever is lost, late, repeated or killed: no order is lost or doubled, and books and venue agree',
  async (t) => {
    // In a process of its own: a test's follows every promise, which halves the speed
    const all = ['simulate', '--seeds', String(counts.seeds)]
    const { document } = await runJson<{ classes: ClassReport[] }>(all)
    t.equal(document.classes.length, VENUE_CLASSES.length)
    for (const { venueClass, seeds, seconds, violated, counts: seen } of document.classes) {
      const told = Object.entries(seen).map(([what, count]) => `${what} ${count}`)
      t.comment(`class ${venueClass}: ${Math.round(seeds / seconds)} seeds/s, ${told.join(', ')}`)
      t.same(violated, [], `class ${venueClass}`)
      t.ok(seen.intents > 7 * seeds && seen.trades > 4 * seeds, 'orders were decided and filled')
      t.ok(seen.faults > 20 * seeds && seen.crashes > seeds, 'much went wrong')
      t.ok(seen.takeovers > seeds / 2, 'processes were overtaken while they stood still')
      t.ok(seen.unknown > seeds, 'fates became unknown')
      t.ok(seen.foreign > 0, 'somebody else traded in the account')
      t.ok(seen.settledAfter <= SETTLED_WITHIN[venueClass], 'all came to its end in time')
      if (venueClass === 'C' || venueClass === 'D') t.ok(seen.escalated > 0, 'a person was called')
    }
  },
)

// Faults: B15
t.test('a safeguard that is taken out is missed', async (t) => {
  const wanted = { classes: VENUE_CLASSES, first: 1, seeds: ABLATED_SEEDS, settings, enough: 1 }
  const reports = await runAblations({ ...wanted, onProgress: () => undefined })
  t.equal(reports.length, ABLATIONS.length * VENUE_CLASSES.length)
  for (const { ablation, venueClass, missed, seed, violation } of reports) {
    t.ok(missed > 0, `${ablation} at class ${venueClass}, by seed ${seed}: ${violation}`)
  }
})

t.test('with every safeguard in place the same faults do no harm', async (t) => {
  for (const tested of ABLATIONS) {
    for (const { venueClass, violated } of await run({ tested, seeds: 10 }))
      t.same(violated, [], `what tests the ${tested} at class ${venueClass}`)
  }
})

t.test('without the fence a process that was overtaken doubles orders', async (t) => {
  const [report] = await run({ classes: ['C'], ablation: 'fence', tested: 'fence', seeds: ABLATED_SEEDS })
  const doubled = report!.violated.filter(({ violations }) => / is at the venue 2 times/.test(violations[0]!))
  t.ok(doubled.length > 0, `at ${doubled.length} of ${ABLATED_SEEDS} seeds`)
})

t.test('the same seed is the same run, to the last line', async (t) => {
  const seeds = Math.min(50, counts.seeds / 4)
  const runs = { first: 7, seeds, isTraced: true }
  const [once, again] = [await run(runs), await run(runs)]
  for (const [index, { trace }] of once.entries()) {
    t.ok(trace.length > seeds * 100, 'much happens')
    t.ok(trace.join('\n') === again[index]!.trace.join('\n'), 'twice the same')
  }
  t.not(once[0]!.trace.join('\n'), once[1]!.trace.join('\n'), 'classes differ')
})

t.test('the command tells the seeds at which something happened, and replays them', async (t) => {
  const fine = await runGeneral(['simulate', '--seeds', '3', '--class', 'B'])
  t.match(fine, { code: 0, stdout: /class.*seeds.*intents.*violated\n +B +3 / })
  const ablated = ['simulate', '--ablate', 'journal', '--class', 'A']
  const found = await runGeneral([...ablated, '--seeds', '10'])
  const told = /class A, seed (\d+): (.*)\n.*--seed \1 --ablate journal --trace/.exec(found.stdout)
  t.match(found, { code: 1 }, 'a seed is named, with how to see it again')
  const [, seed, violation] = told ?? []
  const traced = await runJson([...ablated, '--seed', seed!, '--trace'])
  const again = { seeds: 1, classes: [{ violated: [{ seed: Number(seed), violations: [violation] }] }] }
  t.match(traced, { code: 1, document: again })
  t.ok(JSON.stringify(traced.document).includes(`VIOLATION ${violation}`), 'the trace ends with it')
})

t.test('the command takes every safeguard out, and fails when one is not missed', async (t) => {
  const missed = await runGeneral(['simulate', '--ablate', 'all', '--class', 'D', '--seeds', '20'])
  t.match(missed, { code: 0, stdout: /margin +D +\d+ of 20/ })
  const unnoticed = await runGeneral(['simulate', '--ablate', 'all', '--class', 'B', '--seeds', '1'])
  t.match(unnoticed, { code: 1, stdout: /margin +B +0 of 1 .*nothing/ })
})
