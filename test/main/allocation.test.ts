import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { eventually } from '../helpers/eventually.js'
import { type Teardown, testDirectory } from '../helpers/temporary-directory.js'
import { type RunningService, runService } from './running-service.js'

interface Runs {
  readonly running: { readonly id: string } | null
  readonly last: {
    readonly outcome: string
    readonly summary: { readonly planned: number; readonly executed: number; readonly valueTraded: string }
  } | null
}

const V1 = '/v1/portfolios'
const ASSETS = ['TPAY', 'TRUR', 'TGLD']

function portfolio(id: string, strategy: object) {
  return {
    ...{ id, currency: 'RUB', initialDeposit: '100000' },
    assets: ASSETS.map((name) => ({ name, exchange: 'MOEX' })),
    broker: { kind: 'paper', commissionPct: 0.1 },
    strategy: { kind: 'allocation', cash: 'target', rest: 'sell', funding: { feePct: 0.1 }, ...strategy },
  }
}

const targets = { TPAY: 40, TRUR: 50, RUB: 10 }

async function configured(t: Teardown) {
  const weights = { targets }
  const byCap = { mode: 'marketcap', targets: { TPAY: 0, TRUR: 0, RUB: 10 } }
  const rule = {
    kind: 'either',
    schedule: { kind: 'calendar', period: 'daily' },
    measure: { kind: 'points', points: 3 },
  }
  const portfolios = [
    portfolio('etf', { weights, prices: { maxAgeSeconds: 3600 } }),
    portfolio('slow', { weights, prices: { maxAgeSeconds: 3600 }, pauseMs: 2000 }),
    portfolio('auto', { weights: byCap, automatic: true, rule }),
  ]
  const file = join(await testDirectory(t), 'general.json')
  await writeFile(file, JSON.stringify({ portfolios, sources: [{ id: 'tv', portfolio: 'etf' }] }))
  return { GENERAL_CONFIG: file }
}

let keys = 0

function post<Body>(service: RunningService, path: string, body: unknown) {
  keys += 1
  return service.command<Body>(path, `k-${keys}`, body)
}

function ended(service: RunningService, id: string, outcome: string): Promise<Runs> {
  return eventually(`a run of ${id} that is ${outcome}`, async () => {
    const { body } = await service.ask<Runs>(`${V1}/${id}/runs`)
    return body.running === null && body.last?.outcome === outcome ? body : null
  })
}

const prices = (of: Readonly<Record<string, number>>) =>
  Object.entries(of).map(([instrument, price]) => ({ instrument, price }))

t.test('a portfolio is planned, checked and brought to its target weights on paper', async (t) => {
  const env = await configured(t)
  const service = await runService(t, { env })
  t.match(await service.ask(`${V1}/etf/plan`), {
    status: 422,
    body: { code: 'ALLOCATION_HALTED', detail: /price of TPAY, TRUR is missing|TPAY, TRUR/ },
  })
  t.match(await post(service, '/v1/imports/prices', { prices: prices({ TPAY: 100, TRUR: 8, TGLD: 12 }) }), {
    body: { portfolios: ['etf', 'slow', 'auto'], count: 3 },
  })
  t.match(await service.ask(`${V1}/etf/plan`), {
    body: {
      ...{ mode: 'manual', equity: '100000', isDryRun: true, cashPct: { current: 100, target: 10 } },
      positions: [
        { symbol: 'TPAY', targetPct: 40, order: { side: 'buy', quantity: '400' } },
        { symbol: 'TRUR', currentPct: 0, order: { quantity: '6250', value: '50000' } },
      ],
    },
  })
  t.match(await service.ask(`${V1}/etf/check?threshold=45000`), {
    body: { needsRebalancing: true, drifted: ['TRUR'], summary: { ordersRequired: 1, buyOrders: 1 } },
  })
  t.match(await post(service, `${V1}/etf/execute`, {}), {
    body: { outcome: 'ignored', decision: { kind: 'rebalance', reasons: ['DRY_RUN'] } },
  })
  t.match(await service.ask(`${V1}/etf/orders?status=all`), { body: { items: [] } })
  t.match(await post(service, `${V1}/etf/execute`, { dryRun: false }), {
    body: { outcome: 'approved', decision: { reasons: ['PLANNED'] } },
  })
  const { last } = await ended(service, 'etf', 'executed')
  t.match(last, { summary: { planned: 2, executed: 2, valueTraded: '90000', fees: '90' } })
  t.match(
    await post(service, `${V1}/etf/execute`, {
      dryRun: false,
      targetWeights: { TPAY: 50, tgld: 40, RUB: 10 },
    }),
    {
      body: { outcome: /approved|executed/ },
    },
  )
  t.match(await ended(service, 'etf', 'executed'), {
    last: { summary: { planned: 3, executed: 3 }, orders: [{ side: 'sell', symbol: 'TRUR' }, {}, {}] },
  })
  const bad = await post(service, `${V1}/etf/execute`, {
    dryRun: false,
    targetWeights: { TPAY: 50, RUB: 10 },
  })
  t.match(bad, { status: 422, body: { code: 'COMMAND_BLOCKED', detail: /HALTED.*sum must be 100/ } })
  t.match(await post(service, `${V1}/auto/execute`, { dryRun: false }), {
    status: 409,
    body: { code: 'AUTOMATIC_IS_ON' },
  })
  t.match(await service.ask('/v1/alarms'), { body: { items: [{ code: 'ALLOCATION_HALTED' }] } })

  t.test(
    'a run that is due halts without metrics, tells it once, and runs when they are there',
    async (t) => {
      await ended(service, 'auto', 'halted')
      t.match(await service.ask(`${V1}/auto/runs`), {
        body: { last: { reason: /requires market cap data/ } },
      })
      const metrics = [
        { symbol: 'TPAY', marketCap: 3e9, aum: 2.9e9 },
        { symbol: 'TRUR', marketCap: 6e9 },
        { symbol: 'OTHER', aum: 1 },
      ]
      t.match(
        await post(service, '/v1/imports/metrics', {
          source: 'file',
          metrics: [{ symbol: 'TPAY', aum: -1 }],
        }),
        {
          status: 400,
        },
      )
      t.match(await post(service, '/v1/imports/metrics', { source: 'file', metrics }), {
        body: { portfolios: ['etf', 'slow', 'auto'], count: 3 },
      })
      t.match(await service.ask(`${V1}/auto/metrics`), {
        body: { items: [{ symbol: 'TPAY', source: 'file' }, {}] },
      })
      t.match(await service.ask(`${V1}/auto/plan`), {
        body: { mode: 'marketcap', positions: [{ targetPct: 30 }, { targetPct: 60 }] },
      })
    },
  )

  t.test('a stopped service goes on with its run, and with what is due', async (t) => {
    await post(service, `${V1}/slow/execute`, { dryRun: false })
    const { body } = await service.ask<Runs>(`${V1}/slow/runs`)
    t.not(body.running, null, 'the second order waits for its turn')
    await service.service.stop()
    const next = await runService(t, { env, beside: service })
    t.match(await ended(next, 'slow', 'executed'), { last: { summary: { planned: 2, executed: 2 } } })
    t.match(await ended(next, 'auto', 'executed'), {
      last: { trigger: 'scheduled', summary: { executed: 2 } },
    })
    const { body: orders } = await next.ask<{ items: readonly object[] }>(`${V1}/slow/orders?status=all`)
    t.equal(orders.items.length, 2, 'nothing is doubled')
  })
})
