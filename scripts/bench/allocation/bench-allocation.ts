import { decimal } from '../../../core/decimal.js'
import type { Portfolio } from '../../../core/portfolio/portfolio.js'
import { NO_OVERRIDES } from '../../../core/strategies/allocation/allocation-report.js'
import { isLookDue, isRunNeeded } from '../../../core/strategies/allocation/check-allocation.js'
import { isHalt } from '../../../core/strategies/allocation/halt.js'
import {
  allocationOf,
  type PlannedRun,
  planAllocation,
} from '../../../core/strategies/allocation/plan-allocation.js'
import { type BenchReport, figure } from '../bench-report.js'
import type { BenchOptions } from '../bench-room.js'
import { ratioSpread, spreadOf } from '../spread.js'
import { generatePortfolio, generatePortfolios } from './generated-portfolio.js'

const ASSETS = 1000
const ASSETS_EACH = 10
const NOW = Date.UTC(2026, 0, 5, 6)

/**
 * Measures a plan of 1,000 assets, and how long it takes one process to look at 10,000 portfolios of 10 assets whether each
 * needs a run. The baseline is the least that a plan is: one exact multiplication and one subtraction for each asset.
 */
export async function benchAllocation(options: BenchOptions): Promise<BenchReport> {
  const { isQuick, onProgress, signal } = options
  const [repetitions, portfolios] = isQuick ? [3, 200] : [30, 10_000]
  const wide = generatePortfolio({ id: 'wide', assets: ASSETS, now: NOW })
  const many = generatePortfolios(portfolios, ASSETS_EACH, NOW)
  const [plans, floors, looks]: [number[], number[], number[]] = [[], [], []]
  let orders = 0
  let needed = 0
  for (let done = 0; done < repetitions && !signal.aborted; done++) {
    onProgress(done, repetitions)
    floors.push(measure(() => leastArithmetic(wide)))
    plans.push(
      measure(() => {
        orders = planOf(wide).orders.length
      }),
    )
    if (done < Math.max(3, repetitions / 10))
      looks.push(
        measure(() => {
          needed = many.filter(isNeeded).length
        }) / 1000,
      )
    await new Promise(setImmediate)
  }
  const plan = spreadOf(plans)
  const look = spreadOf(looks)
  const perMinute = isQuick ? `${portfolios}` : '10,000'
  return {
    bench: 'allocation',
    about: `${ASSETS.toLocaleString('en')} assets are planned; ${perMinute} portfolios of ${ASSETS_EACH} are looked at, in one process`,
    repetitions: plans.length,
    rows: [
      { what: 'baseline: a target and a difference for each asset', unit: 'ms', value: spreadOf(floors) },
      { what: 'a plan', unit: 'ms', value: plan, ratio: ratioSpread(plans, floors) },
      { what: 'all portfolios looked at', unit: 's', value: look },
    ],
    goals: [
      {
        goal: '1,000 assets planned in under 5 ms',
        measured: `${figure(plan.median)} ms`,
        met: plan.median < 5,
      },
      {
        goal: `${perMinute} portfolios looked at in under 10 s`,
        measured: `${figure(look.median)} s`,
        met: look.median < 10,
      },
    ],
    checks: [
      { check: 'the plan orders most of the assets', passed: orders > ASSETS / 2 },
      { check: 'some portfolios need a run', passed: needed > 0 },
    ],
  }
}

function planOf(portfolio: Portfolio): PlannedRun {
  const planned = planAllocation(portfolio, allocationOf(portfolio)!, NO_OVERRIDES)
  if (isHalt(planned)) throw new Error(JSON.stringify(planned))
  return planned
}

function isNeeded(portfolio: Portfolio): boolean {
  const settings = allocationOf(portfolio)!
  return isLookDue(portfolio, settings, NOW) && isRunNeeded(portfolio, settings, planOf(portfolio))
}

function leastArithmetic({ books }: Portfolio): number {
  const weight = decimal('10000')
  let positive = 0
  for (const { holding, market } of books.values()) {
    const value = (holding?.quantity ?? weight).times(decimal(market.price ?? 1))
    if (weight.minus(value).isPositive()) positive += 1
  }
  return positive
}

function measure(work: () => unknown): number {
  const begun = performance.now()
  work()
  return performance.now() - begun
}
