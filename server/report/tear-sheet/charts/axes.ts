import type { Instant } from '../../../../core/time.js'
import type { ChartSize } from './figure.js'
import { timeTicks } from './time-ticks.js'

/** Colours of the page, as its style names them. */
export const INK = {
  text: 'var(--ink)',
  quiet: 'var(--quiet)',
  line: 'var(--line)',
  strong: 'var(--strong)',
  paper: 'var(--paper)',
  accent: 'var(--accent)',
  good: 'var(--good)',
  bad: 'var(--bad)',
  cap: 'var(--cap)',
} as const

const FONT = { fontFamily: 'system-ui, sans-serif', fontSize: 12, color: INK.quiet } as const

/** Returns the place of a panel within a picture, in pixels. */
export function panel(size: ChartSize, top: number, height: number): object {
  return { left: size.name === 'wide' ? 64 : 58, right: size.name === 'wide' ? 16 : 10, top, height }
}

/** What is told of an axis of time. */
export interface TimeAxis {
  readonly gridIndex?: number
  /** Its first and its last instant. */
  readonly from: Instant
  readonly to: Instant
  readonly isLabelled?: boolean
}

/** Returns an axis of time. Times are given as if the exchange's clock were that of UTC. */
export function timeAxis({ gridIndex = 0, from, to, isLabelled = true }: TimeAxis, size: ChartSize): object {
  const ticks = timeTicks(from, to, size.name === 'wide' ? 12 : 5)
  return {
    type: 'time',
    gridIndex,
    min: from,
    max: Math.max(to, from + 1),
    axisLine: { show: isLabelled, lineStyle: { color: INK.strong } },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: { ...FONT, show: isLabelled, customValues: ticks.at, formatter: ticks.spell },
  }
}

/** What is told of an axis of values. */
export interface ValueAxis {
  readonly gridIndex?: number
  readonly spell: (value: number) => string
  readonly splits?: number
  readonly more?: object
}

/** Returns an axis of values, upwards. */
export function valueAxis({ gridIndex = 0, spell, splits = 5, more = {} }: ValueAxis): object {
  return {
    type: 'value',
    gridIndex,
    splitNumber: splits,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: INK.line } },
    axisLabel: { ...FONT, formatter: spell },
    ...more,
  }
}

/** Returns an axis of names. */
export function nameAxis(names: readonly string[], size: ChartSize): object {
  return {
    type: 'category',
    data: names,
    axisLine: { lineStyle: { color: INK.strong } },
    axisTick: { show: false },
    axisLabel: {
      ...FONT,
      hideOverlap: true,
      interval: names.length <= (size.name === 'wide' ? 20 : 7) ? 0 : 'auto',
    },
  }
}

/** What is common to all lines. */
export const LINE = { type: 'line', symbol: 'none', silent: true, animation: false } as const

/** Returns the text beside a line or a bar. */
export function labelText(color: string): object {
  return { ...FONT, color }
}
