import type { EndpointTraffic, TrafficStore } from '../../core/traffic-words.ts'
import type { Side } from '../../core/words.ts'

/**
 * What all proxies have told the control database, in the shape of what one counts itself: counts that only grow. It tells no times, and nothing
 * of requests that no capability names.
 * @throws StranglerError STRANGLER_CONTROL_DATABASE_UNREACHABLE
 */
export async function readToldTraffic(
  store: Pick<TrafficStore, 'read'>,
  capabilities: readonly string[],
): Promise<EndpointTraffic[]> {
  const kept = await Promise.all(capabilities.map((capability) => store.read(capability)))
  const rows = new Map<string, EndpointTraffic>()
  for (const { capability, endpoint, target, requests, failures } of kept.flatMap(({ counts }) => counts)) {
    // One line for each step that the capability has stood at.
    const key = placeOf(endpoint, target)
    const { requests: before = 0, failures: failed = 0 } = rows.get(key) ?? {}
    const sum = { requests: before + requests, failures: failed + failures }
    rows.set(key, { endpoint, capability, target, ...sum, durations: [] })
  }
  return [...rows.values()]
}

const placeOf = (endpoint: string, target: Side) => `${target} ${endpoint}`
