import type { BacktestResult } from '../../../core/backtest/summary.js'
import { type Instant, MINUTE } from '../../../core/time.js'
import { loadDrawing } from './charts/draw.js'
import { equityFigure } from './charts/equity-figure.js'
import { exposureFigure } from './charts/exposure-figure.js'
import { multiplesFigure } from './charts/multiples-figure.js'
import { priceFigures } from './charts/price-figure.js'
import { yearlyFigure } from './charts/yearly-figure.js'
import { headline } from './headline.js'
import { escapeHtml, type Html, section } from './html.js'
import { type KeyFigure, keyFigureList } from './key-figures.js'
import { methodSection } from './method.js'
import type { TearSheetParts } from './parts.js'
import type { PriceHistory } from './price-window.js'
import { newSpeller } from './spell.js'
import { STYLE } from './style.js'
import {
  decisionTables,
  drawdownTable,
  instrumentTable,
  monthlyTable,
  rejectedTable,
  unitTable,
} from './tables.js'

/** What a tear sheet is about, in words. */
export interface TearSheetSubject {
  readonly title: string
  readonly period: string
  /** ISO 4217. */
  readonly currency: string
  /** One line each: files, sizing, costs. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** What a reader should know before believing the numbers. */
  readonly notes: readonly string[]
}

/** What a tear sheet is made of. */
export interface TearSheetRequest {
  readonly subject: TearSheetSubject
  readonly result: BacktestResult
  /** By instrument; one without bars is missing. */
  readonly prices: ReadonlyMap<string, PriceHistory>
  /** Minutes east of UTC of the exchange at an instant: dates and times are its own. */
  readonly offsetMinutes: (instant: Instant) => number
}

/**
 * Returns a backtest's outcome as one HTML page that needs nothing else: no script, no network, no file. The same
 * backtest makes the same page, to the byte.
 */
export async function renderTearSheet(request: TearSheetRequest): Promise<Html> {
  const { subject, result, prices, offsetMinutes } = request
  const parts: TearSheetParts = {
    result,
    prices,
    spell: newSpeller(subject.currency, offsetMinutes),
    draw: await loadDrawing(),
    local: (instant) => instant + offsetMinutes(instant) * MINUTE,
  }
  return page(subject, [
    keyFigures(parts),
    headline(parts),
    section(
      'Equity',
      equityFigure(parts) || '<p>There are too few trades to draw.</p>',
      drawdownTable(parts),
    ),
    section('Returns', monthlyTable(parts), yearlyFigure(parts)),
    section('Trades', multiplesFigure(parts), instrumentTable(parts), unitTable(parts)),
    section('Risk in use', exposureFigure(parts)),
    section('Decisions', decisionTables(parts)),
    section('Price', priceFigures(parts)),
    section('Rows not used', rejectedTable(parts)),
    methodSection(parts),
  ])
}

/** Returns a page about `subject` that needs nothing else; empty parts are left out. */
export function page(subject: TearSheetSubject, content: readonly Html[]): Html {
  const { title, period, facts, notes } = subject
  const list = facts.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><div><h1>${escapeHtml(title)}</h1><p>${escapeHtml(period)}</p></div>${THEME_CHOICE}</header>
<dl class="facts">${list.join('')}</dl>
${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('\n')}
${content.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`
}

const THEME_CHOICE = `<fieldset class="theme"><legend>Colours</legend>
<input type="radio" name="theme" id="theme-auto" checked><label for="theme-auto">Auto</label>
<input type="radio" name="theme" id="theme-light"><label for="theme-light">Light</label>
<input type="radio" name="theme" id="theme-dark"><label for="theme-dark">Dark</label></fieldset>`

/** The four numbers that are looked at first, in large. */
function keyFigures({ result, spell }: TearSheetParts): Html {
  const { summary, metrics } = result
  const figures: readonly KeyFigure[] = [
    ['Net profit', spell.wholeMoney(summary.netPnl), summary.netPnl < 0],
    ['CAGR', spell.change(metrics.cagrPct), (metrics.cagrPct ?? 0) < 0],
    ['Maximum drawdown', spell.percent(-summary.maxDrawdownPct), false],
    ['Sharpe', spell.ratio(metrics.sharpe), (metrics.sharpe ?? 0) < 0],
  ]
  return keyFigureList(figures)
}
