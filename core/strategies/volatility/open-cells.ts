import { decimal } from '../../decimal.js'
import type { PortfolioEvent } from '../../event.js'
import { alarm } from '../../portfolio/alarm.js'
import { unassignedCash } from '../../portfolio/holding.js'
import { bookOf, type Portfolio } from '../../portfolio/portfolio.js'
import { rulesOfCells } from './cell-rules.js'

/**
 * Returns the cells that are opened with the cash that they were configured with, as far as the portfolio has it. With
 * `tells` those for which it has not are told of: they trade when it comes.
 */
export function openCells(portfolio: Portfolio, tells: boolean): PortfolioEvent[] {
  const rules = rulesOfCells(portfolio)
  const waiting = [...rules.values()].filter(({ asset }) => bookOf(portfolio, asset.name).cell === null)
  if (waiting.length === 0) return []
  const events: PortfolioEvent[] = []
  let left = unassignedCash(portfolio)
  for (const { asset, configuration } of waiting) {
    const { name: instrument, zone } = asset
    const cash = decimal(configuration.cash)
    if (left.isLessThan(cash)) {
      if (tells) events.push(notFunded(portfolio, instrument, `${cash}`, `${left}`))
      continue
    }
    left = left.minus(cash)
    events.push({ type: 'CellOpened', instrument, zone, cash, at: portfolio.now })
  }
  return events
}

function notFunded(portfolio: Portfolio, instrument: string, wanted: string, left: string): PortfolioEvent {
  const message = `the cell ${instrument} is to start with ${wanted} ${portfolio.settings?.currency}, and ${left} is in no cell: it trades when the cash is there`
  return alarm(portfolio, {
    ...{ code: 'CELL_NOT_FUNDED', severity: 'warning', instrument, subject: instrument, message },
  })
}
