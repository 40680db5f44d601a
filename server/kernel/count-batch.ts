import type { PortfolioEvent } from '../../core/event.js'
import type { Metrics } from '../observe/metrics.js'

/** Counts the events of a recorded input. */
export function countEvents(metrics: Metrics, events: readonly PortfolioEvent[]): void {
  for (const event of events) {
    if (event.type === 'DecisionMade') {
      const { kind, outcome } = event.decision
      metrics.decisions.inc({ kind, outcome })
    } else if (event.type === 'AlarmRaised') {
      metrics.alarms.inc({ code: event.code, severity: event.severity })
    } else if (event.type.startsWith('Order')) {
      metrics.orderEvents.inc({ event: event.type })
    }
  }
}
