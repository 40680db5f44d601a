import type { Migration } from 'kysely'
import { portfolios } from './0001-portfolios.js'
import { inbox } from './0002-inbox.js'
import { logs } from './0003-logs.js'
import { projections } from './0004-projections.js'
import { idempotency } from './0005-idempotency.js'
import { paper } from './0006-paper.js'
import { calendar } from './0007-calendar.js'
import { approvals } from './0008-approvals.js'
import { holdings } from './0010-holdings.js'
import { legs } from './0011-legs.js'
import { stops } from './0013-stops.js'
import { orderTransitions } from './0014-order-transitions.js'
import { unfinishedStarts } from './0015-unfinished-starts.js'

/** Every migration in order of its name; a list and not a directory, so that what runs is what was compiled. */
export const migrations: Record<string, Migration> = {
  '0001-portfolios': portfolios,
  '0002-inbox': inbox,
  '0003-logs': logs,
  '0004-projections': projections,
  '0005-idempotency': idempotency,
  '0006-paper': paper,
  '0007-calendar': calendar,
  '0008-approvals': approvals,
  '0010-holdings': holdings,
  '0011-legs': legs,
  '0013-stops': stops,
  '0014-order-transitions': orderTransitions,
  '0015-unfinished-starts': unfinishedStarts,
}
