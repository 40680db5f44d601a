import type { Broker } from '../brokers/broker.js'
import type { Metrics } from './metrics.js'

/** Returns `broker` with each of its calls timed, by the kind of answer; a call that throws counts as an error. */
export function timeBroker(broker: Broker, metrics: Metrics): Broker {
  const time = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    const stop = metrics.brokerCallSeconds.startTimer({ broker: broker.name, call })
    try {
      const answer = await work()
      stop({ outcome: kindOf(answer) })
      return answer
    } catch (error) {
      stop({ outcome: 'error' })
      throw error
    }
  }
  return {
    name: broker.name,
    capabilities: broker.capabilities,
    submit: (order, deadline) => time('submit', () => broker.submit(order, deadline)),
    cancel: (order) => time('cancel', () => broker.cancel(order)),
    order: (order) => time('order', () => broker.order(order)),
    orders: (since) => time('orders', () => broker.orders(since)),
    positions: () => time('positions', () => broker.positions()),
    onReport: (listener) => broker.onReport?.(listener),
    close: () => broker.close(),
  }
}

function kindOf(answer: unknown): string {
  const kind = (answer as { kind?: unknown }).kind
  return typeof kind === 'string' ? kind : 'read'
}
