import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { askMetrics } from '../../strangler/admin/live/ask-metrics.ts'
import { readProcessMetrics } from '../../strangler/admin/live/read-process-metrics.ts'
import { createSideCosts } from '../../strangler/admin/live/side-costs.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { EndpointTraffic } from '../../strangler/core/traffic-words.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE } from '../../strangler/routing/fold-journal.ts'

const config = checkConfig({
  sides: {
    monolith: { url: 'http://127.0.0.1:3000', metrics: '/metrics' },
    stock: { url: 'http://127.0.0.1:3001', metrics: '/internal/metrics' },
    silent: 'http://127.0.0.1:3002',
  },
  capabilities: { inventory: { service: 'stock', endpoints: ['GET /items'] } },
})
const tableOf = (mode: 'shadow' | 'service') =>
  compileTable(
    checkConfig({
      sides: { monolith: 'http://127.0.0.1:3000', stock: 'http://127.0.0.1:3001' },
      capabilities: { inventory: { service: 'stock', endpoints: [{ endpoint: 'GET /items', mode }] } },
    }),
    EMPTY_STATE,
  )
const row = (target: 'monolith' | 'service', requests: number): EndpointTraffic => ({
  ...{ endpoint: 'GET /items', capability: 'inventory', target, requests, failures: 0, durations: [] },
})

it('shows a service that needs 40 % more processor for a request than the monolith', async () => {
  let now = 0
  let cpu: Record<string, number> = { '/metrics': 100, '/internal/metrics': 7 }
  let requests = [row('monolith', 1_000), row('service', 0)]
  let table = tableOf('service')
  const costs = createSideCosts({
    ...{ config, clock: () => now, traffic: () => requests, currentTable: () => table },
    ask: async (url) =>
      `process_cpu_seconds_total ${cpu[new URL(url).pathname]}\nprocess_resident_memory_bytes 2097152\n`,
  })
  expect(await costs()).toEqual([
    { side: 'monolith', isShadowed: false, memoryBytes: 2_097_152 },
    { side: 'stock', isShadowed: false, memoryBytes: 2_097_152 },
  ])
  now = 10_000
  cpu = { '/metrics': 101, '/internal/metrics': 7.7 }
  requests = [row('monolith', 1_200), row('service', 100)]
  const [monolith, stock] = await costs()
  expect(monolith).toMatchObject({ cores: 0.1, perSecond: 20, cpuMsPerRequest: 5 })
  expect(stock?.cpuMsPerRequest).toBeCloseTo(7)
  expect((stock?.calmCpuMsPerRequest ?? 0) / (monolith?.calmCpuMsPerRequest ?? 1)).toBeCloseTo(1.4)
  // Shadow requests are work and no requests: what they cost is not held against it.
  now = 15_000
  table = tableOf('shadow')
  cpu = { '/metrics': 101.5, '/internal/metrics': 12.7 }
  requests = [row('monolith', 1_300), row('service', 110)]
  const [, shadowed] = await costs()
  expect(shadowed).toMatchObject({ isShadowed: true, cpuMsPerRequest: expect.closeTo(500, 3) })
  expect(shadowed?.calmCpuMsPerRequest).toBe(stock?.calmCpuMsPerRequest)
  // Started anew: it counts from nothing, and must not be shown as one that gives processors back.
  cpu = { '/metrics': 0.5, '/internal/metrics': 7.7 }
  now = 20_000
  expect((await costs())[0]).toEqual({
    ...{ side: 'monolith', isShadowed: false, memoryBytes: 2_097_152, calmCpuMsPerRequest: 5 },
  })
})

it('reads what clients of any language say, and nothing that only looks like it', () => {
  const text = `# HELP process_cpu_seconds_total Total
process_cpu_seconds_total{pid="1"} 1.5
process_cpu_seconds_total{pid="2"} 2e1
process_cpu_seconds_total_other 900
my_process_resident_memory_bytes 5`
  expect(readProcessMetrics(text)).toEqual({ cpuSeconds: 21.5, memoryBytes: undefined })
  expect(readProcessMetrics('process_cpu_seconds_total NaN')).toEqual({
    ...{ cpuSeconds: undefined, memoryBytes: undefined },
  })
})

it('says of a side that answers something else what it answers, and never reads on without end', async () => {
  const server = createServer((req, res) => {
    if (req.url === '/away') return void res.writeHead(302, { location: '/metrics' }).end()
    if (req.url === '/none') return void res.writeHead(404).end('x'.repeat(100))
    const pour = () => {
      while (res.write('x'.repeat(65_536)));
    }
    res.on('drain', pour)
    pour()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const ask = (path: string) => askMetrics(`http://127.0.0.1:${port}${path}`)
  await expect(ask('/none')).rejects.toThrow('answers 404')
  await expect(ask('/away')).rejects.toThrow('does not answer')
  await expect(ask('/endless')).rejects.toThrow('more than 1 MiB')
})
