import { decimal } from '../../../core/decimal.js'
import { factsAt, type Instrument } from '../../../core/instrument/instrument.js'
import { chooseContract } from '../../../core/instrument/synthetic.js'
import type { Instant } from '../../../core/time.js'
import type { AccountFinding } from '../broker.js'
import type { AccountBooks } from './account-books.js'
import type { ApiAnswer } from './api-client.js'
import { isSessionLost } from './classify.js'
import { type Asked, clockSkew, describeSkew, MOST_SKEW, MOST_SKEW_FOR_ENTRIES } from './clock-watch.js'
import type { ContractBook, ListedContract } from './contract-book.js'
import { isFields, positiveOf } from './fields.js'
import type { Gateway } from './gateway.js'
import type { OpenAlgoSettings } from './openalgo-settings.js'
import { analyzerMode, isSuccess } from './session.js'
import { hasEnded } from './show-order.js'

/** What an examination depends on. */
export interface ExaminationOptions {
  readonly gateway: Gateway
  readonly books: AccountBooks
  readonly contracts: ContractBook
  readonly settings: OpenAlgoSettings
  readonly instruments: readonly Instrument[]
  readonly clock: { readonly now: () => Instant }
  readonly monotonic: () => number
}

/** The configured margin and the broker's may differ by so much before somebody should look, in percent. */
const MARGIN_WITHIN_PCT = 20

/** Returns what was found in the account, the connection first; what needs it is left out when there is none. */
export async function examineAccount(options: ExaminationOptions): Promise<readonly AccountFinding[]> {
  const connection = await examineConnection(options)
  if (connection.some(({ severity }) => severity === 'failure')) return connection
  const findings = [...connection, await examineFunds(options), ...(await examineBooks(options))]
  for (const instrument of options.instruments) findings.push(await examineInstrument(options, instrument))
  return findings
}

async function examineConnection(options: ExaminationOptions): Promise<AccountFinding[]> {
  const { gateway, settings, clock, monotonic } = options
  const [begunAt, askedAt] = [monotonic(), clock.now()]
  const ping = await gateway.ask('ping')
  const heardAt = clock.now()
  const took = Math.round(monotonic() - begunAt)
  if (!isSuccess(ping)) return [failure('connection', spell(ping), remedyFor(ping))]
  const data = ping.kind === 'answered' ? ping.body?.data : null
  const broker = isFields(data) && typeof data.broker === 'string' ? data.broker : 'a broker without a name'
  const found = [fine('connection', `${settings.url} answers for ${broker} after ${took} ms`)]
  found.push(...examineClock(ping, { askedAt, heardAt }))
  const analyzer = await gateway.ask('analyzer')
  const mode = isSuccess(analyzer) ? analyzerMode(analyzer) : null
  const wanted = settings.allowLive ? 'live' : 'analyze'
  if (mode === null) {
    found.push(failure('mode', `it does not tell whether it is live: ${spell(analyzer)}`, 'Update OpenAlgo'))
  } else if (mode === wanted) {
    const means = mode === 'live' ? 'live: orders are real money' : 'analyze: orders are simulated'
    found.push(fine('mode', means))
  } else {
    const remedy =
      mode === 'live'
        ? 'Switch OpenAlgo to analyze mode, or set allowLive: true to trade real money'
        : 'Switch OpenAlgo to live, or set allowLive: false to rehearse'
    found.push(
      failure('mode', `it is ${mode}, and allowLive is ${settings.allowLive}: nothing is sent`, remedy),
    )
  }
  return found
}

function examineClock(answer: ApiAnswer, asked: Asked): AccountFinding[] {
  const skew = clockSkew(answer, asked)
  if (skew === null) return []
  if (Math.abs(skew) <= MOST_SKEW) {
    return [fine('clock', `within ${(Math.max(1_000, Math.abs(skew)) / 1_000).toFixed(1)} s of ours`)]
  }
  const isFar = Math.abs(skew) > MOST_SKEW_FOR_ENTRIES
  const found = `${describeSkew(skew)}${isFar ? ': no entry is sent' : ''}`
  return [
    warning('clock', found, 'Synchronize both clocks: an order whose answer is lost is found by its time'),
  ]
}

async function examineFunds({ books }: ExaminationOptions): Promise<AccountFinding> {
  try {
    const cash = await books.availableCash()
    const found = `${cash.toString()} free for margin`
    return cash.isPositive() ? fine('funds', found) : warning('funds', found, 'Entries need free cash')
  } catch (error) {
    return failure('funds', reasonOf(error), 'Look whether the broker shows funds in OpenAlgo')
  }
}

async function examineBooks({ books, settings, contracts }: ExaminationOptions): Promise<AccountFinding[]> {
  const found: AccountFinding[] = []
  try {
    const orders = await books.orders()
    const working = orders.filter(({ row }) => !hasEnded(row)).length
    found.push(fine('orders', `${orders.length} of our instruments today, ${working} of them working`))
    const trades = [...(await books.trades()).values()].flat()
    found.push(fine('trades', `${trades.length} of our instruments today`))
  } catch (error) {
    found.push(failure('orders', reasonOf(error), 'Nothing is entered while the books cannot be read'))
  }
  try {
    const held = await books.held(settings.product)
    const told = held.map(({ contract, lots }) => `${lots.toString()} ${contract.symbol}`).join(', ')
    found.push(fine('positions', held.length === 0 ? `flat in ${settings.product}` : told))
    for (const { contract } of held) {
      const { symbol, expiry, instrument } = contract
      if (held.filter((other) => other.contract.instrument === instrument).length > 1) {
        const remedy = 'Close all but one by hand: nothing is added to it'
        found.push(warning('positions', `${instrument} is held in several contracts`, remedy))
      } else if (await contracts.isToBeLeft(contract)) {
        const remedy = 'Roll it over, or close it: nothing is added to it'
        found.push(warning('positions', `${symbol} expires on ${expiry}`, remedy))
      }
    }
  } catch (error) {
    found.push(failure('positions', reasonOf(error), 'Nothing is entered while positions cannot be read'))
  }
  return found
}

async function examineInstrument(
  options: ExaminationOptions,
  instrument: Instrument,
): Promise<AccountFinding> {
  const { contracts, books } = options
  const check = instrument.name
  try {
    if (instrument.synthetic !== undefined) return await examineLegs(options, instrument)
    const contract = await contracts.toTrade(instrument.name)
    const { symbol, expiry, quantityPerLot, freezeQuantity } = contract
    const told = await books.quote(contract)
    const price = positiveOf(told, 'ltp')
    const parts = [
      `${symbol}, expires ${expiry}, new lots until ${await contracts.leavesOn(contract)}`,
      `quantity ${quantityPerLot.toString()} a lot`,
      ...(freezeQuantity === null ? [] : [`at most ${freezeQuantity.toString()} an order`]),
      price === null ? 'no price' : `last ${price}`,
    ]
    const margin = await marginOf(options, contract)
    if (margin !== null) parts.push(`margin ${Math.round(margin)} a lot`)
    const found = parts.join('; ')
    return differences(options, { instrument, contract, found, margin, price })
  } catch (error) {
    return failure(check, reasonOf(error), 'Nothing of it is traded until OpenAlgo lists it as configured')
  }
}

/** The two options in which an entry would be made now. */
async function examineLegs(options: ExaminationOptions, instrument: Instrument): Promise<AccountFinding> {
  const { contracts, books, clock } = options
  const check = instrument.name
  const future = await contracts.toTrade(check)
  const price = positiveOf(await books.quote(future), 'ltp')
  if (price === null) {
    return warning(
      check,
      `no price of ${future.symbol}`,
      'Without prices entries are judged by their signal alone',
    )
  }
  const calendar = await contracts.calendar()
  const contract = chooseContract(instrument, { price, at: clock.now(), month: null, calendar })
  if (contract === null) return failure(check, 'no options on it are known', 'Leave synthetic out')
  const facts = factsAt(instrument, clock.now())
  const parts = [`${future.symbol} last ${price}`]
  for (const kind of ['call', 'put'] as const) {
    const listed = await contracts.option({ underlying: check, kind, ...contract })
    const last = positiveOf(await books.quote(listed), 'ltp')
    const { symbol, quantityPerLot, freezeQuantity } = listed
    const most = freezeQuantity === null ? '' : `, at most ${freezeQuantity.toString()} an order`
    parts.push(`${symbol} last ${last ?? 'unknown'}, quantity ${quantityPerLot.toString()} a lot${most}`)
    if (!quantityPerLot.equals(decimal(facts.pointValue))) {
      const remedy = `A lot is configured as ${facts.pointValue}: correct facts.pointValue and facts.lotSize`
      return failure(check, parts.join('; '), remedy)
    }
    if (last === null) return warning(check, parts.join('; '), 'Without a price of its own a leg is not sent')
  }
  return fine(check, parts.join('; '))
}

interface Examined {
  readonly instrument: Instrument
  readonly contract: ListedContract
  readonly found: string
  readonly margin: number | null
  readonly price: number | null
}

function differences({ clock }: ExaminationOptions, examined: Examined): AccountFinding {
  const { instrument, contract, found, margin, price } = examined
  const facts = factsAt(instrument, clock.now())
  const check = instrument.name
  if (price === null) return warning(check, found, 'Without prices entries are judged by their signal alone')
  const { tick } = contract
  // Some plugins tell hundredths of a rupee
  if (tick !== null && tick !== facts.tick && tick !== facts.tick * 100) {
    return warning(check, `${found}; listed tick ${tick}, configured ${facts.tick}`, 'Correct facts.tick')
  }
  const away = margin === null ? 0 : Math.abs(margin / facts.marginPerLot - 1) * 100
  if (away > MARGIN_WITHIN_PCT) {
    return warning(check, `${found}; configured ${facts.marginPerLot}`, 'Correct facts.marginPerLot')
  }
  return fine(check, found)
}

/** Several brokers tell no margins. */
async function marginOf(
  { books, settings }: ExaminationOptions,
  contract: ListedContract,
): Promise<number | null> {
  try {
    return (await books.marginOf(contract, contract.quantityPerLot, settings.product)).toNumber()
  } catch {
    return null
  }
}

function remedyFor(answer: ApiAnswer): string {
  if (answer.kind === 'unsent') return 'Start OpenAlgo, or correct url'
  if (answer.kind === 'silent') return 'Look at the log of OpenAlgo, and at the network between'
  if (isSessionLost(answer)) return 'Log in to the broker in OpenAlgo, or correct apiKey'
  return 'Correct url: no OpenAlgo answers there'
}

function spell(answer: ApiAnswer): string {
  return answer.kind === 'answered' ? `${answer.status}: ${answer.message}` : answer.cause
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function fine(check: string, found: string): AccountFinding {
  return { check, severity: 'ok', found, remedy: null }
}

function warning(check: string, found: string, remedy: string): AccountFinding {
  return { check, severity: 'warning', found, remedy }
}

function failure(check: string, found: string, remedy: string): AccountFinding {
  return { check, severity: 'failure', found, remedy }
}
