import { AggregatorRegistry, type Registry } from 'prom-client'

/** In a worker: lets the first process read this registry. */
export function shareMetrics(registry: Registry): void {
  AggregatorRegistry.setRegistries([registry])
  new AggregatorRegistry()
}

/** In the first process: the sum over the workers, as Prometheus text. */
export function createClusterMetrics(): () => Promise<{ contentType: string; body: string }> {
  const registry = new AggregatorRegistry()
  return async () => ({ contentType: registry.contentType, body: await registry.clusterMetrics() })
}
