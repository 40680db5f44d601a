import type { Command } from 'commander'
import { formatMoney, formatNumber, formatTime } from '../cli/format.js'
import { listCommand } from '../cli/list-verb.js'
import type { PositionItem } from '../cli/v1.js'

/** Returns the verb that lists the positions of a running service. */
export function positionsCommand(): Command {
  return listCommand<PositionItem>({
    name: 'positions',
    description: 'List positions: units with their stops, what is open unless told otherwise',
    defaultStatus: 'open',
    columns: [
      { title: 'id' },
      { title: 'instrument' },
      { title: 'unit', align: 'right' },
      { title: 'label' },
      { title: 'state' },
      { title: 'lots', align: 'right' },
      { title: 'entry', align: 'right' },
      { title: 'stop', align: 'right' },
      { title: 'highest close', align: 'right' },
      { title: 'realized', align: 'right' },
      { title: 'opened' },
    ],
    row: (position, { currency }) => [
      position.id,
      position.instrument,
      position.unit,
      position.label,
      position.state,
      formatNumber(position.lots, currency, 8),
      position.averagePrice === null ? null : formatNumber(position.averagePrice, currency),
      formatNumber(position.stop, currency),
      formatNumber(position.highestClose, currency),
      formatMoney(position.realizedPnl, currency),
      formatTime(position.openedAt),
    ],
  })
}
