import type { Pool } from 'pg'
import type { Calendar } from '../../core/calendar/calendar.js'
import { unreachable } from '../../core/invariant.js'
import type { Broker } from '../brokers/broker.js'
import { OpenAlgoBroker } from '../brokers/openalgo/openalgo-broker.js'
import type { OpenAlgoIncident, OpenAlgoTimings } from '../brokers/openalgo/openalgo-settings.js'
import { PaperBroker } from '../brokers/paper/paper-broker.js'
import type { Clock } from '../clock.js'
import type { PortfolioConfiguration } from '../config/configuration.js'
import { paperSettingsOf } from '../config/settings.js'
import { PostgresPaperStore } from '../db/paper-store.js'
import { loadCalendar } from '../market/calendar/effective-calendar.js'

/** What opening the broker of a portfolio depends on. */
export interface OpenBrokerOptions {
  readonly portfolio: PortfolioConfiguration
  /** Null for a broker that needs none. */
  readonly apiKey: string | null
  readonly pool: Pool
  readonly clock: Clock
  /** Is told what a person has to know about the account; must not throw. */
  readonly onIncident: (incident: OpenAlgoIncident) => void
  /** Default: the adapter's own. */
  readonly timings?: Partial<OpenAlgoTimings> | undefined
}

/** Returns the broker of a portfolio, as the configuration names it. */
export function openBroker(options: OpenBrokerOptions): Broker {
  const { portfolio, pool, clock } = options
  const { id, broker } = portfolio
  switch (broker.kind) {
    case 'paper': {
      const store = new PostgresPaperStore({ pool, account: id })
      return new PaperBroker({ store, settings: paperSettingsOf(portfolio), clock })
    }
    case 'openalgo':
      return openOpenAlgo({ ...options, broker, calendar: () => loadCalendar(pool) })
    default:
      return unreachable(broker)
  }
}

/** What opening an account behind OpenAlgo depends on. */
export interface OpenOpenAlgoOptions extends Omit<OpenBrokerOptions, 'pool'> {
  readonly broker: Extract<PortfolioConfiguration['broker'], { readonly kind: 'openalgo' }>
  readonly calendar: () => Promise<Calendar>
}

/** Returns the account behind OpenAlgo that a portfolio trades in; nothing is asked yet. */
export function openOpenAlgo(options: OpenOpenAlgoOptions): OpenAlgoBroker {
  const { portfolio, broker, apiKey, calendar, clock, onIncident, timings = {} } = options
  const { url, product, bufferPct, commissionPct, allowLive } = broker
  const streamUrl = broker.streamUrl === undefined ? streamBeside(url) : broker.streamUrl
  const settings = { url, apiKey: apiKey ?? '', streamUrl, product, bufferPct, commissionPct, allowLive }
  return new OpenAlgoBroker({
    ...{ settings, instruments: portfolio.instruments, calendar, clock, onIncident, timings },
  })
}

/** OpenAlgo's own port for its stream. Behind a proxy only the configuration knows where it is. */
function streamBeside(url: string): string | null {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' ? `ws://${hostname}:8765` : null
}
