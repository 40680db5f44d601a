import type { Command } from 'commander'
import { formatNumber, formatTime } from '../cli/format.js'
import { listCommand } from '../cli/list-verb.js'
import type { OrderItem } from '../cli/v1.js'

/** Returns the verb that lists the orders of a running service. */
export function ordersCommand(): Command {
  return listCommand<OrderItem>({
    name: 'orders',
    description: 'List orders: those that may still fill unless told otherwise',
    defaultStatus: 'open',
    columns: [
      { title: 'id' },
      { title: 'made' },
      { title: 'instrument' },
      { title: 'side' },
      { title: 'purpose' },
      { title: 'lots', align: 'right' },
      { title: 'filled', align: 'right' },
      { title: 'average', align: 'right' },
      { title: 'state' },
      { title: 'reason' },
    ],
    row: (order, { currency }) => [
      order.id,
      formatTime(order.createdAt),
      order.leg === null ? order.instrument : `${order.instrument} ${order.leg.strike} ${order.leg.kind}`,
      order.side,
      order.leg?.isRollback ? 'rollback' : order.purpose,
      formatNumber(order.lots, currency, 8),
      formatNumber(order.filledLots, currency, 8),
      order.averagePrice === null ? null : formatNumber(order.averagePrice, currency),
      order.state,
      order.reason,
    ],
  })
}
