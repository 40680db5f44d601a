import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the database says about work that waits, read when the metrics are asked for. */
export interface WorkSnapshot {
  readonly inboxWaiting: number
  /** Seconds since the oldest undecided alert came; 0 when none waits. */
  readonly oldestWaitingSeconds: number
  readonly ordersByState: Readonly<Record<string, number>>
  readonly openPositions: number
}

/** A difference between a book that is decided here and its broker. */
export interface CountedBreak {
  readonly portfolio: string
  readonly class: string
  readonly state: string
}

/** Everything that the service counts, and the registry that prints it. */
export interface Metrics {
  readonly registry: Registry
  readonly alerts: Counter<'type' | 'status'>
  readonly refusedRequests: Counter<'status'>
  readonly acknowledgeSeconds: Histogram
  readonly decisions: Counter<'kind' | 'outcome'>
  readonly stepInputs: Histogram
  readonly persistSeconds: Histogram
  readonly brokerCallSeconds: Histogram<'broker' | 'call' | 'outcome'>
  readonly orderEvents: Counter<'event'>
  readonly recoverySeconds: Gauge<'portfolio'>
  readonly portfolioPhase: Gauge<'portfolio' | 'phase'>
  readonly alarms: Counter<'code' | 'severity'>
  readonly notifications: Counter<'receiver' | 'outcome'>
  readonly telegramRefused: Counter
  readonly unauthorizedRequests: Counter<'listener'>
  readonly inboxWaiting: Gauge
  readonly oldestWaitingSeconds: Gauge
  readonly orders: Gauge<'state'>
  readonly unresolvedOrders: Gauge
  readonly openPositions: Gauge
  readonly breaks: Gauge<'portfolio' | 'class' | 'state'>
  readonly lastScout: Gauge<'portfolio' | 'instrument'>
  readonly lastBar: Gauge<'portfolio' | 'instrument'>
  readonly recentAlerts: Gauge<'portfolio' | 'source' | 'instrument' | 'script'>
  readonly alertDelaySeconds: Histogram<'type'>
}

const milliseconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** Returns the metrics of one service; each service has a registry of its own. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    ...requestMetrics(registry),
    ...decisionMetrics(registry),
    ...workMetrics(registry),
    ...chartMetrics(registry),
  }
}

/** Sets the gauges of waiting work from what was read. States that no order is in are left out. */
export function showWork(metrics: Metrics, work: WorkSnapshot): void {
  metrics.inboxWaiting.set(work.inboxWaiting)
  metrics.oldestWaitingSeconds.set(work.oldestWaitingSeconds)
  metrics.openPositions.set(work.openPositions)
  metrics.orders.reset()
  for (const [state, count] of Object.entries(work.ordersByState)) metrics.orders.set({ state }, count)
  metrics.unresolvedOrders.set(work.ordersByState.unresolved ?? 0)
}

/** Sets the gauge of breaks to what is found. Kinds that there are none of are left out. */
export function showBreaks(metrics: Metrics, found: readonly CountedBreak[]): void {
  metrics.breaks.reset()
  for (const { portfolio, class: kind, state } of found) metrics.breaks.inc({ portfolio, class: kind, state })
}

function requestMetrics(registry: Registry) {
  const registers = [registry]
  return {
    alerts: new Counter({
      name: 'general_alerts_total',
      help: 'Alerts acknowledged, by type and by accepted, duplicate or conflict',
      labelNames: ['type', 'status'] as const,
      registers,
    }),
    refusedRequests: new Counter({
      name: 'general_webhook_refused_total',
      help: 'Webhook requests answered with an error, by HTTP status',
      labelNames: ['status'] as const,
      registers,
    }),
    acknowledgeSeconds: new Histogram({
      name: 'general_webhook_acknowledge_seconds',
      help: 'Time from an alert whose bytes are read to its durable acknowledgement',
      buckets: milliseconds,
      registers,
    }),
    unauthorizedRequests: new Counter({
      name: 'general_unauthorized_total',
      help: 'Requests without a valid token, by listener',
      labelNames: ['listener'] as const,
      registers,
    }),
  }
}

function decisionMetrics(registry: Registry) {
  const registers = [registry]
  return {
    decisions: new Counter({
      name: 'general_decisions_total',
      help: 'Decisions made, by kind and outcome',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    stepInputs: new Histogram({
      name: 'general_step_inputs',
      help: 'Inputs decided in one transaction',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    }),
    persistSeconds: new Histogram({
      name: 'general_step_persist_seconds',
      help: 'Time to commit the inputs, events and projections of one batch',
      buckets: milliseconds,
      registers,
    }),
    orderEvents: new Counter({
      name: 'general_order_events_total',
      help: 'Events of orders, by name',
      labelNames: ['event'] as const,
      registers,
    }),
    alarms: new Counter({
      name: 'general_alarms_total',
      help: 'Alarms raised, by code and severity',
      labelNames: ['code', 'severity'] as const,
      registers,
    }),
    notifications: new Counter({
      name: 'general_notifications_total',
      help: 'Notifications by receiver and by sent, failed, or dropped: too many waited, or the service stopped',
      labelNames: ['receiver', 'outcome'] as const,
      registers,
    }),
    telegramRefused: new Counter({
      name: 'general_telegram_refused_total',
      help: 'Messages of Telegram users who may not command the service',
      registers,
    }),
  }
}

function workMetrics(registry: Registry) {
  const registers = [registry]
  return {
    brokerCallSeconds: new Histogram({
      name: 'general_broker_call_seconds',
      help: 'Time that a broker took to answer, by call and kind of answer',
      labelNames: ['broker', 'call', 'outcome'] as const,
      buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
      registers,
    }),
    recoverySeconds: new Gauge({
      name: 'general_recovery_seconds',
      help: 'Duration of the last recovery, from taking the lease to ready',
      labelNames: ['portfolio'] as const,
      registers,
    }),
    portfolioPhase: new Gauge({
      name: 'general_portfolio_phase',
      help: '1 for the phase that a portfolio is in',
      labelNames: ['portfolio', 'phase'] as const,
      registers,
    }),
    inboxWaiting: gauge(registry, 'general_inbox_waiting', 'Alerts acknowledged and not yet decided'),
    oldestWaitingSeconds: gauge(
      registry,
      'general_inbox_oldest_waiting_seconds',
      'Age of the oldest alert that is not yet decided',
    ),
    orders: new Gauge({
      name: 'general_orders',
      help: 'Orders at work, by state',
      labelNames: ['state'] as const,
      registers,
    }),
    unresolvedOrders: gauge(registry, 'general_orders_unresolved', 'Orders whose fate is unknown'),
    openPositions: gauge(registry, 'general_positions_open', 'Units that hold lots'),
    breaks: new Gauge({
      name: 'general_breaks',
      help: 'Differences between the books decided here and their brokers, by class and state',
      labelNames: ['portfolio', 'class', 'state'] as const,
      registers,
    }),
  }
}

function chartMetrics(registry: Registry) {
  const registers = [registry]
  return {
    lastScout: new Gauge({
      name: 'general_last_scout_timestamp_seconds',
      help: 'When the last EOD_MONITOR of an instrument came, in seconds since 1970; 0 when none ever did',
      labelNames: ['portfolio', 'instrument'] as const,
      registers,
    }),
    lastBar: new Gauge({
      name: 'general_last_bar_timestamp_seconds',
      help: 'When the last MARKET_DATA of an instrument came, in seconds since 1970; 0 when none ever did',
      labelNames: ['portfolio', 'instrument'] as const,
      registers,
    }),
    recentAlerts: new Gauge({
      name: 'general_alerts_in_three_minutes',
      help: 'Alerts of a script within the last 3 minutes, 15 also for more; TradingView stops it beyond 15',
      labelNames: ['portfolio', 'source', 'instrument', 'script'] as const,
      registers,
    }),
    alertDelaySeconds: new Histogram({
      name: 'general_alert_delay_seconds',
      help: "Time from an alert's own timestamp to its arrival, by type",
      labelNames: ['type'] as const,
      buckets: [0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3600],
      registers,
    }),
  }
}

function gauge(registry: Registry, name: string, help: string): Gauge {
  return new Gauge({ name, help, registers: [registry] })
}
