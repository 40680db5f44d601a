import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { addAllocation } from './allocation.js'
import { addApprovals } from './approvals.js'
import { addCalendar } from './calendar.js'
import { addCells } from './cells.js'
import { addCommands } from './commands.js'
import { addDetails } from './details.js'
import { addImports } from './imports.js'
import { addLists } from './lists.js'
import type { V1Commands, V1Reads } from './port.js'
import { addOrderSettlement, addReconciliation } from './reconciliation.js'
import { withZod } from './typed-app.js'
import { addWhatIf } from './what-if.js'

/** What /v1 depends on. */
export interface V1Options {
  readonly reads: V1Reads
  readonly commands: V1Commands
  /** Connections that hold the locks of running commands; nothing else may use them. Throws without a database. */
  readonly commandPool: () => Pool
}

/** Adds the routes of /v1. */
export function addV1(app: FastifyInstance, options: V1Options): void {
  const typedApp = withZod(app)
  addLists(typedApp, options.reads)
  addDetails(typedApp, options.reads)
  addCommands(typedApp, options)
  addApprovals(typedApp, options)
  addCells(typedApp, options)
  addReconciliation(typedApp, options)
  addOrderSettlement(typedApp, options)
  addAllocation(typedApp, options)
  addCalendar(typedApp, options)
  addImports(typedApp, options)
  addWhatIf(typedApp, options.commands)
}
