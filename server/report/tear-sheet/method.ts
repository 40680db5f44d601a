import { escapeHtml, type Html, section } from './html.js'
import type { TearSheetParts } from './parts.js'

/** Returns how the numbers are made, so that nobody has to guess. */
export function methodSection({ result, spell }: TearSheetParts): Html {
  const { days, daysPerYear } = result.metrics
  const which =
    daysPerYear === 365
      ? 'every day, for a market that never closes'
      : 'every weekday, and the days of a weekend on which something happened'
  const entries: [string, string][] = [
    [
      'Daily returns',
      `Of ${spell.count(days)} days: ${which}. A day on which nothing happened counts as 0. A year has ${daysPerYear} of them, and the riskless rate is 0. Where there are no bars, equity is only known at the alerts.`,
    ],
    [
      'CAGR',
      '(final equity ÷ initial capital) to the power of 1 ÷ years, less 1, with years of 365.25 days from the first to the last moment.',
    ],
    ['Sharpe', `Mean of the daily returns ÷ their standard deviation × √${daysPerYear} (Sharpe 1994).`],
    [
      'Sortino',
      `Mean of the daily returns ÷ √(mean of the squared losses over all days) × √${daysPerYear} (Sortino and Price 1994).`,
    ],
    ['Calmar', 'CAGR ÷ maximum drawdown, over the whole run (Young 1991).'],
    [
      'R',
      'Net profit ÷ initial risk. The initial risk is the loss at the stop that a unit was sized with, before fees.',
    ],
    [
      'SQN',
      '√ trades × mean R ÷ standard deviation of R (Tharp 2008), the number of trades without a bound.',
    ],
    [
      'Expectancy, profit factor',
      'Of closed trades, after fees: the mean profit, and the sum of profits ÷ the sum of losses.',
    ],
    [
      'Maximum drawdown',
      'Of equity at every moment, open profits included, below the highest it had been, in percent of that.',
    ],
    [
      'Time in the market',
      'Share of the calendar, nights and weekends included, in which at least one unit was held.',
    ],
    [
      'Slippage',
      'What fills cost that were worse than the price they started from, prices between two ticks included.',
    ],
  ]
  const list = entries.map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`)
  return section('How the numbers are made', `<dl class="method">${list.join('\n')}</dl>`)
}
