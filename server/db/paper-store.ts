import type { Pool } from 'pg'
import { type Decimal, decimal } from '../../core/decimal.js'
import type { OrderType } from '../../core/order/order.js'
import { type Instant, isoInstant } from '../../core/time.js'
import { lastNews, type PaperOrder, type PaperTrade } from '../brokers/paper/paper-order.js'
import type { PaperCancel, PaperStore } from '../brokers/paper/paper-store.js'

/** Where a paper account's book is. */
export interface PaperStoreOptions {
  readonly pool: Pool
  /** Keeps the accounts of one venue apart. */
  readonly account: string
}

/** The paper venue's book in PostgreSQL. Each change is one statement, which is its own transaction. */
export class PostgresPaperStore implements PaperStore {
  readonly #pool: Pool
  readonly #account: string

  constructor({ pool, account }: PaperStoreOptions) {
    this.#pool = pool
    this.#account = account
  }

  async add(orders: readonly PaperOrder[]): Promise<readonly PaperOrder[]> {
    const values = [this.#account, JSON.stringify(orders.map(toRecord))]
    const { rows } = await this.#pool.query<{ client_order_id: string }>({ ...ADD, values })
    if (rows.length === orders.length) return orders
    const added = new Set(rows.map((row) => row.client_order_id))
    return Promise.all(
      orders.map((order) => (added.delete(order.clientOrderId) ? order : this.#taken(order))),
    )
  }

  async cancel(clientOrderId: string, at: Instant, message: string): Promise<PaperCancel | null> {
    const values = [this.#account, clientOrderId, isoInstant(at), message]
    const { rows } = await this.#pool.query({ ...CANCEL, values })
    const order = await this.find(clientOrderId)
    return order === null ? null : { order, canceled: rows.length > 0 }
  }

  async find(clientOrderId: string): Promise<PaperOrder | null> {
    const values = [this.#account, clientOrderId]
    const { rows } = await this.#pool.query<TradeRow | NoTradeRow>({ ...FIND, values })
    return toOrders(rows)[0] ?? null
  }

  async changedSince(since: Instant): Promise<readonly PaperOrder[]> {
    const values = [this.#account, isoInstant(since)]
    const { rows } = await this.#pool.query<TradeRow | NoTradeRow>({ ...CHANGED, values })
    return toOrders(rows)
  }

  async reachStops(instrument: string, price: number, at: Instant): Promise<readonly string[]> {
    const values = [this.#account, instrument, price, isoInstant(at)]
    const { rows } = await this.#pool.query<{ client_order_id: string }>({ ...REACH, values })
    return rows.map((row) => row.client_order_id)
  }

  async positions(now: Instant): Promise<Readonly<Record<string, Decimal>>> {
    const values = [this.#account, isoInstant(now)]
    const { rows } = await this.#pool.query<{ instrument: string; lots: string }>({ ...POSITIONS, values })
    return Object.fromEntries(rows.map((row) => [row.instrument, decimal(row.lots)]))
  }

  async averagePrices(now: Instant): Promise<Readonly<Record<string, Decimal>>> {
    const values = [this.#account, isoInstant(now)]
    const { rows } = await this.#pool.query<{ instrument: string; value: string; lots: string }>({
      ...AVERAGES,
      values,
    })
    return Object.fromEntries(
      rows.map(({ instrument, value, lots }) => [
        instrument,
        decimal(value).dividedBy(decimal(lots), 8, 'halfEven'),
      ]),
    )
  }

  async #taken(order: PaperOrder): Promise<PaperOrder> {
    const found = await this.find(order.clientOrderId)
    if (found === null) throw new Error(`Venue order id ${order.venueOrderId} is taken by another order`)
    return found
  }
}

const ADD = {
  name: 'paper-add',
  text: `
    with arriving as (
      select * from json_to_recordset($2::json) as arriving (
        client_order_id text, venue_order_id text, instrument text, side text, type text, lots numeric,
        limit_price numeric, trigger_price numeric, accepted_at timestamptz, end_status text, ended_at timestamptz, end_code text,
        end_message text, last_news_at timestamptz, trades json)
    ), added as (
      insert into paper.orders (account, client_order_id, venue_order_id, instrument, side, type, lots, limit_price,
        trigger_price, accepted_at, end_status, ended_at, end_code, end_message, last_news_at)
      select $1, client_order_id, venue_order_id, instrument, side, type, lots, limit_price,
        trigger_price, accepted_at, end_status, ended_at, end_code, end_message, last_news_at
      from arriving on conflict do nothing returning client_order_id
    ), traded as (
      insert into paper.fills (account, client_order_id, trade_id, instrument, side, lots, price, fee, at, shown_at)
      select $1, client_order_id, trade.trade_id, instrument, side, trade.lots, trade.price, trade.fee,
        trade.at, trade.shown_at
      from arriving join added using (client_order_id), json_to_recordset(arriving.trades) as trade (
        trade_id text, lots numeric, price numeric, fee numeric, at timestamptz, shown_at timestamptz)
      on conflict do nothing
    )
    select client_order_id from added`,
}

const CANCEL = {
  name: 'paper-cancel',
  text: `
    with canceled as (
      update paper.orders as o
      set end_status = 'canceled', ended_at = $3, end_code = 'CANCELED', end_message = $4,
        last_news_at = greatest($3, (select max(shown_at) from paper.fills as f
          where f.account = o.account and f.client_order_id = o.client_order_id and f.at <= $3))
      where account = $1 and client_order_id = $2 and (ended_at is null or ended_at > $3)
        and lots > (select coalesce(sum(lots), 0) from paper.fills as f
          where f.account = o.account and f.client_order_id = o.client_order_id and f.at <= $3)
      returning client_order_id
    ), removed as (
      delete from paper.fills where account = $1 and client_order_id in (select client_order_id from canceled)
        and at > $3
    )
    select client_order_id from canceled`,
}

/** The trades of a stop lie ahead until its price is reached. */
const REACH = {
  name: 'paper-reach',
  text: `
    with reached as (
      select client_order_id from paper.orders
      where account = $1 and instrument = $2 and type = 'stop' and end_status is null
        and case side when 'sell' then trigger_price >= $3 and limit_price <= $3
          else trigger_price <= $3 and limit_price >= $3 end
    ), traded as (
      update paper.fills set at = $4, shown_at = $4
      where account = $1 and client_order_id in (select client_order_id from reached) and at > $4
      returning client_order_id
    )
    update paper.orders set last_news_at = $4
    where account = $1 and client_order_id in (select client_order_id from traded)
    returning client_order_id`,
}

/** One row a trade, and one for an order without any. */
const SELECT_TRADES = `
  select o.client_order_id, o.venue_order_id, o.instrument, o.side, o.type, o.lots, o.limit_price,
    o.trigger_price, o.accepted_at,
    o.end_status, o.ended_at, o.end_code, o.end_message,
    f.trade_id, f.lots as trade_lots, f.price, f.fee, f.at, f.shown_at
  from paper.orders as o left join paper.fills as f using (account, client_order_id)
  where o.account = $1`

const FIND = {
  name: 'paper-find',
  text: `${SELECT_TRADES} and o.client_order_id = $2 order by f.at, f.trade_id`,
}

const CHANGED = {
  name: 'paper-changed',
  text: `${SELECT_TRADES} and o.last_news_at >= $2 order by o.accepted_at, o.client_order_id, f.at, f.trade_id`,
}

const POSITIONS = {
  name: 'paper-positions',
  text: `
    select instrument, sum(case side when 'buy' then lots else -lots end) as lots
    from paper.fills where account = $1 and at <= $2
    group by instrument having sum(case side when 'buy' then lots else -lots end) <> 0`,
}

const AVERAGES = {
  name: 'paper-averages',
  text: `
    with traded as (
      select instrument, side, lots, price,
        sum(case side when 'buy' then lots else -lots end) over after_each as held,
        row_number() over after_each as place
      from paper.fills where account = $1 and at <= $2
      window after_each as (partition by instrument order by at, client_order_id, trade_id
        rows between unbounded preceding and current row)
    ), flat as (select instrument, max(place) as place from traded where held <= 0 group by instrument)
    select instrument, sum(lots * price) as value, sum(lots) as lots
    from traded left join flat using (instrument)
    where side = 'buy' and traded.place > coalesce(flat.place, 0)
    group by instrument`,
}

interface OrderRow {
  readonly client_order_id: string
  readonly venue_order_id: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly type: OrderType
  readonly lots: string
  readonly limit_price: string | null
  readonly trigger_price: string | null
  readonly accepted_at: Date
  readonly end_status: 'canceled' | 'rejected' | null
  readonly ended_at: Date | null
  readonly end_code: string | null
  readonly end_message: string | null
}

interface NoTradeRow extends OrderRow {
  readonly trade_id: null
}

interface TradeRow extends OrderRow {
  readonly trade_id: string
  readonly trade_lots: string
  readonly price: string
  readonly fee: string
  readonly at: Date
  readonly shown_at: Date
}

function toRecord(order: PaperOrder): object {
  const news = lastNews(order)
  return {
    client_order_id: order.clientOrderId,
    venue_order_id: order.venueOrderId,
    instrument: order.instrument,
    side: order.side,
    type: order.type,
    lots: order.lots,
    limit_price: order.limitPrice,
    trigger_price: order.triggerPrice,
    accepted_at: isoInstant(order.acceptedAt),
    end_status: order.end?.status ?? null,
    ended_at: order.end === null ? null : isoInstant(order.end.at),
    end_code: order.end?.code ?? null,
    end_message: order.end?.message ?? null,
    last_news_at: news === null ? 'infinity' : isoInstant(news),
    trades: order.trades.map(({ tradeId, lots, price, fee, at, shownAt }) => ({
      ...{ trade_id: tradeId, lots, price, fee },
      ...{ at: isoInstant(at), shown_at: isoInstant(shownAt) },
    })),
  }
}

/** Returns the orders of rows in which those of one order follow one another. */
function toOrders(rows: readonly (TradeRow | NoTradeRow)[]): PaperOrder[] {
  const orders: (PaperOrder & { readonly trades: PaperTrade[] })[] = []
  for (const row of rows) {
    if (orders.at(-1)?.clientOrderId !== row.client_order_id) orders.push({ ...toOrder(row), trades: [] })
    if (row.trade_id !== null) orders.at(-1)!.trades.push(toTrade(row))
  }
  return orders
}

function toOrder(row: OrderRow): Omit<PaperOrder, 'trades'> {
  return {
    clientOrderId: row.client_order_id,
    venueOrderId: row.venue_order_id,
    instrument: row.instrument,
    side: row.side,
    type: row.type,
    lots: decimal(row.lots),
    limitPrice: row.limit_price === null ? null : decimal(row.limit_price),
    triggerPrice: row.trigger_price === null ? null : decimal(row.trigger_price),
    acceptedAt: row.accepted_at.getTime(),
    end: toEnd(row),
  }
}

function toEnd({ end_status, ended_at, end_code, end_message }: OrderRow): PaperOrder['end'] {
  if (end_status === null || ended_at === null) return null
  return { status: end_status, at: ended_at.getTime(), code: end_code ?? '', message: end_message ?? '' }
}

function toTrade(row: TradeRow): PaperTrade {
  return {
    tradeId: row.trade_id,
    lots: decimal(row.trade_lots),
    price: decimal(row.price),
    fee: decimal(row.fee),
    at: row.at.getTime(),
    shownAt: row.shown_at.getTime(),
  }
}
