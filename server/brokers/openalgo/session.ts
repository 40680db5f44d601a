import type { ApiAnswer } from './api-client.js'
import { isAddressRefused, isKeyRefused, isSessionLost, saysSuccess } from './classify.js'
import { isFields } from './fields.js'
import type { OpenAlgoIncident } from './openalgo-settings.js'

/** What a session depends on. */
export interface SessionOptions {
  /** Posts to an endpoint without fields; never throws. */
  readonly ask: (endpoint: 'ping' | 'analyzer') => Promise<ApiAnswer>
  /** The mode in which OpenAlgo must be. */
  readonly mode: 'live' | 'analyze'
  readonly onIncident: (incident: OpenAlgoIncident) => void
  /** Milliseconds between two checks while the account cannot be used. */
  readonly checkEvery: number
}

/**
 * Whether the account may be used: the key is taken, the broker's session lives, and OpenAlgo is in the mode that is
 * wanted. Once it is not, nothing is asked but that, slowly: OpenAlgo bans addresses that keep coming with a bad key.
 */
export class Session {
  readonly #options: SessionOptions
  /** Why the account cannot be used; null when it can. */
  #obstacle: string | null = 'OpenAlgo was not asked yet'
  /** Whether the obstacle is one that only time or a person removes. */
  #isClosed = false
  #checking: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #isOver = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Returns why the account cannot be used now, or null. Asks OpenAlgo only if it never told. */
  async obstacle(): Promise<string | null> {
    if (this.#obstacle !== null && !this.#isClosed) await this.#check()
    return this.#obstacle
  }

  /**
   * Takes up what the answer of an endpoint says about the account. Prices may be forbidden to an account that trades:
   * of them only a key that is refused counts.
   */
  note(endpoint: string, answer: ApiAnswer): void {
    if (isAddressRefused(answer)) {
      this.#refuseAddress(answer)
      return
    }
    const isLost = endpoint === 'quotes' ? isKeyRefused(answer) : isSessionLost(answer)
    if (isLost) this.#lose(answer)
    else if (this.#options.mode === 'live' && modeOf(answer) === 'analyze') this.#refuseMode('analyze')
  }

  /** Closes the account: an order that should have been simulated was not. */
  refuseMode(mode: 'live' | 'analyze'): void {
    this.#refuseMode(mode)
  }

  /** Checks no more. */
  close(): void {
    this.#isOver = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #check(): Promise<void> {
    this.#checking ??= this.#askForMode().finally(() => {
      this.#checking = null
    })
    return this.#checking
  }

  async #askForMode(): Promise<void> {
    const ping = await this.#options.ask('ping')
    if (!isSuccess(ping)) return this.#turnedAway(ping)
    const analyzer = await this.#options.ask('analyzer')
    if (!isSuccess(analyzer)) return this.#turnedAway(analyzer)
    const mode = analyzerMode(analyzer)
    if (mode === this.#options.mode) this.#open()
    else if (mode === null) this.#obstacle = 'OpenAlgo does not tell whether it is live'
    else this.#refuseMode(mode)
  }

  #turnedAway(answer: ApiAnswer): void {
    if (isSessionLost(answer)) {
      this.#lose(answer)
      return
    }
    this.#obstacle =
      answer.kind === 'answered' ? `OpenAlgo answered ${answer.status}: ${answer.message}` : answer.cause
    if (this.#isClosed) this.#checkLater()
  }

  #open(): void {
    this.#obstacle = null
    this.#isClosed = false
  }

  #lose(answer: ApiAnswer): void {
    const told = answer.kind === 'answered' ? `${answer.status} ${answer.message}` : ''
    const message = `OpenAlgo takes the key no more (${told}): the broker's session has ended, or the key is wrong. Nothing is sent, exits included, until somebody logs in to the broker in OpenAlgo`
    this.#closeFor({ code: 'BROKER_SESSION_LOST', message })
  }

  #refuseAddress(answer: ApiAnswer): void {
    const told = answer.kind === 'answered' ? `${answer.status} ${answer.message}` : ''
    const message = `The broker takes no orders from the address that OpenAlgo has (${told}). Nothing is sent, exits included, until that address is registered at the broker, or OpenAlgo runs at one that is; it is tried again from time to time`
    this.#closeFor({ code: 'BROKER_ADDRESS_REFUSED', message })
  }

  #refuseMode(found: 'live' | 'analyze'): void {
    const message =
      found === 'analyze'
        ? 'OpenAlgo is in analyze mode and trades a simulated account, while this portfolio has "allowLive": true. Nothing is sent until it is live'
        : 'OpenAlgo is live and trades real money, while this portfolio has "allowLive": false. Nothing is sent until it is in analyze mode'
    this.#closeFor({ code: 'BROKER_MODE_WRONG', message })
  }

  #closeFor(incident: OpenAlgoIncident): void {
    const isNews = this.#obstacle !== incident.message
    this.#obstacle = incident.message
    this.#isClosed = true
    if (isNews) this.#options.onIncident(incident)
    this.#checkLater()
  }

  #checkLater(): void {
    if (this.#isOver) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#check(), this.#options.checkEvery).unref()
  }
}

/** Returns whether a read went well. */
export function isSuccess(answer: ApiAnswer): boolean {
  return (
    answer.kind === 'answered' && answer.status === 200 && answer.body !== null && saysSuccess(answer.body)
  )
}

/** Returns the mode that an answer carries; the analyze mode marks each of its answers. */
export function modeOf(answer: ApiAnswer): 'analyze' | null {
  return answer.kind === 'answered' && wordOf(answer.body?.mode) === 'analyze' ? 'analyze' : null
}

/** Returns the mode that the analyzer tells; null when it does not. */
export function analyzerMode(answer: ApiAnswer): 'live' | 'analyze' | null {
  const data = answer.kind === 'answered' ? answer.body?.data : null
  if (!isFields(data)) return null
  const { mode, analyze_mode: isAnalyze } = data
  if (wordOf(mode) === 'analyze' || isAnalyze === true || wordOf(isAnalyze) === 'true') return 'analyze'
  const isDenied = isAnalyze === undefined || isAnalyze === false || wordOf(isAnalyze) === 'false'
  return wordOf(mode) === 'live' && isDenied ? 'live' : null
}

function wordOf(value: unknown): string | null {
  return typeof value === 'string' ? value.trim().toLowerCase() : null
}
