import t from 'tap'
import { runSeeds } from '../../scripts/simulate/run-seeds.js'
import { simulatedSettings } from '../../scripts/simulate/simulated-settings.js'
import { ABLATIONS, type Ablation, VENUE_CLASSES } from '../../server/simulation/faults.js'
import { counts } from '../helpers/counts.js'
import { runGeneral, runJson } from '../helpers/general.js'

const settings = await simulatedSettings()

/** At A a second request only finds the first, and B refuses what is older than its fence: there a margin matters little. */
const heldBy = (ablation: Ablation) =>
  VENUE_CLASSES.filter((name) => ablation !== 'margin' || name === 'C' || name === 'D')

function run(changes: Partial<Parameters<typeof runSeeds>[0]>) {
  const rest = { first: 1, seeds: 1, ablation: null, isTraced: false, onProgress: () => undefined }
  return runSeeds({ ...rest, classes: VENUE_CLASSES, settings, ...changes })
}

// Faults: B03
t.test(
  'whatever is lost, late, repeated or killed: no order is lost or doubled, and books and venue agree',
  async (t) => {
    for (const { venueClass, seeds, violated, counts: seen } of await run({ seeds: counts.seeds })) {
      t.same(violated, [], `class ${venueClass}`)
      t.ok(seen.lives > seeds, 'processes died')
      t.ok(seen.orders > seeds && seen.trades > seeds, 'orders were sent and filled')
      if (venueClass === 'C' || venueClass === 'D') t.ok(seen.escalated > 0, 'a person was called')
    }
  },
)

// Faults: B15
t.test('a safeguard that is taken out is missed', async (t) => {
  for (const ablation of ABLATIONS) {
    for (const venueClass of heldBy(ablation)) {
      let [first, isMissed] = [0, false]
      while (!isMissed && first < 60) {
        first += 1
        const [report] = await run({ ablation, classes: [venueClass], first })
        isMissed = report!.violated.length > 0
      }
      t.ok(isMissed, `${ablation} at a class ${venueClass} venue, by seed ${first}`)
    }
  }
})

t.test('the same seed is the same run, to the last line', async (t) => {
  const runs = { first: 7, seeds: 3, isTraced: true }
  const [once, again] = [await run(runs), await run(runs)]
  for (const [index, { trace }] of once.entries()) {
    t.ok(trace.length > 100, 'much happens')
    t.same(trace, again[index]!.trace)
  }
  t.notSame(once[0]!.trace, once[1]!.trace, 'classes differ')
})

t.test('the command tells the seeds at which something happened, and replays them', async (t) => {
  const fine = await runGeneral(['simulate', '--seeds', '3', '--class', 'B'])
  t.match(fine, { code: 0, stdout: /class.*seeds.*violated\n +B +3 / })
  const ablated = ['simulate', '--ablate', 'journal', '--class', 'A']
  const found = await runGeneral([...ablated, '--seeds', '2'])
  t.match(found, { code: 1, stdout: /class A, seed 1: .* leaves and is not recorded\n.*--seed 1 --trace/ })
  const traced = await runJson([...ablated, '--seed', '1', '--trace'])
  t.match(traced, { code: 1, document: { first: 1, seeds: 1, classes: [{ violated: [{ seed: 1 }] }] } })
  t.match(JSON.stringify(traced.document), /VIOLATION attempt 1/)
})
