import type { Broker, OrderChange, OrderReference, OrderRequest, ReportListener } from '../brokers/broker.js'
import type { Metrics } from '../observe/metrics.js'

/** Returns `broker` with every answer timed. */
export function measuredBroker(broker: Broker, metrics: Metrics): Broker {
  const timed = async <T>(
    call: string,
    work: () => Promise<T>,
    outcomeOf: (answer: T) => string,
  ): Promise<T> => {
    const end = metrics.brokerCallSeconds.startTimer({ broker: broker.name, call })
    try {
      const answer = await work()
      end({ outcome: outcomeOf(answer) })
      return answer
    } catch (error) {
      end({ outcome: 'failed' })
      throw error
    }
  }
  const kindOf = (answer: { readonly kind: string }) => answer.kind
  const { averagePrices, funds, modify, onReport, quote, see } = broker
  return {
    name: broker.name,
    capabilities: broker.capabilities,
    submit: (order: OrderRequest, deadline: AbortSignal) =>
      timed('submit', () => broker.submit(order, deadline), kindOf),
    cancel: (order: OrderReference) => timed('cancel', () => broker.cancel(order), kindOf),
    order: (order: OrderReference) => timed('order', () => broker.order(order), kindOf),
    orders: (since) =>
      timed(
        'orders',
        () => broker.orders(since),
        () => 'read',
      ),
    positions: () =>
      timed(
        'positions',
        () => broker.positions(),
        () => 'read',
      ),
    ...(averagePrices === undefined
      ? {}
      : {
          averagePrices: () =>
            timed(
              'averagePrices',
              () => averagePrices.call(broker),
              () => 'read',
            ),
        }),
    ...(onReport === undefined
      ? {}
      : { onReport: (listener: ReportListener) => onReport.call(broker, listener) }),
    ...(see === undefined
      ? {}
      : { see: (instrument: string, price: number) => see.call(broker, instrument, price) }),
    ...(modify === undefined
      ? {}
      : {
          modify: (order: OrderReference, change: OrderChange) =>
            timed('modify', () => modify.call(broker, order, change), kindOf),
        }),
    ...(funds === undefined
      ? {}
      : {
          funds: (deadline: AbortSignal) =>
            timed(
              'funds',
              () => funds.call(broker, deadline),
              () => 'read',
            ),
        }),
    ...(quote === undefined
      ? {}
      : {
          quote: (instrument: string, deadline: AbortSignal) =>
            timed(
              'quote',
              () => quote.call(broker, instrument, deadline),
              (answer) => (answer === null ? 'none' : 'read'),
            ),
        }),
    close: () => broker.close(),
  }
}
