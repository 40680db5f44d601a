import type { Test } from 'tap'
import type { Broker, OrderReference, OrderRequest, VenueOrder } from '../../server/brokers/broker.js'

/** What a venue can be made to do, so that its adapter can be seen to keep the promises of the port. */
export interface ConformanceVenue {
  readonly broker: Broker
  /** Returns an order that trades at once in full, unless it is to rest. */
  readonly order: (wanted: {
    readonly side?: 'buy' | 'sell'
    readonly lots: number
    readonly rests?: boolean
  }) => OrderRequest
  /** Has every request meet this from now on. */
  readonly meet: (fault: 'nothing' | 'lostAnswers' | 'lostRequests' | 'refusals' | 'failedReads') => void
  /** Sends an order of several lots that trades in parts, and returns what has the rest of it trade. */
  readonly sendInParts: (order: OrderRequest) => Promise<() => void>
  /** Lets milliseconds pass for the venue and the adapter. */
  readonly pass: (milliseconds: number) => void
  /** Counts the requests for orders that the venue has got. */
  readonly requests: () => Promise<number>
}

/** Far longer than any end is doubted and any report is late. */
const LONG = 200_000
const patience = () => AbortSignal.timeout(60_000)

/** Returns what names an order that no answer has told the id of. */
export function referenceOf(order: OrderRequest, venueOrderId: string | null = null): OrderReference {
  const { clientOrderId, instrument } = order
  return { clientOrderId, venueOrderId, instrument }
}

/** One promise of the port. */
export interface ConformanceCase {
  /** Its number, and what is promised. */
  readonly title: string
  readonly prove: (t: Test, venue: ConformanceVenue) => Promise<void>
}

/** Proves the promises of the port, one numbered case each, on venues that `open` makes anew for every case. */
export function proveConformance(t: Test, name: string, open: () => Promise<ConformanceVenue>): void {
  for (const { title, prove } of CONFORMANCE) {
    void t.test(`${title} (${name})`, async (t) => {
      const venue = await open()
      await prove(t, venue)
      await venue.broker.close()
    })
  }
}

/** What every adapter has to keep. */
export const CONFORMANCE: readonly ConformanceCase[] = [
  {
    title: 'V-01 an accepted order has an id, and trades that add up to its lots',
    prove: async (t, venue) => {
      const order = venue.order({ lots: 3 })
      const id = await accepted(venue, order)
      const found = await shown(venue, order, id)
      const { clientOrderId, instrument, side } = order
      t.match(found, { clientOrderId, venueOrderId: id, instrument, side, status: 'filled' })
      t.equal(found.lots.toString(), '3')
      t.equal(lotsIn(found), 3)
      t.ok(found.fills.every(({ price, fee }) => price.isPositive() && !fee.isNegative()))
    },
  },

  {
    title: 'V-02 a refusal is for good: it trades nothing',
    prove: async (t, venue) => {
      venue.meet('refusals')
      const outcome = await venue.broker.submit(venue.order({ lots: 1 }), patience())
      t.match(outcome, { kind: 'refused', code: /^[A-Z_]+$/, message: /\w/ })
      venue.meet('nothing')
      t.same(await venue.broker.positions(), {})
    },
  },

  {
    title: 'V-03 a lost answer is unknown; the order is found, once, by its query',
    prove: async (t, venue) => {
      venue.meet('lostAnswers')
      const order = venue.order({ lots: 2 })
      t.match(await venue.broker.submit(order, patience()), { kind: 'unknown', cause: /\w/ })
      venue.meet('nothing')
      t.equal(lotsIn(await shown(venue, order, null)), 2)
      t.same(await positionsOf(venue), [2])
      t.equal(await venue.requests(), 1, 'the adapter sends nothing again')
    },
  },

  {
    title: 'V-04 a lost request is unknown; nothing is ever made up of it',
    prove: async (t, venue) => {
      venue.meet('lostRequests')
      const order = venue.order({ lots: 2 })
      t.match(await venue.broker.submit(order, patience()), { kind: 'unknown' })
      venue.meet('nothing')
      t.match((await venue.broker.order(referenceOf(order))).kind, /absent|unknown/)
      t.same(await venue.broker.positions(), {})
    },
  },

  {
    title: 'V-05 a failed read is unknown or an error, never absence or an empty list',
    prove: async (t, venue) => {
      const order = venue.order({ lots: 1 })
      const id = await accepted(venue, order)
      venue.meet('failedReads')
      t.match(await venue.broker.order(referenceOf(order, id)), { kind: 'unknown' })
      await t.rejects(venue.broker.orders(0))
      await t.rejects(venue.broker.positions())
    },
  },

  {
    title: 'V-06 positions are net, and what is flat is left out',
    prove: async (t, venue) => {
      await accepted(venue, venue.order({ lots: 3 }))
      await accepted(venue, venue.order({ lots: 2, side: 'sell' }))
      t.same(await positionsOf(venue), [1])
      await accepted(venue, venue.order({ lots: 1, side: 'sell' }))
      t.same(await venue.broker.positions(), {})
    },
  },

  {
    title: 'V-07 the list has a resting order of ours by its key',
    prove: async (t, venue) => {
      const order = venue.order({ lots: 1, rests: true })
      const venueOrderId = await accepted(venue, order)
      const { clientOrderId } = order
      t.match(await venue.broker.orders(0), [{ clientOrderId, venueOrderId, status: 'working', fills: [] }])
    },
  },

  {
    title: 'V-08 a resting order is canceled, and then it is too late to',
    prove: async (t, venue) => {
      const order = venue.order({ lots: 1, rests: true })
      const id = await accepted(venue, order)
      t.match((await venue.broker.cancel(referenceOf(order, id))).kind, /canceled|requested/)
      await venue.broker.order(referenceOf(order, id))
      venue.pass(LONG)
      t.match(await shown(venue, order, id), { status: 'canceled', fills: [] })
      t.same(await venue.broker.cancel(referenceOf(order, id)), { kind: 'tooLate' })
    },
  },

  {
    title: 'V-09 each trade is told once by its id, however often and when it is asked for',
    prove: async (t, venue) => {
      const order = venue.order({ lots: 3 })
      const tradeTheRest = await venue.sendInParts(order)
      const [listed] = await venue.broker.orders(0)
      t.match(listed, { status: 'working', clientOrderId: order.clientOrderId })
      const early = await shown(venue, order, listed!.venueOrderId)
      const traded = lotsIn(early)
      t.ok(0 < traded && traded < 3, `${traded} of 3 lots`)
      tradeTheRest()
      const late = await shown(venue, order, listed!.venueOrderId)
      t.equal(lotsIn(late), 3)
      t.equal(late.status, 'filled')
      const ids = late.fills.map(({ tradeId }) => tradeId)
      t.equal(new Set(ids).size, ids.length)
      t.same(
        ids.slice(0, early.fills.length),
        early.fills.map(({ tradeId }) => tradeId),
        'ids stay',
      )
      t.same(plain(await venue.broker.orders(0)), plain([late]), 'the list tells the same')
    },
  },

  {
    title: 'V-10 a deadline that has passed is no error, and proves nothing',
    prove: async (t, venue) => {
      const outcome = await venue.broker.submit(venue.order({ lots: 1 }), AbortSignal.abort())
      t.match(outcome.kind, /unknown|notSent/)
    },
  },

  {
    title: 'V-11 nothing is canceled that is not known',
    prove: async (t, venue) => {
      const outcome = await venue.broker.cancel(referenceOf(venue.order({ lots: 1 })))
      t.match(outcome.kind, /absent|unknown/)
    },
  },
]

async function accepted({ broker }: ConformanceVenue, order: OrderRequest): Promise<string> {
  const outcome = await broker.submit(order, patience())
  if (outcome.kind === 'accepted') return outcome.venueOrderId
  throw new Error(`order ${order.orderId} is ${JSON.stringify(outcome)}`)
}

async function shown(
  { broker }: ConformanceVenue,
  order: OrderRequest,
  venueOrderId: string | null,
): Promise<VenueOrder> {
  const answer = await broker.order(referenceOf(order, venueOrderId))
  if (answer.kind === 'found') return answer.order
  throw new Error(`order ${order.orderId} is ${JSON.stringify(answer)}`)
}

async function positionsOf({ broker }: ConformanceVenue): Promise<number[]> {
  return Object.values(await broker.positions()).map((lots) => lots.toNumber())
}

const lotsIn = (order: VenueOrder) => order.fills.reduce((sum, { lots }) => sum + lots.toNumber(), 0)
/** What it says, as 1.50 and 1.5 are the same decimal written otherwise. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
