import type { Endpoint, Reason, Side, UnitSource } from '../core/words.ts'
import { bucketOf, isInCanary } from './bucket.ts'
import { effectOf, type Route, type RouteTable, type TableCapability } from './compile-table.ts'
import { findUnit, type RequestIdentity } from './identity.ts'
import { isSuspicious, otherViews } from './path-views.ts'

/** Where one request goes, and why: enough to answer "why did this user get that answer" afterwards. */
export interface Decision {
  readonly route: Route | undefined
  readonly endpoint: Endpoint | undefined
  readonly target: Side
  /** The side to compare with, after the client was answered. */
  readonly shadowTo: Side | undefined
  readonly reason: Reason
  readonly bucket: number | undefined
  readonly unitSource: UnitSource | undefined
  readonly tableVersion: number
}

/** How far the copy of a capability's data is behind. Absent numbers mean: not known. */
export interface DataFreshness {
  lagMs(capability: string): number | undefined
  /** Whether the client's own latest write to the capability is applied on the other side; true when it has written nothing. */
  hasAppliedWrites(capability: TableCapability, identity: RequestIdentity): boolean
}

/** What may override the table for one request. */
export interface DecideOptions {
  /** Asked for by `x-strangler-target` with a valid operator token. */
  readonly forced?: Side | undefined
  /** Absent while no sync runs: then nothing is known, and canary reads of a capability with tables stay with the owner. */
  readonly data?: DataFreshness | undefined
}

/**
 * Decides where a request goes.
 * @param path as it will be forwarded, without the query
 * @returns `ambiguous` when an endpoint could match the path one way and the upstream read it another: refuse it with 400
 */
export function decide(
  table: RouteTable,
  request: { readonly method: string; readonly path: string },
  identity: RequestIdentity,
  options: DecideOptions = {},
): Decision | 'ambiguous' {
  const route = table.match(request.method, request.path)
  if (isSuspicious(request.path) && isAmbiguous(table, request.method, request.path, route))
    return 'ambiguous'
  if (route === undefined) return decision(table, undefined, 'monolith', 'STATIC')
  const isRead = effectOf(route, request.method) === 'read'
  if (options.forced !== undefined && (isRead || mayForceWrite(route, options.forced))) {
    return decision(table, route, options.forced, 'OVERRIDE')
  }
  const decided = decideByMode(table, route, identity)
  // A write is where its data is owned, or nowhere; only a read can be too early at a copy.
  return isRead ? guardFreshness(decided, identity, options.data) : shadowDryRun(stayWithOwner(decided))
}

/** Whatever the mode says of a `* /path`: data with two writers would be split. Only an operator who says `unsafe` may write elsewhere. */
function stayWithOwner(decided: Decision): Decision {
  const { route, target } = decided
  if (route === undefined || !route.capability.hasTables || route.override?.unsafe === true) return decided
  const { owner } = route.capability
  return target === owner ? decided : { ...decided, target: owner, shadowTo: undefined, reason: 'STATIC' }
}

function decideByMode(table: RouteTable, route: Route, identity: RequestIdentity): Decision {
  const { setting } = route
  if (setting.mode === 'canary') return decideCanary(table, route, setting.percent, identity)
  if (setting.mode === 'service') return decision(table, route, 'service', 'STATIC', shadowOfOwned(route))
  return decision(table, route, 'monolith', 'STATIC', setting.mode === 'shadow' ? 'service' : undefined)
}

/** After a cut-over the monolith keeps a copy, and is what the service is measured by. */
function shadowOfOwned({ capability }: Route): Side | undefined {
  return capability.hasTables && capability.owner === 'service' && !capability.isRetired
    ? 'monolith'
    : undefined
}

/** A write is shadowed only where its endpoint says that the service can run it dry, and never to the monolith, which cannot. */
function shadowDryRun(decided: Decision): Decision {
  const mayShadow = decided.shadowTo === 'service' && decided.route?.shadowWrites === 'dry-run'
  return mayShadow ? decided : { ...decided, shadowTo: undefined }
}

function isAmbiguous(table: RouteTable, method: string, path: string, route: Route | undefined): boolean {
  return otherViews(path).some((view) => table.match(method, view) !== route)
}

// An operator may look at either side, but one header must not write to the side that does not own the data.
function mayForceWrite({ capability }: Route, side: Side): boolean {
  return !capability.hasTables || capability.owner === side
}

function decideCanary(table: RouteTable, route: Route, percent: number, identity: RequestIdentity): Decision {
  const { capability } = route
  for (const rule of capability.targeting) {
    if (rule.matches(identity))
      return decision(table, route, rule.target, 'TARGETING_MATCH', otherSide(rule.target))
  }
  const unit = findUnit(identity, capability)
  const bucket = bucketOf(capability.salt, capability.name, unit.value)
  const target = isInCanary(bucket, percent) ? 'service' : 'monolith'
  return { ...decision(table, route, target, 'SPLIT', otherSide(target)), bucket, unitSource: unit.source }
}

/** Reads leave the owner's side only for a copy that is known to be fresh, and that has the client's own writes. */
function guardFreshness(
  decided: Decision,
  identity: RequestIdentity,
  data: DataFreshness | undefined,
): Decision {
  if (!isGuarded(decided)) return decided
  const { capability } = decided.route
  const lagMs = data?.lagMs(capability.name)
  if (lagMs === undefined || lagMs > capability.maxStalenessMs) return keepWithOwner(decided, 'STALE')
  if (data?.hasAppliedWrites(capability, identity) === false)
    return keepWithOwner(decided, 'READ_YOUR_WRITES')
  return decided
}

/** Whether a read is to leave the owner of its data for a copy. An operator's own word is not questioned. */
export function isGuarded(decided: Decision): decided is Decision & { readonly route: Route } {
  const { route, target, reason } = decided
  if (route === undefined || !route.capability.hasTables) return false
  return target !== route.capability.owner && reason !== 'OVERRIDE' && route.override?.unsafe !== true
}

/** A read goes to the owner after all; where a comparison was due, the copy is what it is compared with. */
export function keepWithOwner(decided: Decision, reason: 'STALE' | 'READ_YOUR_WRITES'): Decision {
  const shadowTo = decided.shadowTo === undefined ? undefined : decided.target
  return { ...decided, target: otherSide(decided.target), shadowTo, reason }
}

function otherSide(side: Side): Side {
  return side === 'monolith' ? 'service' : 'monolith'
}

function decision(
  table: RouteTable,
  route: Route | undefined,
  target: Side,
  reason: Reason,
  shadowTo?: Side,
): Decision {
  return {
    route,
    endpoint: route?.endpoint,
    target,
    shadowTo,
    reason,
    bucket: undefined,
    unitSource: undefined,
    tableVersion: table.version,
  }
}
