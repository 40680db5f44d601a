import t from 'tap'
import { type Decimal, decimal } from '../../core/decimal.js'
import type { Quote } from '../../core/input.js'
import { SECOND } from '../../core/time.js'
import type { Broker } from '../../server/brokers/broker.js'
import { QuoteBoard } from '../../server/market/quote-board.js'
import { silentLog } from '../../server/observe/log.js'
import { baseEntry, exitAll, marketData } from '../helpers/alerts.js'
import { eventually } from '../helpers/eventually.js'
import { MORNING, sequencedPortfolio } from '../helpers/sequenced.js'

type Ask = NonNullable<Broker['quote']>

/** A venue of which only prices are asked. */
function venue(quote?: Ask): Broker {
  const refuse = () => Promise.reject(new Error('only prices are asked'))
  return {
    ...{ name: 'double', capabilities: { resendClass: 'D', absenceProvenAfterMs: null } },
    ...{ submit: refuse, cancel: refuse, order: refuse, orders: refuse, positions: refuse },
    ...(quote === undefined ? {} : { quote }),
    close: () => Promise.resolve(),
  }
}

/** A board on a venue, with a clock that stands still until it is moved. */
function boardOn(quote?: Ask) {
  const funds = { asked: 0, told: null as (() => Promise<Decimal>) | null }
  const clock = { now: 0 }
  const warned: string[] = []
  const log = { ...silentLog, warn: (_fields: object, message: string) => void warned.push(message) }
  const broker: Broker = {
    ...venue(quote),
    get funds() {
      const { told } = funds
      if (told === null) return undefined as never
      return () => {
        funds.asked += 1
        return told()
      }
    },
  }
  const board = new QuoteBoard({ broker, log, monotonic: () => clock.now })
  const answered = (instrument: string) =>
    new Promise<Quote | null | 'pending'>((resolve) => {
      const first = board.look(instrument, () => resolve(board.look(instrument, () => undefined)))
      if (first !== 'pending') resolve(first)
    })
  return { board, clock, warned, answered, funds }
}

const priced = (price: number): Quote => ({ price, observedAt: MORNING })

t.test('a price is pending while it is asked, and then what the broker told', async (t) => {
  let asked = 0
  const { board, clock, answered } = boardOn(async () => priced(100 + asked++))
  t.equal(
    board.look('GOLD', () => undefined),
    'pending',
  )
  t.equal(
    board.look('GOLD', () => undefined),
    'pending',
    'asked once',
  )
  t.strictSame(await answered('GOLD'), priced(100))
  clock.now += 1999
  t.strictSame(await answered('GOLD'), priced(100), 'fresh for two seconds')
  clock.now += 1
  t.strictSame(await answered('GOLD'), priced(101))
  t.strictSame(await board.gather(['GOLD', 'COPPER']), { GOLD: priced(102), COPPER: priced(103) })
})

t.test('money that is free for margin comes along, and is asked once for all instruments', async (t) => {
  const { board, clock, warned, funds } = boardOn(async () => priced(100))
  funds.told = async () => decimal('2500.50')
  const all = { GOLD: { ...priced(100), freeMargin: 2500.5 }, COPPER: { ...priced(100), freeMargin: 2500.5 } }
  t.strictSame(await board.gather(['GOLD', 'COPPER']), all)
  t.equal(funds.asked, 1)
  clock.now += 2000
  funds.told = async () => decimal(-5)
  t.strictSame(
    await board.gather(['GOLD']),
    { GOLD: { ...priced(100), freeMargin: 0 } },
    'never below nothing',
  )
  clock.now += 2000
  funds.told = () => Promise.reject(new Error('away'))
  t.strictSame(
    await board.gather(['GOLD']),
    { GOLD: priced(100) },
    'an account that does not tell bounds nothing',
  )
  t.equal(warned.length, 1)
})

t.test('a broker that throws, rejects or tells no price leaves none, and it is said', async (t) => {
  const broken: [Ask, number][] = [
    [() => Promise.reject(new Error('away')), 1],
    [
      () => {
        throw new Error('at once')
      },
      1,
    ],
    [async () => null, 0],
    [async () => priced(0), 0],
    [async () => priced(-1), 0],
    [async () => priced(Number.NaN), 0],
    [async () => priced(Number.POSITIVE_INFINITY), 0],
    // Brokers that are down have been seen to answer with an empty object.
    [async () => ({}) as Quote, 0],
    [async () => undefined as unknown as null, 1],
  ]
  for (const [index, [ask, warnings]] of broken.entries()) {
    const { answered, warned, board } = boardOn(ask)
    t.equal(await answered('GOLD'), null, `case ${index}`)
    t.equal(warned.length, warnings, `case ${index}`)
    t.strictSame(await board.gather(['GOLD']), {})
  }
  const { board } = boardOn()
  t.equal(
    board.look('GOLD', () => t.fail('nobody is asked')),
    null,
    'an account without prices has none',
  )
  t.strictSame(await board.gather(['GOLD']), {})
})

t.test('a broker that hangs is waited for a second, whether it minds the deadline or not', async (t) => {
  // The deadline by itself keeps no process alive
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(alive))
  const aborted: string[] = []
  const { answered, board } = boardOn((instrument, deadline) => {
    deadline.addEventListener('abort', () => aborted.push(instrument))
    if (instrument === 'LATE') return new Promise(() => undefined)
    return new Promise((_, reject) => {
      deadline.addEventListener('abort', () => reject(new Error('given up')))
    })
  })
  const all = [answered('LATE'), answered('POLITE'), board.gather(['LATE', 'POLITE'])]
  t.strictSame(await Promise.all(all), [null, null, {}])
  t.strictSame(aborted.sort(), ['LATE', 'POLITE'], 'each was asked once, and told that nobody waits')
})

t.test('an entry waits for its price; what follows it in its instrument waits, others go on', async (t) => {
  const prices = new Map<string, Quote | null | 'pending'>([
    ['GOLD_MINI', 'pending'],
    ['COPPER', null],
  ])
  const asked: string[] = []
  const running = await sequencedPortfolio(t, {
    quoteOf: (instrument) => {
      asked.push(instrument)
      return prices.get(instrument) ?? null
    },
  })
  const { sequencer, pool, clock } = running
  const bar = marketData('GOLD_MINI', 78_450, 690, MORNING + SECOND)
  const exit = exitAll('GOLD_MINI', { timestamp: MORNING + 2 * SECOND })
  await running.receive(baseEntry('GOLD_MINI', 78_500, 700), exit, baseEntry('COPPER', 820, 8), bar)
  await running.receive(exitAll('COPPER'), marketData('SILVER_MINI', 95_000, 950))
  const stateOf = async () => {
    const { rows } = await pool.query<{ state: string }>('select state from inbox order by id')
    return rows.map(({ state }) => state)
  }
  const others = ['waiting', 'waiting', 'decided', 'waiting', 'decided', 'decided']
  await eventually('the others are decided', async () => String(await stateOf()) === String(others))
  t.notOk(asked.includes('SILVER_MINI'), 'a bar needs no price')
  sequencer.ring()
  await running.sequencer.submit({ type: 'TimerFired', id: running.nextId('T') })
  t.strictSame(await stateOf(), others, 'as long as the price is on its way')

  clock.advanceBy(2 * SECOND)
  prices.set('GOLD_MINI', priced(78_900))
  sequencer.ring()
  await running.drained()
  const { rows } = await pool.query(
    `select data->'alert'->>'type' as type, data->'quote'->>'price' as price from inputs
     where type = 'AlertAdmitted' and data->'alert'->>'instrument' = 'GOLD_MINI' order by seq`,
  )
  t.strictSame(rows, [
    { type: 'BASE_ENTRY', price: '78900' },
    { type: 'EXIT', price: null },
    { type: 'MARKET_DATA', price: null },
  ])
  const decided = await pool.query(
    `select decision->>'kind' as kind, decision->>'outcome' as outcome,
       decision->'sizing'->'execution'->>'price' as price
     from events, lateral (select data->'decision' as decision) as d
     where type = 'DecisionMade' and decision->>'instrument' = 'GOLD_MINI' order by seq, idx`,
  )
  t.strictSame(decided.rows, [
    { kind: 'entry', outcome: 'approved', price: '78900' },
    { kind: 'exit', outcome: 'approved', price: null },
  ])
  t.equal(sequencer.state().books.get('GOLD_MINI')?.entryOrderId, null, 'the exit ended the entry')
})

t.test('an entry whose broker tells no price is decided by its signal', async (t) => {
  const { board } = boardOn(() => Promise.reject(new Error('away')))
  const bell: { ring: () => void } = { ring: () => undefined }
  const running = await sequencedPortfolio(t, {
    quoteOf: (instrument) => board.look(instrument, () => bell.ring()),
  })
  bell.ring = () => running.sequencer.ring()
  const [decided] = await running.decide(baseEntry('GOLD_MINI', 78_500, 700))
  t.match(decided, { state: 'decided', outcome: 'approved' })
  const { rows } = await running.pool.query(
    `select (data->'decision'->'sizing')::jsonb ? 'execution' as looked from events
     where type = 'DecisionMade' and data->'decision'->>'kind' = 'entry'`,
  )
  t.strictSame(rows, [{ looked: false }])
})
