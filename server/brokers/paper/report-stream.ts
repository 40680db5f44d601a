import type { Instant } from '../../../core/time.js'
import type { ReportListener, VenueOrder, VenueReport } from '../broker.js'
import { draw, drawWhole, happens } from './draw.js'
import { instantsOfNews, type PaperOrder } from './paper-order.js'
import type { PaperFaults } from './paper-settings.js'

/** What the paper venue's reports depend on. */
export interface ReportStreamOptions {
  /** Returns what the venue shows of an order, or null when it has none. */
  readonly look: (clientOrderId: string) => Promise<VenueOrder | null>
  readonly faults: PaperFaults
  readonly clock: { readonly now: () => Instant }
}

/** Longest wait before a report that tells nothing new, in milliseconds. */
const REPEAT_MS = 20

/** Tells of orders by itself: all that the answer did not tell, and on request some of it twice or in another order. */
export class ReportStream {
  readonly #options: ReportStreamOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  #listener: ReportListener | null = null

  constructor(options: ReportStreamOptions) {
    this.#options = options
  }

  /** Tells `listener` from here on. */
  listen(listener: ReportListener): void {
    this.#listener = listener
  }

  /** Plans the reports of an order that has just arrived; `answered` when its sender was told so. */
  announce(order: PaperOrder, answered: boolean): void {
    if (this.#listener === null) return
    const now = this.#options.clock.now()
    const { seed, duplicateReportRate } = this.#options.faults
    for (const instant of instantsOfNews(order, now)) this.#tellIn(instant - now, order, instant)
    if (!answered || happens(duplicateReportRate, seed, order.clientOrderId, 'duplicate')) {
      this.#tellIn(drawWhole(0, REPEAT_MS, seed, order.clientOrderId, 'repeat'), order, now)
    }
  }

  /** Tells nothing more. */
  close(): void {
    this.#listener = null
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #tellIn(milliseconds: number, order: PaperOrder, instant: Instant): void {
    const { seed, lostReportRate } = this.#options.faults
    if (happens(lostReportRate, seed, order.clientOrderId, 'report', instant - order.acceptedAt)) return
    const tell = () => {
      this.#timers.delete(timer)
      void this.#tell(order.clientOrderId)
    }
    // A timer may fire a fraction of a millisecond early, when there is nothing to tell yet.
    const timer = setTimeout(tell, milliseconds + 1)
    timer.unref()
    this.#timers.add(timer)
  }

  /** Reads the book again, as a cancel may have removed what was planned. A failed read is a lost report. */
  async #tell(clientOrderId: string): Promise<void> {
    const shown = await this.#options.look(clientOrderId).catch(() => null)
    if (shown === null) return
    for (const report of this.#inOrder(reportsOf(shown, clientOrderId), clientOrderId))
      this.#listener?.(report)
  }

  #inOrder(reports: VenueReport[], clientOrderId: string): VenueReport[] {
    const { seed, shuffledReportRate } = this.#options.faults
    return happens(shuffledReportRate, seed, clientOrderId, 'shuffle')
      ? shuffle(reports, seed, clientOrderId)
      : reports
  }
}

/** Returns the items in an order that depends on the parts alone. */
export function shuffle<T>(items: readonly T[], ...parts: readonly string[]): T[] {
  return items
    .map((item, index) => ({ item, place: draw(...parts, 'place', index) }))
    .sort((left, right) => left.place - right.place)
    .map(({ item }) => item)
}

function reportsOf(order: VenueOrder, clientOrderId: string): VenueReport[] {
  const { venueOrderId, status, code, message } = order
  if (status === 'rejected') {
    return [{ kind: 'rejected', clientOrderId, code: code ?? 'REJECTED', message: message ?? '' }]
  }
  const fills = order.fills.map((fill) => ({ kind: 'fill', clientOrderId, fill }) as const)
  const end =
    status === 'canceled' ? [{ kind: 'canceled', clientOrderId, reason: code ?? 'CANCELED' } as const] : []
  return [{ kind: 'accepted', clientOrderId, venueOrderId }, ...fills, ...end]
}
