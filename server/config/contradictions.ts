import { contradictionsOfAssets } from './asset-contradictions.js'
import type { ConfigurationProblem } from './configuration-error.js'
import { didYouMean } from './did-you-mean.js'
import { INSTRUMENT_CATALOG } from './instrument-catalog.js'
import { listOf, member, repeated, textOf } from './raw-values.js'

/*
 * What the parts of a configuration say about one another. Read from the raw file and not from the parsed one, so that
 * it is told in the same list as what is wrong with a single part; what has the wrong shape is passed over here.
 */

/** Returns the contradictions of a configuration, whatever shape it has. */
export function findContradictions(configuration: unknown): ConfigurationProblem[] {
  const portfolios = readPortfolios(member(configuration, 'portfolios') ?? [{ id: 'paper' }])
  const sources = listOf(member(configuration, 'sources') ?? [{}])
  return [
    ...repeated(
      portfolios.map(({ id }) => id),
      (index) => `portfolios[${index}].id`,
    ),
    ...repeated(
      sources.map((source) => textOf(member(source, 'id'))),
      (index) => `sources[${index}].id`,
    ),
    ...portfolios.flatMap(contradictionsOfPortfolio),
    ...listOf(member(configuration, 'portfolios')).flatMap(contradictionsOfBroker),
    ...listOf(member(configuration, 'portfolios')).flatMap(contradictionsOfAssets),
    ...sharedAccounts(listOf(member(configuration, 'portfolios'))),
    ...sources.flatMap((source, index) =>
      contradictionsOfSource(source, { path: `sources[${index}]`, portfolios }),
    ),
  ]
}

interface RawPortfolio {
  readonly id: string | null
  readonly currency: string
  readonly isOfAssets: boolean
  /** Or its assets. */
  readonly instruments: readonly { readonly name: string | null; readonly currency: string | null }[]
}

function readPortfolios(portfolios: unknown): RawPortfolio[] {
  return listOf(portfolios).map((portfolio) => {
    const currency = textOf(member(portfolio, 'currency')) ?? 'INR'
    const named = Object.keys(INSTRUMENT_CATALOG).map((name) => ({ name }))
    const isOfAssets = ['volatility', 'allocation'].includes(
      `${member(member(portfolio, 'strategy'), 'kind')}`,
    )
    const traded = isOfAssets ? member(portfolio, 'assets') : (member(portfolio, 'instruments') ?? named)
    const instruments = listOf(traded).map((instrument) => {
      const name = textOf(member(instrument, 'name'))
      const own = textOf(member(instrument, 'currency'))
      const known = isOfAssets ? null : (INSTRUMENT_CATALOG[name ?? '']?.currency ?? null)
      return { name, currency: own ?? known }
    })
    return { id: textOf(member(portfolio, 'id')), currency, instruments, isOfAssets }
  })
}

function contradictionsOfPortfolio(
  { currency, instruments, isOfAssets }: RawPortfolio,
  at: number,
): ConfigurationProblem[] {
  const path = (index: number) => `portfolios[${at}].${isOfAssets ? 'assets' : 'instruments'}[${index}]`
  const foreign = instruments.flatMap((instrument, index) => {
    if (instrument.currency === null || instrument.currency === currency) return []
    const remedy = isOfAssets
      ? `: a portfolio is priced, paid and booked in one currency; name what trades in ${currency}, or hold it in a portfolio in ${instrument.currency}`
      : ''
    const message = `must be ${currency}, the currency of the portfolio, was ${instrument.currency}${remedy}`
    return [{ path: `${path(index)}.currency`, message }]
  })
  return [
    ...(isOfAssets
      ? []
      : repeated(
          instruments.map(({ name }) => name),
          (index) => `${path(index)}.name`,
        )),
    ...foreign,
  ]
}

/** What OpenAlgo trades: futures, and Bank Nifty in two legs. */
const OPENALGO_INSTRUMENTS = ['GOLD_MINI', 'SILVER_MINI', 'COPPER', 'BANK_NIFTY']

function contradictionsOfBroker(portfolio: unknown, at: number): ConfigurationProblem[] {
  if (member(member(portfolio, 'broker'), 'kind') !== 'openalgo') return []
  const path = `portfolios[${at}]`
  const problems: ConfigurationProblem[] = []
  if (member(portfolio, 'sessions') !== 'exchange') {
    const message =
      'must be "exchange" with the broker openalgo: its orders are sent while the exchange trades'
    problems.push({ path: `${path}.sessions`, message })
  }
  if ((member(portfolio, 'currency') ?? 'INR') !== 'INR') {
    problems.push({ path: `${path}.currency`, message: 'must be INR with the broker openalgo' })
  }
  const known = OPENALGO_INSTRUMENTS.join(', ')
  if (member(portfolio, 'instruments') === undefined) {
    const message = `is required with the broker openalgo: those of ${known} that it is to trade, BANK_NIFTY with "synthetic": {}`
    return [...problems, { path: `${path}.instruments`, message }]
  }
  const refused = listOf(member(portfolio, 'instruments')).flatMap((instrument, index) => {
    const name = textOf(member(instrument, 'name'))
    if (name === 'BANK_NIFTY' && member(instrument, 'synthetic') === undefined) {
      const message = 'is required with the broker openalgo: {} trades it as a call and a put'
      return [{ path: `${path}.instruments[${index}].synthetic`, message }]
    }
    if (name === null || OPENALGO_INSTRUMENTS.includes(name)) return []
    const message = `must be one of ${known} with the broker openalgo, was "${name}"`
    return [{ path: `${path}.instruments[${index}].name`, message }]
  })
  return [...problems, ...refused]
}

/** Two portfolios in one account could not tell their orders and positions apart. */
function sharedAccounts(portfolios: readonly unknown[]): ConfigurationProblem[] {
  const accounts = portfolios.map((portfolio) => {
    const broker = member(portfolio, 'broker')
    const [url, key] = [textOf(member(broker, 'url')), textOf(member(broker, 'apiKey'))]
    return url === null || key === null ? null : `${url.replace(/\/+$/, '')} ${key}`
  })
  return accounts.flatMap((account, index) => {
    if (account === null || accounts.indexOf(account) === index) return []
    const message = `must be another account than that of portfolios[${accounts.indexOf(account)}]: what one holds must not be taken for the other's`
    return [{ path: `portfolios[${index}].broker`, message }]
  })
}

interface SourcePlace {
  readonly path: string
  readonly portfolios: readonly RawPortfolio[]
}

function contradictionsOfSource(source: unknown, { path, portfolios }: SourcePlace): ConfigurationProblem[] {
  const ids = portfolios.flatMap(({ id }) => id ?? [])
  const name = textOf(member(source, 'portfolio'))
  if (name === null && member(source, 'portfolio') === undefined && ids.length > 1) {
    return [{ path: `${path}.portfolio`, message: `is required: one of ${ids.join(', ')}` }]
  }
  if (name !== null && !ids.includes(name)) {
    const message = `must be one of ${ids.join(', ')}, was "${name}"${didYouMean(name, ids)}`
    return [{ path: `${path}.portfolio`, message }]
  }
  const portfolio = name === null ? portfolios[0] : portfolios.find(({ id }) => id === name)
  const known = [...new Set(portfolio?.instruments.flatMap((instrument) => instrument.name ?? []))]
  return listOf(member(source, 'instruments')).flatMap((wanted, index) => {
    const instrument = textOf(wanted)
    if (instrument === null || known.includes(instrument.toUpperCase())) return []
    const message = `must be one of ${known.join(', ')}, was "${instrument}"${didYouMean(instrument, known)}`
    return [{ path: `${path}.instruments[${index}]`, message }]
  })
}
