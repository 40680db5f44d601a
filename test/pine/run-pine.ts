import { type IProvider, PineTS } from 'pinets'
import type { PineInstrument } from '../../scripts/pine/pine-instrument.js'

/** A bar, its open in milliseconds since 1970. */
export interface PineBar {
  readonly at: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** An alert that a script fired. */
export interface FiredAlert {
  readonly message: string
  readonly freq: string
  /** Index of the bar. */
  readonly bar: number
}

/** A trade of the tester. */
export interface TestedTrade {
  readonly entry_comment: string
  readonly exit_comment: string
  readonly size: number
  readonly entry_price: number
  readonly exit_price: number
  readonly commission: number
}

/** What running a script came to. */
export interface PineRun {
  /** Values of a plot by the title, one a bar. */
  readonly plot: (title: string) => number[]
  readonly alerts: readonly FiredAlert[]
  readonly closedTrades: readonly TestedTrade[]
  readonly openTrades: readonly TestedTrade[]
}

interface Ran {
  readonly plots: Record<string, { readonly data: readonly { readonly value: number }[] } | undefined>
  readonly alerts: readonly { readonly message: string; readonly freq: string; readonly bar_index: number }[]
  readonly strategy?: {
    readonly closedtrades: readonly TestedTrade[]
    readonly opentrades: readonly TestedTrade[]
  }
}

/** Runs a Pine script over bars, as if each bar had just been confirmed, with its alerts collected. */
export async function runPine(
  script: string,
  bars: readonly PineBar[],
  instrument: PineInstrument,
): Promise<PineRun> {
  const minutes = String(instrument.barMinutes)
  const pine = new PineTS(providerOf(bars, instrument), instrument.root, minutes, bars.length)
  pine.setAlertMode('all')
  const ran = (await pine.run(script)) as unknown as Ran
  return {
    plot: (title) => (ran.plots[title]?.data ?? []).map(({ value }) => value),
    alerts: ran.alerts.map(({ message, freq, bar_index }) => ({ message, freq, bar: bar_index })),
    closedTrades: ran.strategy?.closedtrades ?? [],
    openTrades: ran.strategy?.opentrades ?? [],
  }
}

function providerOf(
  bars: readonly PineBar[],
  { root, barMinutes, zone, pointValue }: PineInstrument,
): IProvider {
  const data = bars.map(({ at, open, high, low, close }) => {
    return { openTime: at, closeTime: at + barMinutes * 60_000 - 1, open, high, low, close, volume: 1000 }
  })
  const symbol = { ticker: `${root}1!`, tickerid: `${root}1!`, root, timezone: zone, mintick: 0.05 }
  const info = { ...symbol, type: 'futures', currency: 'INR', session: '24x7', pointvalue: pointValue }
  return {
    getMarketData: () => Promise.resolve(data),
    getSymbolInfo: () => Promise.resolve(info),
    configure: () => undefined,
  } as unknown as IProvider
}
