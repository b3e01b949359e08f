import type { CapabilityConfig, Config, Deadlines, TargetingRule } from '../config/schema.ts'
import { StranglerError } from '../core/errors.ts'
import type { Migration, Stage } from '../core/guide-words.ts'
import type {
  Effect,
  Endpoint,
  Hold,
  ModeSetting,
  Override,
  Ownership,
  RouteState,
  Side,
} from '../core/words.ts'
import { compileTargeting, type Targeting } from './compile-targeting.ts'
import { ownerOf } from './fold-cutover.ts'
import { settingOfStage } from './fold-migration.ts'
import { parseTemplate } from './parse-template.ts'
import { createTrie, findLeaf, insertTemplate, type PathTrie } from './path-trie.ts'

/** A capability as the table needs it. */
export interface TableCapability {
  readonly name: string
  /** The name of the side that is its service. */
  readonly service: string
  /** The side whose database takes the writes. */
  readonly owner: Side
  readonly hasTables: boolean
  /** Absent while nobody migrates it. */
  readonly stage: Stage | undefined
  /** Then nothing is carried to the monolith any more, so its answers say nothing. */
  readonly isRetired: boolean
  readonly salt: string
  readonly unit: CapabilityConfig['unit']
  readonly targeting: readonly Targeting[]
  readonly maxStalenessMs: number
  readonly hold: Hold | undefined
  /** Of a cut-over that is to come. */
  readonly announced: string | undefined
}

/** An endpoint with its present mode and all that forwarding needs to know. */
export interface Route {
  readonly endpoint: Endpoint
  readonly capability: TableCapability
  readonly setting: ModeSetting
  readonly source: 'config' | 'stage' | 'override'
  /** What the setting really comes from: tables go with their owner, whatever the source says. */
  readonly decidedBy: 'config' | 'stage' | 'override' | 'owner'
  readonly override: Override | undefined
  /** `* /path` without a stated effect: each request's method says whether it reads. */
  readonly effectByMethod: boolean
  /** An upgraded connection writes unless the configuration says otherwise: nobody sees what passes on it. */
  readonly upgradeEffect: Effect
  readonly deadlines: Partial<Deadlines>
  readonly rewritePath: { readonly from: string; readonly to: string } | undefined
  readonly httpProxyMiddleware: Record<string, unknown> | undefined
  /** How a write is shadowed; without it, not at all. */
  readonly shadowWrites: 'dry-run' | undefined
}

/** What every request is decided by. Immutable; a toggle builds another and swaps it in one assignment. */
export interface RouteTable {
  readonly version: number
  /** In the order of the configuration. */
  readonly routes: readonly Route[]
  readonly capabilities: ReadonlyMap<string, TableCapability>
  /** The route for a method and a path without its query, if a capability names it. */
  match(method: string, path: string): Route | undefined
}

/**
 * Builds the table from the configuration and the fold of the journal. Overrides of endpoints that the configuration no longer
 * has are left out: an endpoint no capability names goes to the monolith.
 * @throws StranglerError STRANGLER_ENDPOINT_TIE, STRANGLER_CONFIG_INVALID
 */
export function compileTable(config: Config, state: RouteState): RouteTable {
  const trie: PathTrie<Route> = createTrie()
  const routes: Route[] = []
  const capabilities = new Map<string, TableCapability>()
  for (const [name, capabilityConfig] of Object.entries(config.capabilities)) {
    const drafts = capabilityConfig.endpoints.map((endpoint) =>
      draftRoute(endpoint, { capability: name, hasTables: capabilityConfig.tables.length > 0, state }),
    )
    const capability = compileCapability(name, capabilityConfig, state, drafts)
    capabilities.set(name, capability)
    for (const draft of drafts) {
      const route = Object.freeze({ ...draft, capability })
      insertRoute(trie, route)
      routes.push(route)
    }
  }
  return Object.freeze({
    version: state.version,
    routes: Object.freeze(routes),
    capabilities,
    match: (method: string, path: string) => findLeaf(trie, method, path.toLowerCase()),
  })
}

type Draft = Omit<Route, 'capability'>
type EndpointConfig = CapabilityConfig['endpoints'][number]

function draftRoute(
  config: EndpointConfig,
  { capability, hasTables, state }: { capability: string; hasTables: boolean; state: RouteState },
): Draft {
  const endpoint = parseEndpoint(capability, config)
  return {
    endpoint,
    ...settingOf(config, {
      override: state.overrides[endpoint.id],
      endpoint,
      ownership: state.owners?.[capability],
      migration: state.migrations?.[capability],
      hasTables,
    }),
    effectByMethod: isByMethod(config, endpoint),
    upgradeEffect: config.effect ?? 'write',
    deadlines: withoutUndefined(config.deadlines ?? {}),
    rewritePath: config.rewritePath,
    httpProxyMiddleware: config.httpProxyMiddleware,
    shadowWrites: config.shadowWrites,
  }
}

/**
 * What an operator has said, else what the stage says, else the configuration. Writes to tables go to whoever owns them, whatever else is
 * said. Reads follow the service when it owns, unless an operator has decided otherwise since; what was said before spoke of another owner.
 */
function settingOf(
  config: EndpointConfig,
  {
    override,
    endpoint,
    ownership,
    migration,
    hasTables,
  }: {
    override: Override | undefined
    endpoint: Endpoint
    ownership: Ownership | undefined
    migration: Migration | undefined
    hasTables: boolean
  },
): Pick<Draft, 'setting' | 'source' | 'decidedBy' | 'override'> {
  const staged = migration === undefined ? undefined : settingOfStage(migration, endpoint.effect)
  const source = override !== undefined ? 'override' : staged !== undefined ? 'stage' : 'config'
  const setting = override?.setting ?? staged ?? config.mode
  const configured = { setting, source, decidedBy: source, override } as const
  const asOwned = (side: Side) =>
    configured.setting.mode === side
      ? configured
      : ({ ...configured, setting: { mode: side }, decidedBy: 'owner' } as const)
  if (override?.unsafe === true) return configured
  if (endpoint.effect === 'write' && hasTables && !isByMethod(config, endpoint)) {
    const owner = ownership?.side ?? 'monolith'
    // Shadowed by a dry run, it still goes to the monolith.
    const staysAnyway = configured.setting.mode === 'shadow' && owner === 'monolith'
    return staysAnyway ? configured : asOwned(owner)
  }
  if (ownership === undefined) return configured
  const { side, since } = ownership
  const isOutdated = side === 'service' && (override === undefined || override.version < since)
  return isOutdated ? asOwned(side) : configured
}

/** `decide` then looks at each request. */
function isByMethod(config: EndpointConfig, { method }: Endpoint): boolean {
  return method === '*' && config.effect === undefined
}

function withoutUndefined(deadlines: { [K in keyof Deadlines]?: number | undefined }): Partial<Deadlines> {
  return Object.fromEntries(Object.entries(deadlines).filter(([, value]) => value !== undefined))
}

/** Whether a request of a route reads or writes; `route` is undefined for what no capability names. */
export function effectOf(route: Route | undefined, method: string | undefined): Effect {
  if (route !== undefined && !route.effectByMethod) return route.endpoint.effect
  return READ_METHODS.has(method ?? '') ? 'read' : 'write'
}

const READ_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

function parseEndpoint(capability: string, config: EndpointConfig): Endpoint {
  const [, method, template] = /^(\*|[A-Za-z][A-Za-z-]*)\s+(\/\S*)$/.exec(config.endpoint.trim()) ?? []
  if (method === undefined || template === undefined) {
    throw new StranglerError(
      'STRANGLER_CONFIG_INVALID',
      `\`capabilities.${capability}.endpoints\` has "${config.endpoint}", which is not a method and a path.`,
      { fix: 'Write it like `GET /api/inventory/:sku`; `*` stands for every method.' },
    )
  }
  const upper = method.toUpperCase()
  const effect: Effect = config.effect ?? (READ_METHODS.has(upper) ? 'read' : 'write')
  return { id: `${upper} ${template}`, method: upper, template, capability, effect }
}

function compileCapability(
  name: string,
  config: CapabilityConfig,
  state: RouteState,
  drafts: readonly Draft[],
): TableCapability {
  return Object.freeze({
    name,
    service: config.service ?? name,
    owner: config.tables.length > 0 ? ownerOf(state, name) : ownerWithoutTables(drafts),
    hasTables: config.tables.length > 0,
    stage: state.migrations?.[name]?.stage,
    isRetired: state.migrations?.[name]?.stage === 'retired',
    salt: saltOf(name, config, state),
    unit: config.unit,
    targeting: config.targeting.map((rule: TargetingRule) => compileTargeting(rule, name)),
    maxStalenessMs: config.maxStalenessMs,
    hold: state.holds[name],
    announced: state.announced?.[name],
  })
}

/**
 * Without tables there is nothing to own, but once writes go to the service, only the service has seen them: falling back to the
 * monolith would answer from the past.
 */
function ownerWithoutTables(drafts: readonly Draft[]): Side {
  const writesMoved = drafts.some(
    ({ endpoint, setting }) =>
      endpoint.effect === 'write' &&
      (setting.mode === 'service' || (setting.mode === 'canary' && setting.percent > 0)),
  )
  return writesMoved ? 'service' : 'monolith'
}

// A canary written in the configuration runs before the first decision, so its buckets must not move when one comes.
function saltOf(name: string, config: CapabilityConfig, state: RouteState): string {
  const canaryInConfig = config.endpoints.some((endpoint) => endpoint.mode.mode === 'canary')
  return (canaryInConfig ? undefined : state.salts[name]) ?? 'config'
}

function insertRoute(trie: PathTrie<Route>, route: Route): void {
  for (const template of parseTemplate(route.endpoint.template)) {
    const present = insertTemplate(trie, route.endpoint.method, template, route)
    if (present === undefined || present === route) continue
    throw new StranglerError(
      'STRANGLER_ENDPOINT_TIE',
      `"${present.endpoint.id}" (${present.capability.name}) and "${route.endpoint.id}" (${route.capability.name}) match the same requests, so it would be chance which one decides.`,
      { fix: 'Remove one of them, or make its path more specific.' },
    )
  }
}
