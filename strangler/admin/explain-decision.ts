import type { ModeSetting, UnitSource } from '../core/words.ts'
import type { Route } from '../routing/compile-table.ts'
import type { Decision } from '../routing/decide.ts'

interface Asked {
  readonly method: string
  readonly path: string
  /** The bucket was computed from a cookie that the client would only now be given. */
  readonly isNewBrowser: boolean
}

/** A decision in one sentence or two, for people. */
export function explainDecision(decision: Decision, { method, path, isNewBrowser }: Asked): string {
  const { route, target } = decision
  if (route === undefined) return `${method} ${path} goes to the monolith: no capability names it.`
  const side = target === 'service' ? `the service (${route.capability.service})` : 'the monolith'
  const head = `${method} ${path} is ${route.endpoint.id} of ${route.capability.name} and goes to ${side}`
  const newcomer = isNewBrowser
    ? ' It carries no mark of its user: a browser is given a cookie with its first answer, so another one may go elsewhere.'
    : ''
  const held =
    route.capability.hold !== undefined && route.endpoint.effect === 'write'
      ? ` The writes of ${route.capability.name} are ${route.capability.hold.phase === 'fenced' ? 'fenced' : 'held'} at the moment, so it waits first.`
      : ''
  return `${head}: ${explainReason(decision, route)}.${newcomer}${held}`
}

function explainReason({ reason, bucket, unitSource, target }: Decision, route: Route): string {
  switch (reason) {
    case 'STATIC':
      return explainSetting(route)
    case 'SPLIT':
      return `${explainSetting(route)}, and its bucket ${bucket} of 10000 (${unitWords[unitSource ?? 'address']}) is ${target === 'service' ? 'inside' : 'outside'} the canary`
    case 'TARGETING_MATCH':
      return `a targeting rule of ${route.capability.name} in the configuration matches it`
    case 'STALE':
      return `the mode is ${showSetting(route.setting)}, but the copy of ${route.capability.name}’s data on the service is too old, or nobody keeps it`
    case 'READ_YOUR_WRITES':
      return 'this client has just written, and its write has not reached the other side yet'
    default:
      return `the reason is ${reason}`
  }
}

const unitWords: Record<UnitSource, string> = {
  header: 'from the configured header',
  cookie: 'from the configured cookie',
  claim: 'from the configured claim of the token',
  'kit-cookie': 'from the kit’s cookie',
  address: 'from the client’s address',
}

/** What really decided, which is not always what was said last. */
function explainSetting(route: Route): string {
  const { setting, override, decidedBy, capability, endpoint } = route
  if (decidedBy === 'owner') {
    const taken = endpoint.effect === 'write' ? 'so its writes go there' : 'so its reads follow'
    return `the ${setting.mode} owns the tables of ${capability.name}, ${taken}, whatever was set before`
  }
  if (decidedBy === 'stage') {
    const whose = route.effectByMethod ? '' : ` for ${endpoint.effect}s`
    return `the stage of ${capability.name}, ${capability.stage}, says ${showSetting(setting)}${whose}`
  }
  if (decidedBy === 'config' || override === undefined)
    return `the configuration says ${showSetting(setting)}`
  const because = override.because === undefined ? '' : ` because “${override.because}”`
  return `${override.by} set ${showSetting(setting)} at ${override.at} (version ${override.version})${because}`
}

function showSetting(setting: ModeSetting): string {
  return setting.mode === 'canary' ? `canary=${setting.percent}` : setting.mode
}
