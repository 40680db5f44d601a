import { setFlagsFromString } from 'node:v8'
import { type IProvider, PineTS } from 'pinets'
import type { PineInstrument } from '../../scripts/pine/pine-instrument.js'

// A script becomes one large function, on which V8's optimiser spends up to 40 s of a processor without any gain.
setFlagsFromString('--max-optimized-bytecode-size=8000')

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
  /** Empty or absent while it is open. */
  readonly exit_comment: string | undefined
  readonly size: number
}

/** What to run: a script over bars, as if each had just been confirmed. */
export interface PineJob {
  readonly script: string
  readonly bars: readonly PineBar[]
  readonly instrument: PineInstrument
}

/** What running a script came to. */
export interface PineResult {
  /** Values of each plot by its title, one a bar. */
  readonly plots: Readonly<Record<string, readonly number[]>>
  readonly alerts: readonly FiredAlert[]
  readonly closedTrades: readonly TestedTrade[]
  readonly openTrades: readonly TestedTrade[]
}

interface Ran {
  readonly plots: Record<string, { readonly data: readonly { readonly value: number }[] }>
  readonly alerts: readonly { readonly message: string; readonly freq: string; readonly bar_index: number }[]
  readonly strategy?: {
    readonly closedtrades: PineResult['closedTrades']
    readonly opentrades: PineResult['openTrades']
  }
}

/** Runs a Pine script over bars. Rejects with the script's own error. */
export async function runPine({ script, bars, instrument }: PineJob): Promise<PineResult> {
  const minutes = String(instrument.barMinutes)
  const pine = new PineTS(providerOf(bars, instrument), instrument.root, minutes, bars.length)
  pine.setAlertMode('all')
  const ran = (await pine.run(script)) as unknown as Ran
  const plots = Object.entries(ran.plots).map(([title, { data }]) => {
    return [title, data.map(({ value }) => value)] as const
  })
  const trades = (list: PineResult['closedTrades'] | undefined) =>
    (list ?? []).map(({ entry_comment, exit_comment, size }) => ({ entry_comment, exit_comment, size }))
  return {
    plots: Object.fromEntries(plots.filter(([title]) => !title.startsWith('__'))),
    alerts: ran.alerts.map(({ message, freq, bar_index }) => ({ message, freq, bar: bar_index })),
    closedTrades: trades(ran.strategy?.closedtrades),
    openTrades: trades(ran.strategy?.opentrades),
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
