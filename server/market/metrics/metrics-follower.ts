import { setTimeout as delay } from 'node:timers/promises'
import { digest } from '../../../core/ids.js'
import type { ReportedMetrics } from '../../../core/portfolio/allocation-state.js'
import { HOUR, MINUTE } from '../../../core/time.js'
import type { Clock } from '../../clock.js'
import { type MetricsRow, reportedMetrics } from '../../inbox/metrics-rows.js'
import type { Sequencer } from '../../kernel/sequencer.js'
import { type AlarmDesk, raiseAlarm } from '../../observe/alarms.js'
import type { FundMetricsSource } from './fund-metrics-source.js'

/** A source, and how often it is asked. */
export interface FollowedMetrics {
  readonly source: FundMetricsSource
  /** Milliseconds between two questions. */
  readonly everyMs: number
}

/** What following a source depends on. */
export interface MetricsFollowerOptions extends FollowedMetrics {
  readonly sequencer: Pick<Sequencer, 'submit' | 'state'>
  readonly desk: AlarmDesk
  readonly clock: Clock
}

/** A source that failed is asked again this much later at the latest. */
const againMs = MINUTE

/**
 * Asks the source of a portfolio's fund metrics, and has what it says recorded like an import when that changes
 * something. A source that fails raises METRICS_UNREACHABLE once, until it has answered again.
 */
export class MetricsFollower {
  readonly #options: MetricsFollowerOptions
  readonly #stop = new AbortController()
  #following: Promise<void> | null = null
  #isFailing = false

  constructor(options: MetricsFollowerOptions) {
    this.#options = options
  }

  /** Asks at once, and from then on in its time. */
  start(): void {
    this.#following ??= this.#follow()
  }

  /** Asks no more; resolves when what was read is recorded. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  /** Asks once; returns whether what the source says is recorded. Never rejects. */
  async look(): Promise<boolean> {
    const { source, sequencer, desk } = this.#options
    const { signal } = this.#stop
    const reading = await source.read(signal)
    if (signal.aborted) return false
    if (reading.kind === 'failed') return this.#fail(reading.reason)
    const told = this.#known(reading.rows)
    if (told.length === 0) return this.#fail('it names none of the assets of the portfolio')
    this.#answered()
    if (told.every((metrics) => this.#isRecorded(metrics))) return true
    const { id, now } = sequencer.state()
    const metrics = told.map(({ reported }) => reported)
    const inputId = `C-${digest('metrics', id, source.name, String(now), JSON.stringify(metrics))}`
    try {
      await sequencer.submit({ type: 'MetricsImported', id: inputId, metrics })
      return true
    } catch (error) {
      desk.log.error(
        { err: error, portfolio: id },
        'Fund metrics were not recorded; they are asked for again',
      )
      return false
    }
  }

  async #follow(): Promise<void> {
    const { everyMs } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const pauseMs = (await this.look()) ? everyMs : Math.min(everyMs, againMs)
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  /** What concerns the assets of the portfolio. */
  #known(rows: readonly MetricsRow[]): Told[] {
    const { sequencer, source, clock } = this.#options
    const assets = new Set(sequencer.state().settings?.assets?.map(({ name }) => name))
    const origin = { source: source.name, now: clock.now() }
    return rows.flatMap((row) => {
      const reported = reportedMetrics(row, origin)
      return assets.has(reported.symbol) ? [{ reported, hasTime: row.observedAt !== undefined }] : []
    })
  }

  /** What has no time of its own is confirmed before it would be too old at the question after the next. */
  #isRecorded({ reported, hasTime }: Told): boolean {
    const { sequencer, clock, everyMs } = this.#options
    const { allocation, settings } = sequencer.state()
    const { symbol, source, marketCap, aum, observedAt } = reported
    const maxAgeMs = (settings?.allocation?.weights.metricsMaxAgeHours ?? 0) * HOUR
    return allocation.metrics.some((known) => {
      if (known.symbol !== symbol || known.source !== source) return false
      if (known.marketCap !== marketCap || known.aum !== aum) return false
      if (hasTime) return known.observedAt === observedAt
      const age = clock.now() - known.observedAt
      return age >= 0 && age + 2 * everyMs <= maxAgeMs
    })
  }

  async #fail(reason: string): Promise<false> {
    const { source, sequencer, desk, clock } = this.#options
    if (this.#isFailing) return false
    this.#isFailing = true
    const { id: portfolio, settings } = sequencer.state()
    const hours = settings?.allocation?.weights.metricsMaxAgeHours
    const message = `The fund metrics of ${source.name} could not be read: ${reason}. It is asked again; what is recorded counts until it is ${hours} hours old`
    const alarm = { code: 'METRICS_UNREACHABLE', severity: 'warning', portfolio, message } as const
    await raiseAlarm(desk, { ...alarm, at: clock.now() })
    return false
  }

  #answered(): void {
    const { source, sequencer, desk } = this.#options
    if (!this.#isFailing) return
    this.#isFailing = false
    const fields = { portfolio: sequencer.state().id, source: source.name }
    desk.log.info(fields, 'The source of fund metrics answers again')
  }
}

/** What a source says of an asset, and whether it says since when. */
interface Told {
  readonly reported: ReportedMetrics
  readonly hasTime: boolean
}
