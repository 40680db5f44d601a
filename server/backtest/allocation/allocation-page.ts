import type { PastRun } from '../../../core/backtest/allocation/past-run.js'
import type { AllocationResult } from '../../../core/backtest/allocation/simulate-allocation.js'
import { type Instant, MINUTE } from '../../../core/time.js'
import { localTimeSpeller } from '../../report/local-time.js'
import { loadDrawing } from '../../report/tear-sheet/charts/draw.js'
import { type Cell, type Column, dataTable, type Html, section } from '../../report/tear-sheet/html.js'
import { keyFigureList } from '../../report/tear-sheet/key-figures.js'
import { NOTHING, newSpeller, type Speller } from '../../report/tear-sheet/spell.js'
import { page, type TearSheetSubject } from '../../report/tear-sheet/tear-sheet.js'
import { turnoverFigure, valueFigure, weightsFigure } from './allocation-figures.js'
import { spellOrder } from './allocation-files.js'

/** What a page about target weights is made of. */
export interface AllocationPageRequest {
  readonly subject: TearSheetSubject
  readonly result: AllocationResult
  /** Of the assets. */
  readonly names: readonly string[]
  /** Minutes east of UTC of the exchange at an instant. */
  readonly offsetMinutes: (instant: Instant) => number
}

/** Returns a simulation of runs towards target weights as one HTML page that needs nothing else. */
export async function renderAllocationPage(request: AllocationPageRequest): Promise<Html> {
  const { subject, result, names, offsetMinutes } = request
  const spell = newSpeller(subject.currency, offsetMinutes)
  const local = (instant: Instant): Instant => instant + offsetMinutes(instant) * MINUTE
  const drawing = { spell, local, draw: await loadDrawing() }
  return page(subject, [
    keyFigures(result, spell),
    section('Value', valueFigure(result, drawing), comparison(result, spell), drawdownTable(result, spell)),
    section('Weights', weightsFigure(result, names, drawing)),
    section('Turnover', turnoverFigure(result, drawing)),
    section('Runs', runTable(result, spell, localTimeSpeller(offsetMinutes))),
  ])
}

function keyFigures({ summary }: AllocationResult, spell: Speller): Html {
  const { netPnl, returnPct, maxDrawdownPct, rebalancingReturnPct } = summary
  return keyFigureList([
    ['Net profit', spell.wholeMoney(netPnl), netPnl < 0],
    ['Return', spell.change(returnPct), returnPct < 0],
    ['Rebalancing return', spell.change(rebalancingReturnPct), rebalancingReturnPct < 0],
    ['Maximum drawdown', spell.percent(-maxDrawdownPct), false],
  ])
}

const number = (title: string): Column => ({ title, kind: 'number' })
const words = (title: string): Column => ({ title, kind: 'words' })
const date = (title: string): Column => ({ title, kind: 'date' })

function comparison({ summary }: AllocationResult, spell: Speller): Html {
  const columns = [words(''), number('Came to'), number('Return'), number('Deepest fall')]
  const row = (name: string, of: AllocationResult['summary']['buyAndHold']): Cell[] => [
    name,
    spell.money(of.finalEquity),
    { text: spell.change(of.returnPct), isLoss: of.returnPct < 0 },
    spell.percent(of.maxDrawdownPct),
  ]
  const rows = [row('Kept at its weights', summary), row('Bought and held', summary.buyAndHold)]
  return dataTable('Beside having bought and held', columns, rows)
}

function drawdownTable({ drawdowns }: AllocationResult, spell: Speller): Html {
  if (drawdowns.length === 0) return ''
  const columns = [date('From its high of'), date('to its low of'), date('recovered'), number('Depth')]
  const rows = drawdowns.map(({ peakAt, troughAt, recoveredAt, depthPct }): Cell[] => [
    spell.date(peakAt),
    spell.date(troughAt),
    recoveredAt === null ? 'not yet' : spell.date(recoveredAt),
    spell.percent(depthPct),
  ])
  return dataTable('Deepest drawdowns', columns, rows)
}

type SpellTime = (instant: Instant) => string

const MOST_RUNS = 200

/** Those that had nothing to order are only counted. */
function runTable({ runs }: AllocationResult, spell: Speller, spellTime: SpellTime): Html {
  const told = runs.filter(({ outcome }) => outcome !== 'nothing')
  const shown = told.slice(-MOST_RUNS)
  const idle = runs.length - told.length
  const notes = [
    ...(told.length > shown.length
      ? [`The ${spell.count(told.length - shown.length)} runs before are in decisions.csv.`]
      : []),
    ...(idle > 0 ? [`${spell.count(idle)} runs had nothing to order.`] : []),
  ]
  const note = notes.length === 0 ? '' : `<p>${notes.join(' ')}</p>`
  if (shown.length === 0) return note === '' ? '<p>There was no run.</p>' : note
  const columns = [date('Time'), words('Outcome'), words('Orders'), number('Value traded'), number('Fees')]
  return (
    dataTable(
      'What each run did',
      columns,
      shown.map((run) => rowOf(run, spell, spellTime)),
    ) + note
  )
}

function rowOf(run: PastRun, spell: Speller, spellTime: SpellTime): Cell[] {
  const { at, outcome, orders, notes, valueTraded, fees } = run
  const did = orders.length > 0 ? orders.map(spellOrder).join(', ') : notes.join(' ')
  const isTroubled = outcome === 'halted' || outcome === 'failed'
  return [
    spellTime(at).slice(0, 16).replace('T', ' '),
    { text: outcome, isLoss: isTroubled },
    did === '' ? NOTHING : did,
    spell.money(valueTraded),
    spell.money(fees),
  ]
}
