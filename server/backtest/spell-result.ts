import type { DayReturn } from '../../core/backtest/metrics/daily-returns.js'
import type { DrawdownPeriod } from '../../core/backtest/metrics/drawdown.js'
import type { CurvePoint } from '../../core/backtest/metrics/equity-curve.js'
import type { BacktestResult } from '../../core/backtest/summary.js'
import { DAY, type Instant, localDate } from '../../core/time.js'

type SpellTime = (instant: Instant) => string

/** Returns a result as report.json has it: times as text, and nothing that only pictures need. */
export function spellResult(result: BacktestResult, spellTime: SpellTime): object {
  const { paths: _, metrics, drawdowns, curve, ...rest } = result
  const { maxDrawdown, bestDay, worstDay } = metrics
  return {
    ...rest,
    metrics: {
      ...metrics,
      maxDrawdown: maxDrawdown === null ? null : spellPeriod(maxDrawdown, spellTime),
      bestDay: bestDay === null ? null : spellDay(bestDay),
      worstDay: worstDay === null ? null : spellDay(worstDay),
    },
    drawdowns: drawdowns.map((period) => spellPeriod(period, spellTime)),
    curve: curve.map((point) => spellPoint(point, spellTime)),
  }
}

function spellPeriod(period: DrawdownPeriod, spellTime: SpellTime): object {
  const { peakAt, troughAt, recoveredAt } = period
  return {
    ...period,
    peakAt: spellTime(peakAt),
    troughAt: spellTime(troughAt),
    recoveredAt: recoveredAt === null ? null : spellTime(recoveredAt),
  }
}

function spellDay({ day, returnPct }: DayReturn): object {
  return { date: localDate(day * DAY), returnPct }
}

function spellPoint({ from: _, at, ...point }: CurvePoint, spellTime: SpellTime): object {
  return { at: spellTime(at), ...point }
}
