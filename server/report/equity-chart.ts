import type { CurvePoint } from '../../core/backtest/metrics/equity-curve.js'
import { type Instant, localDate } from '../../core/time.js'

const WIDTH = 960
const LEFT = 72
const RIGHT = 12
const EQUITY = { top: 12, height: 250 } as const
const DRAWDOWN = { top: 286, height: 84 } as const
const HEIGHT = 400

interface Scale {
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
}

/** Returns equity and drawdown over time as one SVG; its colours come from the style sheet around it. */
export function equityChart(points: readonly CurvePoint[], spellMoney: (amount: number) => string): string {
  if (points.length < 2) return ''
  const first = points[0]!
  const last = points.at(-1)!
  const span = Math.max(1, last.at - first.at)
  const x = (at: Instant): number => LEFT + ((at - first.at) / span) * (WIDTH - LEFT - RIGHT)
  const equity = scaleOf(
    points.map((point) => point.equity),
    5,
  )
  const drawdown = scaleOf([0, ...points.map((point) => point.drawdownPct)], 3)
  const equityY = (value: number): number =>
    EQUITY.top + (1 - (value - equity.from) / (equity.to - equity.from)) * EQUITY.height
  const drawdownY = (value: number): number => DRAWDOWN.top + (value / drawdown.to) * DRAWDOWN.height
  const equityLine = points.map((point) => `${round(x(point.at))},${round(equityY(point.equity))}`).join(' ')
  const drawdownLine = points
    .map((point) => `${round(x(point.at))},${round(drawdownY(point.drawdownPct))}`)
    .join(' ')
  const ends = [round(x(last.at)), round(x(first.at))]
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Equity and drawdown over time">`,
    grid(equity.ticks, equityY, spellMoney),
    grid(drawdown.ticks, drawdownY, (value) => (value === 0 ? '0 %' : `−${value} %`)),
    years(first.at, last.at, x),
    `<polygon class="equity-area" points="${equityLine} ${ends[0]},${EQUITY.top + EQUITY.height} ${ends[1]},${EQUITY.top + EQUITY.height}"/>`,
    `<polyline class="equity-line" points="${equityLine}"/>`,
    `<polygon class="drawdown-area" points="${drawdownLine} ${ends[0]},${DRAWDOWN.top} ${ends[1]},${DRAWDOWN.top}"/>`,
    '</svg>',
  ].join('\n')
}

function grid(
  ticks: readonly number[],
  y: (value: number) => number,
  spell: (value: number) => string,
): string {
  return ticks
    .map((tick) => {
      const at = round(y(tick))
      const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`
      return `${line}<text class="axis" x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${spell(tick)}</text>`
    })
    .join('')
}

/** Marks the starts of years, or of months where there is less than two years; at most a dozen of them. */
function years(from: Instant, to: Instant, x: (at: Instant) => number): string {
  const starts = yearStarts(from, to)
  const marks = starts.length >= 2 ? starts : monthStarts(from, to)
  const every = Math.ceil(marks.length / 12)
  const isYearly = marks === starts
  return marks
    .filter((_, index) => index % every === 0)
    .map((at) => {
      const label = localDate(at).slice(0, isYearly ? 4 : 7)
      const left = round(x(at))
      return `<line class="grid" x1="${left}" x2="${left}" y1="${EQUITY.top}" y2="${DRAWDOWN.top + DRAWDOWN.height}"/><text class="axis" x="${left}" y="${HEIGHT - 8}" text-anchor="middle">${label}</text>`
    })
    .join('')
}

function yearStarts(from: Instant, to: Instant): Instant[] {
  const starts: Instant[] = []
  for (let year = Number(localDate(from).slice(0, 4)) + 1; Date.UTC(year, 0, 1) <= to; year++)
    starts.push(Date.UTC(year, 0, 1))
  return starts
}

function monthStarts(from: Instant, to: Instant): Instant[] {
  const [year, month] = localDate(from).split('-').map(Number) as [number, number]
  const starts: Instant[] = []
  for (let index = month; Date.UTC(year, index, 1) <= to; index++) starts.push(Date.UTC(year, index, 1))
  return starts
}

/** Returns round ticks, 1, 2 or 5 times a power of ten apart, that enclose all values. */
function scaleOf(values: readonly number[], parts: number): Scale {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const range = high - low || Math.abs(high) || 1
  const power = 10 ** Math.floor(Math.log10(range / parts))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => range / candidate <= parts)!
  const from = Math.floor(low / step) * step
  const ticks: number[] = []
  for (let index = 0; ; index++) {
    const tick = Number((from + index * step).toPrecision(12))
    ticks.push(tick)
    if (tick >= high && index > 0) return { from, to: tick, ticks }
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
