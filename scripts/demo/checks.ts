import { decimal, ZERO } from '../../core/decimal.js'
import type { PortfolioDetail } from '../cli/v1.js'
import type { DemoMoment } from './moment.js'
import type { Posting } from './summary.js'

/** Something that the day is to show, and whether it did. */
export interface DemoCheck {
  readonly name: string
  readonly passed: boolean
}

/** Returns everything that the day promised to show, with whether it was seen. */
export function checkDay(moments: readonly DemoMoment[], postings: readonly Posting[]): DemoCheck[] {
  const of = (name: string): DemoMoment => {
    const found = moments.find(({ step }) => step.name === name)
    if (found === undefined) throw new Error(`The day has no step ${name}`)
    return found
  }
  const decided = (name: string) => of(name).decisions[0]
  const bound = (name: string, constraint: string): boolean =>
    decided(name)?.outcome === 'executed' && decided(name)?.boundBy === constraint
  const refused = (name: string, gate: string): boolean =>
    decided(name)?.outcome === 'blocked' && decided(name)!.reasons.includes(gate)
  const raisedInstruments = moments.flatMap(({ raised }) => raised.map(({ position }) => position.instrument))
  const realized = (name: string): number => Number(of(name).closed[0]?.realizedPnl ?? Number.NaN)
  const checks: readonly (readonly [name: string, passed: boolean])[] = [
    ['volatility bound the size of Gold Mini', bound('volatility-binds', 'volatility')],
    ['risk bound the size of Bank Nifty', bound('risk-binds', 'risk')],
    ['margin bound the size of Copper', bound('margin-binds', 'margin')],
    ['the alert that came twice was answered as a duplicate and decided once', wasDuplicate(of('duplicate'))],
    ['a pyramid was approved and filled', decided('pyramid-approved')?.outcome === 'executed'],
    ['a pyramid was refused for its spacing', refused('pyramid-refused', 'ATR_SPACING')],
    ['a pyramid was refused by the cap on heat', refused('cap-refuses', 'HEAT_CAP')],
    [
      'stops went up with the closes',
      raisedInstruments.includes('GOLD_MINI') && raisedInstruments.length > 2,
    ],
    ['no stop ever fell', fallenStops(moments) === 0],
    [
      'a stop was hit, and sold with a profit',
      decided('stop-hit')?.kind === 'stop' && realized('stop-hit') > 0,
    ],
    ['a unit that outgrew its volatility was peeled off', decided('peel-off')?.kind === 'peelOff'],
    ['an exit by label closed that unit alone', closedOne(of('exit-by-label'), 'Long_2')],
    ['an entry that came too late was refused', refused('stale-entry', 'STALE')],
    ['an exit closed all of Silver Mini', closedOne(of('exit-all'), 'Long_1')],
    ['an exit of nothing was ignored, with an alarm', decided('exit-unmatched')?.outcome === 'ignored'],
    ['scouts were noted and decided nothing', of('scout').decisions.length === 0],
    ['the ledger adds up to the last paisa', addsUp(postings, moments.at(-1)!.portfolio)],
  ]
  return checks.map(([name, passed]) => ({ name, passed }))
}

function wasDuplicate({ answer, decisions, fills }: DemoMoment): boolean {
  return answer.status === 'duplicate' && decisions.length === 0 && fills.length === 0
}

function closedOne({ closed }: DemoMoment, label: string): boolean {
  return closed.length === 1 && closed[0]!.label === label
}

function fallenStops(moments: readonly DemoMoment[]): number {
  const stops = new Map<string, number>()
  let fallen = 0
  for (const { opened, raised } of moments) {
    for (const { id, stop } of opened) stops.set(id, stop)
    for (const { position, from } of raised) {
      if (stops.get(position.id) !== from || position.stop < from) fallen += 1
      stops.set(position.id, position.stop)
    }
  }
  return fallen
}

function addsUp(postings: readonly Posting[], portfolio: PortfolioDetail): boolean {
  let sum = ZERO
  for (const { amount } of postings) sum = sum.plus(decimal(amount))
  const { deposited, realizedPnl, fees, equity } = portfolio
  const parts = decimal(deposited).plus(decimal(realizedPnl)).plus(decimal(fees))
  return sum.equals(decimal(equity.closed)) && sum.equals(parts)
}
