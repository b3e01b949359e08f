import { describe, expect, test } from 'vitest'
import { findCutKeys } from '../../strangler/assess/describe-border.ts'
import type { AssessFacts, CapabilityFacts } from '../../strangler/assess/facts.ts'
import { rankCapabilities } from '../../strangler/assess/rank-capabilities.ts'
import { readChurn } from '../../strangler/assess/read-churn.ts'
import type { ExchangeRecord } from '../../strangler/core/exchange-record.ts'
import type { TableShape } from '../../strangler/core/sync-words.ts'
import { createMetrics } from '../../strangler/telemetry/metrics.ts'
import { quantileMs, readDurations } from '../../strangler/telemetry/read-durations.ts'

const times = (p95Ms: number, totalMs = 1_000) => ({ count: 100, totalMs, medianMs: p95Ms / 4, p95Ms })
const data = { tables: [{ table: 'a', rows: 1_000, writes: 10 }], cutKeys: [], couplings: [] }
const capability = (name: string, changes: Partial<CapabilityFacts> = {}): CapabilityFacts => ({
  capability: name,
  endpoints: [{ endpoint: `GET /${name}`, requests: 1_000, failures: 0, times: times(100) }],
  data,
  ...changes,
})
const rank = (...capabilities: CapabilityFacts[]) => {
  const facts: AssessFacts = { capabilities, elsewhere: 0, sessions: [] }
  return rankCapabilities(facts)
}
const endpoint = (changes: object) => [
  { endpoint: 'GET /worse', requests: 1_000, failures: 0, times: times(100), ...changes },
]

describe('the ranking', () => {
  test.each([
    ['has more of the traffic', { endpoints: endpoint({ requests: 9_000 }) }],
    ['fails more often', { endpoints: endpoint({ failures: 40 }) }],
    ['is slower', { endpoints: endpoint({ times: times(900) }) }],
    ['takes more of the time', { endpoints: endpoint({ times: times(100, 9_000) }) }],
    ['is written more often', { data: { ...data, tables: [{ table: 'a', rows: 1_000, writes: 900 }] } }],
  ])('puts first, all else the same, what %s', (_name, changes) => {
    expect(rank(capability('quiet'), capability('worse', changes)).map((one) => one.capability)).toEqual([
      'worse',
      'quiet',
    ])
  })

  const cut = { table: 'a', other: 'b', way: 'out' as const, cascades: true }
  test.each([
    ['more foreign keys are cut', { data: { ...data, cutKeys: [cut, cut] } }],
    [
      'transactions go across the border',
      { data: { ...data, couplings: [{ table: 'a', other: 'b', seen: 7 }] } },
    ],
    [
      'more rows are to be copied',
      { data: { ...data, tables: [{ table: 'a', rows: 90_000_000, writes: 10 }] } },
    ],
  ])('puts last, all else the same, where %s', (_name, changes) => {
    const ranking = rank(capability('a-costly', changes), capability('free'))
    expect(ranking.map((one) => one.capability)).toEqual(['free', 'a-costly'])
  })

  test('shows every number beside what it speaks for, and what was not measured is not taken for nothing', () => {
    const [first] = rank(
      capability('stock', {
        data: undefined,
        endpoints: [
          { endpoint: 'GET /stock', requests: 200, failures: 4 },
          { endpoint: 'GET /stock/report', requests: 0, failures: 0 },
        ],
      }),
    )
    expect(first?.benefit).toEqual([
      { name: 'traffic', weight: 1, says: '100 % of all requests' },
      { name: 'errors', weight: 0.4, says: '2 % of its requests fail' },
    ])
    expect(first?.cost).toEqual([])
    expect(first?.unknown).toEqual([
      '1 of its 2 endpoints was not asked yet',
      'how long its requests take: the process that was asked serves none',
      'what a split would cut: it has no tables in the configuration',
      'how often its code changes: name the repository with --repo',
    ])
  })
})

test('foreign keys that cross the border are found both ways, those within and beyond it are not', () => {
  const table = (name: string, ...keys: [string, string][]): TableShape => ({
    ...{ schema: 'public', name, columns: [], key: ['id'], keyDeferrable: false, uniques: [] },
    foreignKeys: keys.map(([referencedTable, onDelete]) => ({
      ...{ name: 'fk', columns: ['x'], referencedTable, referencedColumns: ['id'], onDelete },
      ...{ onUpdate: 'NO ACTION', deferrable: false },
    })),
  })
  const tables = [
    table('stock', ['product', 'CASCADE'], ['place', 'NO ACTION']),
    table('place'),
    table('product'),
    table('line', ['stock', 'NO ACTION'], ['product', 'CASCADE']),
  ]
  expect(findCutKeys(tables, ['stock', 'place'])).toEqual([
    { table: 'stock', other: 'product', way: 'out', cascades: true },
    { table: 'stock', other: 'line', way: 'in', cascades: false },
  ])
})

test('times are read from the metrics as the kit writes them, within the bounds of their buckets', async () => {
  const metrics = createMetrics({ processMetrics: false })
  const record: Omit<ExchangeRecord, 'endpoint' | 'target' | 'durationMs'> = {
    ...{
      method: 'GET',
      path: '/',
      status: 200,
      side: 'monolith',
      reason: 'STATIC',
      capability: 'a',
      effect: 'read',
      client: '127.0.0.1',
      tableVersion: 1,
    },
    ...{
      bucket: undefined,
      unitSource: undefined,
      engine: 'undici',
      attempts: 1,
      code: undefined,
      cause: undefined,
    },
    ...{ proxyMs: 1, upstreamMs: 1, heldMs: 0, correlationId: 'c', traceId: 't' },
  }
  const endpoint = 'GET /odd/:name("x")'
  for (let turn = 0; turn < 100; turn += 1)
    metrics.recordExchange({
      ...record,
      endpoint,
      target: turn % 2 ? 'monolith' : 'service',
      durationMs: turn < 90 ? 8 : 400,
    })
  const found = readDurations(await metrics.registry.metrics()).get(endpoint)
  expect(found).toMatchObject({ count: 100 })
  expect(found?.totalSeconds).toBeCloseTo(0.72 + 4, 5)
  expect(quantileMs(found!, 0.5)).toBeGreaterThan(5)
  expect(quantileMs(found!, 0.5)).toBeLessThanOrEqual(10)
  expect(quantileMs(found!, 0.95)).toBeGreaterThan(250)
  expect(quantileMs(found!, 0.95)).toBeLessThanOrEqual(500)
})

describe('the history of the code', () => {
  const commit = (...files: string[]) => `\u0001abc\n\n${files.map((file) => `3\t1\t${file}`).join('\n')}\n`
  test('gives commits and lines to the capability that a path names, and finds what changes together across the border', () => {
    const log = [
      ...Array.from({ length: 6 }, () => commit('src/orders/place-order.ts', 'src/inventory/stock.ts')),
      commit('src/inventory/stock.ts', 'src/inventory/report.ts'),
      commit('README.md'),
      `\u0001abc\n\n-\t-\tsrc/inventory/logo.png\n`,
    ].join('')
    const churn = readChurn(log, ['inventory', 'orders'])
    expect(churn.get('inventory')).toEqual({
      ...{ commits: 8, lines: 6 * 4 + 8, files: 3 },
      coupled: [{ file: 'src/inventory/stock.ts', other: 'src/orders/place-order.ts', percent: 92 }],
    })
    expect(churn.get('orders')).toMatchObject({ commits: 6, files: 1 })
  })

  test('learns nothing from a commit that touches half of everything, nor from four', () => {
    const many = Array.from({ length: 40 }, (_, index) => `src/other/file-${index}.ts`)
    const log = [
      ...Array.from({ length: 9 }, () => commit('src/inventory/stock.ts', ...many)),
      ...Array.from({ length: 4 }, () => commit('src/inventory/a.ts', 'src/orders/b.ts')),
    ].join('')
    expect(readChurn(log, ['inventory', 'orders']).get('inventory')?.coupled).toEqual([])
  })
})
