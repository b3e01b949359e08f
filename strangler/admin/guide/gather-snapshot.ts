import { monolithAsServiceOf } from '../../config/service-sides-at-monolith.ts'
import { StranglerError } from '../../core/errors.ts'
import type { KeptFindings } from '../../core/evidence-store.ts'
import type { GateProfileName, Migration } from '../../core/guide-words.ts'
import type { KeptTraffic, TrafficCount } from '../../core/traffic-words.ts'
import type { RouteState, Side } from '../../core/words.ts'
import { type GateProfile, profileOf } from '../../guide/gate-profile.ts'
import { silentFrom } from '../../guide/silent-monolith.ts'
import type { CanaryEvidence, GuideSnapshot, SideOutcomes } from '../../guide/snapshot.ts'
import type { Route } from '../../routing/compile-table.ts'
import { ownerOf } from '../../routing/fold-cutover.ts'
import type { AdminContext, Position } from '../present-state.ts'
import { basisOf, toComparisonEvidence } from './gather-comparison.ts'
import { readContract } from './gather-contract.ts'
import { toDataEvidence, toRehearsal, toWriters } from './gather-data.ts'
import { toMonolithCalls, toSoak } from './gather-soak.ts'
import type { GuideSources } from './guide-sources.ts'

const COMPARED_MS = 24 * 3_600_000

export interface SnapshotQuestion {
  readonly capability: string
  readonly position: Position
  /** Before the first step: the profile that will be used. */
  readonly profile?: GateProfileName | undefined
}

/** Gathers all that the gates of a capability are decided by. A source that does not answer leaves its part absent. */
export async function gatherSnapshot(
  context: AdminContext,
  { capability, position, profile: wanted }: SnapshotQuestion,
): Promise<GuideSnapshot> {
  const sources = sourcesOf(context)
  const { state, table } = position
  const now = context.clock()
  const migration = state.migrations?.[capability]
  const profile = profileOf(wanted ?? migration?.profile ?? 'default', context.config.gates)
  const routes = table.routes.filter((route) => route.capability.name === capability)
  const hasTables = (context.config.capabilities[capability]?.tables ?? []).length > 0
  const traffic = await sources.traffic.read(capability)
  const common = { capability, hasTables, now, profile, ...(migration === undefined ? {} : { migration }) }
  return Object.freeze({
    ...common,
    owner: ownerNow(state, { capability, hasTables, migration }),
    overrides: routes.filter(({ override }) => override !== undefined).map(({ endpoint }) => endpoint.id),
    endpoints: toEndpoints(routes, traffic, state),
    ...toStrayRoutes(routes, ownerNow(state, { capability, hasTables, migration })),
    ...toMonolithAsService(context, capability),
    ...toTraffic(traffic, now),
    ...(await readContract(context.contracts, capability)),
    ...(await readComparison(context, { capability, state, routes, now, profile })),
    ...(hasTables ? await readData(context, { capability, state, profile, migration }) : {}),
    ...toCanary(traffic, { migration, routes, now }),
    ...toSoak(traffic, migration?.version),
    ...(await readRetirement(context, { traffic, state, capability })),
  })
}

export function sourcesOf({ guide }: AdminContext): GuideSources {
  if (guide !== undefined) return guide
  throw new StranglerError('STRANGLER_STEP_REFUSED', 'This process guides nobody.', {
    fix: 'Ask the admin API of `strangler start`.',
  })
}

/** Without tables nothing is owned, and the stage says who answers. */
function ownerNow(
  state: RouteState,
  {
    capability,
    hasTables,
    migration,
  }: { capability: string; hasTables: boolean; migration: Migration | undefined },
): Side {
  if (hasTables) return ownerOf(state, capability)
  return migration?.stage === 'owned' || migration?.stage === 'retired' ? 'service' : 'monolith'
}

function toStrayRoutes(routes: readonly Route[], owner: Side): Pick<GuideSnapshot, 'strayRoutes'> {
  const strayRoutes = routes
    .filter(({ source, endpoint }) => source !== 'stage' && endpoint.effect === 'write')
    .filter(({ setting }) => setting.mode === 'service' || (setting.mode === 'canary' && setting.percent > 0))
    .map(({ endpoint }) => endpoint.id)
  return owner === 'service' || strayRoutes.length === 0 ? {} : { strayRoutes }
}

function toMonolithAsService(
  { config }: AdminContext,
  capability: string,
): Pick<GuideSnapshot, 'monolithAsService'> {
  const side = monolithAsServiceOf(config, capability)
  return side === undefined ? {} : { monolithAsService: side }
}

function toEndpoints(
  routes: readonly Route[],
  { counts }: KeptTraffic,
  { rareEndpoints = {} }: RouteState,
): GuideSnapshot['endpoints'] {
  return routes.map(({ endpoint: { id, effect }, effectByMethod }) => ({
    endpoint: id,
    ...(effect === 'write' && !effectByMethod ? { isWrite: true } : {}),
    requests: sumOf(counts.filter(({ endpoint }) => endpoint === id)).requests,
    rare: rareEndpoints[id] !== undefined,
  }))
}

function toTraffic({ since, counts, looks }: KeptTraffic, now: number): Pick<GuideSnapshot, 'traffic'> {
  if (since === undefined) return {}
  const times = looks.map(({ proxyP99Ms }) => proxyP99Ms).filter((time) => time !== undefined)
  return {
    traffic: {
      requests: sumOf(counts).requests,
      watchedMs: now - since,
      proxyP99Ms: times.length === 0 ? undefined : Math.max(...times),
    },
  }
}

/** Reads only: writes go to the owner, so their failures say nothing of the share that reads from the service. */
function toCanary(
  { counts, looks }: KeptTraffic,
  { migration, routes, now }: { migration: Migration | undefined; routes: readonly Route[]; now: number },
): Pick<GuideSnapshot, 'canary'> {
  if (migration === undefined) return {}
  const reads = new Set(
    routes.filter(({ endpoint }) => endpoint.effect === 'read').map((one) => one.endpoint.id),
  )
  const atStep = counts.filter(
    ({ entered, endpoint }) => entered === migration.version && reads.has(endpoint),
  )
  const outcomes = (side: Side) => sumOf(atStep.filter(({ target }) => target === side))
  const lately = looks.filter(({ entered }) => entered === migration.version)
  const canary: CanaryEvidence = {
    sinceMs: now - Date.parse(migration.enteredAt),
    monolith: outcomes('monolith'),
    service: outcomes('service'),
    // Of several proxies the one that sees it worst: each has its own breaker, too.
    failuresInRow: Math.max(0, ...lately.map(({ failuresInRow }) => failuresInRow)),
    failuresOfLast300: Math.max(0, ...lately.map(({ failuresOfLast300 }) => failuresOfLast300)),
  }
  return { canary }
}

async function readRetirement(
  context: AdminContext,
  { traffic, state, capability }: { traffic: KeptTraffic; state: RouteState; capability: string },
): Promise<Pick<GuideSnapshot, 'retirement'>> {
  const migration = state.migrations?.[capability]
  if (migration?.stage !== 'owned') return {}
  const silent = silentFrom(migration, context.config.capabilities[capability]?.shadowPercent)
  const kept = await sourcesOf(context)
    .evidence.read(capability)
    .catch((): KeptFindings => ({}))
  const reads = kept.reads?.content
  return {
    retirement: {
      monolith: toMonolithCalls(traffic, { state, capability }),
      ...(silent === undefined ? {} : { silentFrom: silent }),
      // What was counted before somebody went back and came again says nothing of now.
      ...(reads?.epoch === state.syncs?.[capability]?.epoch && reads !== undefined ? { reads } : {}),
    },
  }
}

function sumOf(counts: readonly TrafficCount[]): SideOutcomes {
  return {
    requests: counts.reduce((sum, one) => sum + one.requests, 0),
    failures: counts.reduce((sum, one) => sum + one.failures, 0),
  }
}

interface Place {
  readonly capability: string
  readonly state: RouteState
  readonly profile: GateProfile
}

async function readComparison(
  context: AdminContext,
  { capability, state, routes, now, profile }: Place & { routes: readonly Route[]; now: number },
): Promise<Pick<GuideSnapshot, 'comparison' | 'basis'>> {
  const since = new Date(now - COMPARED_MS).toISOString()
  const evidence = await context.comparisons?.store.read({ capability, since })
  if (evidence === undefined) return {}
  const standing = { accepted: state.accepted ?? [], now: new Date(now) }
  return {
    basis: basisOf(evidence),
    comparison: toComparisonEvidence({
      ...{ evidence, standing, routes },
      ...{ limit: profile.netMismatch, latencyFactor: profile.latencyFactor },
    }),
  }
}

async function readData(
  context: AdminContext,
  { capability, state, profile, migration }: Place & { migration: Migration | undefined },
): Promise<Pick<GuideSnapshot, 'data' | 'cutover'>> {
  const sources = sourcesOf(context)
  const order = state.syncs?.[capability]
  // The pre-flight is dear, and only these steps ask for it.
  const isAsked = order === undefined || migration?.step === 'canary'
  const [status, findings, kept] = await Promise.all([
    order === undefined ? undefined : context.sync?.status(capability, order).catch(() => undefined),
    isAsked ? sources.findings.read(context.sync, capability) : undefined,
    // It only says less without them.
    sources.evidence.read(capability).catch((): KeptFindings => ({})),
  ])
  const lag = order?.state === 'running' ? sources.lagOf(capability) : undefined
  const ownedSince = migration?.stage === 'owned' ? Date.parse(migration.enteredAt) : undefined
  const data = toDataEvidence({
    ...{ order, status, lag, findings, ownedSince },
    ...{ lagWindowMs: profile.lagWindowMs, logWindowMs: profile.logWindowMs, verified: kept.verify },
  })
  return {
    ...(data === undefined ? {} : { data }),
    cutover: { ...toWriters(findings), ...toRehearsal(kept.rehearsal, order?.epoch) },
  }
}
