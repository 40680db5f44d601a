import { basename } from 'node:path'
import type { BacktestResult } from '../../core/backtest/summary.js'
import type { ExitMode } from '../../core/strategies/trend/bar-signals.js'
import { type Instant, localDate } from '../../core/time.js'
import type { TearSheetSubject } from '../report/tear-sheet/tear-sheet.js'
import { type BacktestRequest, isOfBarsAlone } from './backtest-request.js'
import type { BacktestTerms } from './backtest-settings.js'
import type { LoadedBars } from './load-bars.js'
import type { LoadedHistory } from './load-history.js'
import { exitModeOf } from './plan-bars.js'

/** A run and everything that it was made of. */
export interface RunFacts {
  readonly request: BacktestRequest
  readonly terms: BacktestTerms
  readonly histories: readonly (LoadedHistory | LoadedBars)[]
  readonly result: BacktestResult
  readonly splitTrades: number
  readonly otherNet: number
  readonly configurationHash: string | null
}

/** Returns what a run is about: for people, and as the part of report.json that is not the result. */
export function describeRun(facts: RunFacts): {
  readonly subject: TearSheetSubject
  readonly document: object
} {
  const { request, terms, histories } = facts
  const { currency, id } = terms.portfolio
  const period = periodOf(histories)
  const notes = notesOn(facts)
  const names = histories.map(({ instrument }) => instrument).join(', ')
  const { commissionPct, slippageTicks } = terms.costs
  const costs =
    `commission ${commissionPct} % a side` +
    (request.sizing === 'general' ? `, slippage ${counted(slippageTicks, 'tick')}` : '')
  const subject: TearSheetSubject = {
    title: `Backtest of ${names}`,
    period: `${period.from} to ${period.to}`,
    currency,
    notes,
    facts: [
      ['Lots', request.sizing === 'general' ? `sized by the general, portfolio ${id}` : 'as exported'],
      ...(isOfBarsAlone(request) ? [['Exits', spellExits(exitModeOf(request, terms))] as const] : []),
      ['Fills', request.fillAt === 'close' ? 'at the close of the bar' : 'at the open of the next bar'],
      ['Costs', costs],
      ...histories.map(
        ({ instrument, file, barMinutes }) =>
          [instrument, `${basename(file)}, bars of ${barMinutes} min`] as const,
      ),
      ...(facts.configurationHash === null
        ? []
        : [['Configuration', facts.configurationHash.slice(0, 12)] as const]),
    ],
  }
  const document = {
    out: request.out,
    currency,
    portfolio: id,
    configurationHash: facts.configurationHash,
    sizing: request.sizing,
    fill: request.fillAt,
    exitMode: isOfBarsAlone(request) ? exitModeOf(request, terms) : null,
    commissionPct,
    slippageTicks,
    period,
    files: histories.map((history) => {
      const { instrument, file, rows, barMinutes, zone } = history
      return {
        instrument,
        file,
        bars: request.bars.get(instrument)?.name ?? null,
        rows,
        trades: 'trades' in history ? history.trades.length : null,
        barMinutes,
        timezone: zone.name,
      }
    }),
    notes,
  }
  return { subject, document }
}

function spellExits(mode: ExitMode): string {
  return mode === 'atr'
    ? 'a close below the trailing stop of the unit'
    : 'a close below the trailing stop of the unit, or below the SuperTrend'
}

function periodOf(histories: RunFacts['histories']): { readonly from: string; readonly to: string } {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const history of histories) {
    const { first, last } = 'trades' in history ? spanOfTrades(history) : spanOfBars(history)
    from = Math.min(from, first)
    to = Math.max(to, last)
  }
  const { zone } = histories[0]!
  return { from: localDate(from, zone.offsetAt(from)), to: localDate(to, zone.offsetAt(to)) }
}

interface Span {
  readonly first: Instant
  readonly last: Instant
}

function spanOfTrades({ trades }: LoadedHistory): Span {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { entry, exit } of trades) {
    first = Math.min(first, entry.barOpen)
    last = Math.max(last, exit?.barOpen ?? entry.barOpen)
  }
  return { first, last }
}

function spanOfBars({ bars, first, entriesEnd }: LoadedBars): Span {
  return { first: bars.opensAt[first]!, last: bars.opensAt[entriesEnd - 1]! }
}

function notesOn({ request, terms, histories, result, splitTrades, otherNet }: RunFacts): string[] {
  const notes: string[] = []
  if (result.rejectedRows.length > 0)
    notes.push(
      `${counted(result.rejectedRows.length, 'row')} could not be used; report.json lists each with its reason`,
    )
  for (const history of histories) {
    if (!('trades' in history)) {
      const { instrument, first, warmUp } = history
      if (first < warmUp.bars - 1)
        notes.push(
          `the first ${warmUp.bars - 1} bars of ${instrument} only warm the indicators up (${warmUp.indicator})`,
        )
      continue
    }
    const { instrument, outside, currency } = history
    if (outside > 0)
      notes.push(`${counted(outside, 'trade')} of ${instrument} begin outside the period and are left out`)
    if (currency !== null && /^[A-Z]{3,5}$/.test(currency) && currency !== terms.portfolio.currency) {
      notes.push(
        `the prices of ${instrument} are in ${currency}, the portfolio is in ${terms.portfolio.currency}; nothing is converted`,
      )
    }
  }
  if (splitTrades > 0) {
    notes.push(
      `${counted(splitTrades, 'trade')} of the exports are parts of the entry of another: TradingView closes first in, first out. ` +
        'Each such entry is taken as the one unit that it was, and each exit as that of the units whose lots left',
    )
  }
  if (otherNet > 0) {
    notes.push(
      `the net profit of ${counted(otherNet, 'trade')} is not the one that the export states: check --point-value and --commission`,
    )
  }
  if (request.sizing === 'exported' && (request.fillAt !== 'close' || (request.slippageTicks ?? 0) > 0)) {
    notes.push('exported trades keep the prices of the export: --fill and --slippage change nothing')
  }
  return notes
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
