import type { Command } from 'commander'
import { formatNumber, formatTime } from '../cli/format.js'
import { listCommand } from '../cli/list-verb.js'
import type { DecisionItem } from '../cli/v1.js'

/** Returns the verb that lists the decisions of a running service. */
export function decisionsCommand(): Command {
  return listCommand<DecisionItem>({
    name: 'decisions',
    description: 'List decisions with their reasons; `general explain ID` tells the whole story of one',
    defaultStatus: null,
    columns: [
      { title: 'id' },
      { title: 'at' },
      { title: 'kind' },
      { title: 'instrument' },
      { title: 'outcome' },
      { title: 'lots', align: 'right' },
      { title: 'bound by' },
      { title: 'reasons' },
    ],
    row: (decision, { currency }) => [
      decision.id,
      formatTime(decision.at),
      decision.kind,
      decision.instrument,
      decision.outcome,
      formatNumber(decision.lots, currency, 8),
      decision.boundBy,
      decision.reasons.join(', '),
    ],
  })
}
