import { AggregatorRegistry } from 'prom-client'
import { expect, test } from 'vitest'
import { createMetrics } from '../../strangler/telemetry/metrics.ts'

test('a gauge that is read at the scrape shows the moment of that scrape, not of the one before', async () => {
  let waiting = 3
  const { registry } = createMetrics({
    processMetrics: false,
    beforeScrape: (metrics) => {
      metrics.setHeld('inventory', waiting)
      metrics.setUpgraded(waiting)
    },
  })

  expect(await registry.metrics()).toContain('strangler_held_writes{capability="inventory"} 3')
  waiting = 0
  const later = await registry.metrics()
  expect(later).toContain('strangler_held_writes{capability="inventory"} 0')
  expect(later).toContain('strangler_upgraded_connections 0')
})

test('the workers’ gauges are summed only where a sum means something', async () => {
  const workers = [11, 12].map((version) => {
    const metrics = createMetrics({ processMetrics: false })
    metrics.setTableVersion(version)
    metrics.setControlConnected(version === 12)
    metrics.setUpgraded(5)
    metrics.setBreaker('inventory', version === 12 ? 'open' : 'closed')
    return metrics.registry.getMetricsAsJSON()
  })
  const together = await AggregatorRegistry.aggregate(await Promise.all(workers)).metrics()

  expect(together).toContain('strangler_table_version 11')
  expect(together).toContain('strangler_control_connected 0')
  expect(together).toContain('strangler_upgraded_connections 10')
  expect(together).toContain('strangler_breaker_state{capability="inventory"} 2')
})
