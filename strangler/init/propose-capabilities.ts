import { prefixLength } from './infer-endpoints.ts'
import type { SeenEndpoint } from './seen-endpoint.ts'

/** Endpoints that belong together by their path. */
export interface ProposedCapability {
  readonly name: string
  readonly endpoints: readonly SeenEndpoint[]
}

export interface Proposal {
  /** Those with the most requests first, else with the most endpoints. */
  readonly capabilities: readonly ProposedCapability[]
  /** What no capability is made of: it stays with the monolith, as everything that is not named does. */
  readonly left: readonly SeenEndpoint[]
}

/** What machines ask, and what documents are made of: nobody carves that out. */
const NO_CAPABILITY =
  /^(?:health|healthz|ready|readyz|live|livez|ping|metrics|version|status|favicon|robots|openapi|swagger|docs|redoc|static|assets|public|images|css|js|fonts|monolith|constructor)$/

/** One capability for each name that the paths have after `api` and the version. */
export function proposeCapabilities(endpoints: readonly SeenEndpoint[]): Proposal {
  const groups = Map.groupBy(endpoints, capabilityNameOf)
  const left = groups.get(undefined) ?? []
  const capabilities = [...groups].flatMap(([name, members]) =>
    name === undefined ? [] : [{ name, endpoints: members }],
  )
  return { capabilities: capabilities.sort(byWeight), left }
}

function byWeight(one: ProposedCapability, other: ProposedCapability): number {
  return (
    requestsOf(other) - requestsOf(one) ||
    other.endpoints.length - one.endpoints.length ||
    (one.name < other.name ? -1 : 1)
  )
}

const requestsOf = ({ endpoints }: ProposedCapability) =>
  endpoints.reduce((sum, { requests }) => sum + requests, 0)

function capabilityNameOf({ template }: SeenEndpoint): string | undefined {
  const segments = template.split('/').filter((segment) => segment !== '')
  const [first = ''] = segments.slice(prefixLength(segments))
  if (first.startsWith(':') || first.includes('.')) return undefined
  const name = first
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
  return name === '' || name in {} || NO_CAPABILITY.test(name) ? undefined : name
}

/** The fixed names in the paths of a capability, without its own: `/inventory/:sku/movements` → movements. */
export function innerNamesOf({ endpoints }: ProposedCapability): string[] {
  const names = endpoints.flatMap(({ template }) => {
    const segments = template.split('/').filter((segment) => segment !== '')
    return segments.slice(prefixLength(segments) + 1).filter((segment) => /^[\w-]+$/.test(segment))
  })
  return [...new Set(names)]
}
