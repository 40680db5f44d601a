import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { SECOND } from '../../core/time.js'
import { SimulatedClock } from '../../server/clock.js'
import { eventually } from '../helpers/eventually.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { type RunningService, runService } from './running-service.js'

/** Monday 5 January 2026, 15:30 in India. */
const CLOSE = Date.UTC(2026, 0, 5, 10)
const held = ['rsi', 'ema', 'dc', 'adx', 'er', 'st'].map((name) => [`${name}_condition`, true])

interface Shown {
  readonly instruments: readonly {
    readonly instrument: string
    readonly preClose: {
      readonly phase: string
      readonly outcome: string | null
      readonly detail: string | null
    } | null
  }[]
}

interface Listed {
  readonly items: readonly Record<string, unknown>[]
}

async function configured(t: Teardown, strategy: object = {}): Promise<Record<string, string>> {
  const file = join(await testDirectory(t), 'configuration.json')
  const portfolio = { id: 'paper', sessions: 'exchange', strategy: { kind: 'trend', ...strategy } }
  await writeFile(file, JSON.stringify({ portfolios: [portfolio] }))
  return { GENERAL_CONFIG: file }
}

function scout(at: number, price: number, changes: object = {}): object {
  const conditions = { ...Object.fromEntries(held), not_doji: true, long_entry: true, long_exit: false }
  const indicators = {
    rsi: 75,
    ema: 51_000,
    dc_upper: 51_900,
    adx: 12,
    er: 0.9,
    supertrend: 51_500,
    atr: 350,
  }
  const timestamp = new Date(at).toISOString()
  return {
    ...{ type: 'EOD_MONITOR', instrument: 'BANK_NIFTY', price, timestamp, indicators },
    conditions: { ...conditions, ...changes },
  }
}

async function runOf({ ask }: RunningService, instrument = 'BANK_NIFTY') {
  const { body } = await ask<Shown>('/v1/portfolios/paper')
  return body.instruments.find((shown) => shown.instrument === instrument)?.preClose ?? null
}

async function reach(service: RunningService, clock: SimulatedClock, left: number, phase: string) {
  clock.advanceTo(CLOSE - left * SECOND)
  await eventually(`the run is in ${phase}`, async () => (await runOf(service))?.phase === phase)
}

t.test(
  'the run before the close goes through a restart in its middle, and ends before the close',
  async (t) => {
    const env = await configured(t)
    const clock = new SimulatedClock({ start: CLOSE - 20 * 60 * SECOND })
    const first = await runService(t, { clock, env })
    await reach(first, clock, 14 * 60, 'monitor')
    clock.advanceTo(CLOSE - 50 * SECOND)
    await first.send(scout(clock.now(), 52_000))
    await reach(first, clock, 45, 'decide')
    const planned = await first.ask<Listed>('/v1/portfolios/paper/orders?status=all')
    t.same(planned.body.items, [], 'nothing is placed yet')
    await first.service.stop()

    const second = await runService(t, { beside: first, clock, env })
    t.match(await runOf(second), { phase: 'decide', outcome: null })
    await reach(second, clock, 30, 'place')
    const positions = '/v1/portfolios/paper/positions'
    await eventually('it is filled', async () => {
      const { body } = await second.ask<Listed>(positions)
      return body.items.length === 1
    })
    const orders = await second.ask<Listed>('/v1/portfolios/paper/orders?status=all')
    t.match(orders.body.items, [{ type: 'limit', limitPrice: '52052', state: 'filled' }])
    await reach(second, clock, 10, 'market')
    await reach(second, clock, 5, 'end')
    t.match(await runOf(second), { outcome: 'entered', detail: /lots filled$/ })

    const confirmation = {
      ...{
        type: 'BASE_ENTRY',
        instrument: 'BANK_NIFTY',
        position: 'Long_1',
        price: 52_010,
        atr: 350,
        er: 0.9,
      },
      ...{ stop: 51_475, timestamp: new Date(CLOSE + SECOND).toISOString() },
      barTime: new Date(CLOSE - 75 * 60 * SECOND).toISOString(),
    }
    clock.advanceTo(CLOSE + SECOND)
    const { body } = await second.send(confirmation)
    t.match(body.decision, { outcome: 'ignored', reasons: ['DONE_BEFORE_CLOSE'] })
    t.match((await second.ask<Listed>(positions)).body.items, [{ label: 'Long_1' }])

    // The closing bar hits the stop when nothing can be sold any more: the exit is the first of the next session.
    const bar = { type: 'MARKET_DATA', instrument: 'BANK_NIFTY', price: 51_000, atr: 350 }
    clock.advanceTo(CLOSE + 2 * SECOND)
    await second.send({ ...bar, timestamp: new Date(CLOSE).toISOString() })
    await eventually('the stop is hit', async () => {
      const { body: now } = await second.ask<Listed>(positions)
      return now.items[0]?.state === 'closing'
    })
    const waiting = await second.ask<Listed>('/v1/portfolios/paper/orders')
    t.same(waiting.body.items, [], 'no order while the exchange is closed')
    clock.advanceTo(Date.UTC(2026, 0, 6, 3, 45, 1))
    await eventually('it is sold at the open', async () => {
      const { body: now } = await second.ask<Listed>(positions)
      return now.items.length === 0
    })
  },
)

t.test('an import of the calendar reaches a running portfolio before it is answered', async (t) => {
  const env = await configured(t)
  const clock = new SimulatedClock({ start: CLOSE - 3600 * SECOND })
  const service = await runService(t, { clock, env })
  const hours = async () => {
    const { body } = await service.ask<{ instruments: { instrument: string; hours: string }[] }>(
      '/v1/portfolios/paper',
    )
    return body.instruments.find(({ instrument }) => instrument === 'BANK_NIFTY')?.hours
  }
  t.equal(await hours(), 'open')
  const csv = 'date,exchange,description\n2026-01-05,NSE,A day off\n'
  const { status, body } = await service.command('/v1/imports/calendar', 'k1', { csv, source: 'a test' })
  t.equal(status, 200, JSON.stringify(body))
  t.equal(await hours(), 'closed')
  const entry = { type: 'BASE_ENTRY', instrument: 'BANK_NIFTY', price: 52_000, atr: 350 }
  const refused = await service.send({ ...entry, timestamp: new Date(clock.now()).toISOString() })
  t.match(refused.body.decision, { outcome: 'blocked', reasons: ['SESSION'] })
})

t.test(
  'on the day a unit leaves its contract, on paper and once, and it is shown before and after',
  async (t) => {
    const env = await configured(t, { rollover: { enabled: true, at: '14:30' } })
    // Monday 12 January 2026 at 11:30 in India
    const clock = new SimulatedClock({ start: Date.UTC(2026, 0, 12, 6) })
    const first = await runService(t, { clock, env })
    const entry = { type: 'BASE_ENTRY', instrument: 'GOLD_MINI', position: 'Long_1', price: 78_500, atr: 700 }
    const { body } = await first.send({ ...entry, er: 1, timestamp: new Date(clock.now()).toISOString() })
    t.match(body.decision, { outcome: 'executed' })
    interface Rolled {
      readonly instruments: readonly {
        readonly instrument: string
        readonly rollover: unknown
        readonly rolled: unknown
      }[]
    }
    const gold = async (service: RunningService) => {
      const answer = await service.ask<Rolled>('/v1/portfolios/paper')
      return answer.body.instruments.find(({ instrument }) => instrument === 'GOLD_MINI')!
    }
    const [bought] = (await first.ask<Listed>('/v1/portfolios/paper/positions')).body.items
    t.match(await gold(first), {
      rollover: { from: '2026-02', to: '2026-03', leaveOn: '2026-01-29', positionIds: [bought!.id] },
      rolled: null,
    })
    await first.service.stop()

    clock.advanceTo(Date.UTC(2026, 0, 29, 9))
    const second = await runService(t, { beside: first, clock, env })
    await eventually('it is rolled', async () => {
      const { rolled } = await gold(second)
      return (
        JSON.stringify(rolled) === '{"date":"2026-01-29","from":"2026-02","to":"2026-03","outcome":"rolled"}'
      )
    })
    t.match(await gold(second), { rollover: { from: '2026-03', leaveOn: '2026-02-26' } })
    const held = await second.ask<Listed>('/v1/portfolios/paper/positions')
    const { unit, label, lots, stop } = bought!
    t.match(held.body.items, [{ unit, label, lots, stop }], 'the same unit, as paper has one price for both')
    t.not(held.body.items[0]!.id, bought!.id)
    const orders = await second.ask<Listed>('/v1/portfolios/paper/orders?status=all')
    t.equal(orders.body.items.length, 3)
    const alarms = await second.ask<Listed>('/v1/alarms')
    t.same(
      alarms.body.items.filter(({ severity }) => severity === 'critical'),
      [],
    )
  },
)
