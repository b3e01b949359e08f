import { randomBytes } from 'node:crypto'
import { monolithAsServiceOf } from '../config/service-sides-at-monolith.ts'
import { StranglerError } from '../core/errors.ts'
import { describeMonolithAsService } from '../core/monolith-as-service.ts'
import { suggestNames } from '../core/nearest-names.ts'
import type { JournalEvent, ModeSetting } from '../core/words.ts'
import { checkToggle } from '../routing/check-toggle.ts'
import type { Route, RouteTable } from '../routing/compile-table.ts'
import type { ClearRouteCommand, CommandAnswer, SetRouteCommand } from './contracts.ts'
import { type AdminContext, type Author, appendDecision, type Position, standAt } from './present-state.ts'

/** Sets the mode of one endpoint. Setting what is set already changes nothing and is not journalled. */
export async function setRoute(
  context: AdminContext,
  command: SetRouteCommand,
  author: Author,
): Promise<CommandAnswer> {
  const setting = toSetting(command)
  const position = await standAt(context, command.expectedVersion)
  const route = findRoute(position.table, command.endpoint)
  const { name } = route.capability
  const copy = { order: position.state.syncs?.[name], lagMs: context.dataPosition?.lagMs(name) }
  const check = checkToggle(route, setting, { unsafe: command.unsafe, copy })
  if (!check.pass) throw new StranglerError('STRANGLER_TOGGLE_REFUSED', check.reason, { fix: check.fix })
  const warning = warnOf(context, name, setting)
  if (isSet(route, setting, command.unsafe))
    return { version: position.state.version, changed: false, ...warning }
  const event: JournalEvent = {
    kind: 'route.set',
    endpoint: route.endpoint.id,
    setting,
    ...firstSalt(position, route, setting),
    ...(command.unsafe ? { unsafe: true } : {}),
  }
  const { expectedVersion } = command
  return { ...(await appendDecision(context, event, { expectedVersion, author })), ...warning }
}

/** Nothing breaks where the monolith stands for a service, and whoever does not know it believes what is compared there. */
function warnOf({ config }: AdminContext, capability: string, { mode }: ModeSetting): { warning?: string } {
  const side = mode === 'monolith' ? undefined : monolithAsServiceOf(config, capability)
  if (side === undefined) return {}
  return {
    warning: `${describeMonolithAsService(side)} Give \`sides.${side}\` the address of the service, and start the kit again.`,
  }
}

/** Takes an operator's mode back: the endpoint is as the configuration says, also when the configuration no longer has it. */
export async function clearRoute(
  context: AdminContext,
  command: ClearRouteCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { state, table } = await standAt(context, command.expectedVersion)
  const typed = normaliseEndpoint(command.endpoint)
  const endpoint = Object.hasOwn(state.overrides, typed) ? typed : findRoute(table, typed).endpoint.id
  if (!Object.hasOwn(state.overrides, endpoint)) return { version: state.version, changed: false }
  const event: JournalEvent = { kind: 'route.cleared', endpoint }
  return appendDecision(context, event, { expectedVersion: command.expectedVersion, author })
}

function toSetting({ mode, percent }: SetRouteCommand): ModeSetting {
  return mode === 'canary' ? { mode, percent: percent ?? 0 } : { mode }
}

export function findRoute(table: RouteTable, typed: string): Route {
  if (typed.trim().startsWith('/')) throw withoutMethod(table, typed.trim())
  const id = normaliseEndpoint(typed)
  const found = table.routes.find((route) => route.endpoint.id === id)
  if (found !== undefined) return found
  const names = table.routes.map((route) => route.endpoint.id)
  throw new StranglerError('STRANGLER_UNKNOWN_ENDPOINT', `"${id}" is not an endpoint of the configuration.`, {
    fix: suggestNames(id, names, 'strangler route list'),
  })
}

function withoutMethod(table: RouteTable, path: string): StranglerError {
  const names = table.routes.map((route) => route.endpoint.id)
  const same = names.filter((name) => name.endsWith(` ${path}`)).map((name) => `"${name}"`)
  return new StranglerError(
    'STRANGLER_UNKNOWN_ENDPOINT',
    `"${path}" is a path without its method, and each method is an endpoint of its own.`,
    {
      fix:
        same.length > 0
          ? `Put the method before it: ${same.join(' or ')}.`
          : suggestNames(`GET ${path}`, names, 'strangler route list'),
    },
  )
}

/** `get  /api/x` is what people type, `GET /api/x` is the name. */
function normaliseEndpoint(typed: string): string {
  const [method = '', ...rest] = typed.trim().split(/\s+/)
  return [method.toUpperCase(), ...rest].join(' ')
}

function isSet({ override }: Route, setting: ModeSetting, unsafe: boolean): boolean {
  if (override === undefined || override.unsafe !== unsafe) return false
  const present = override.setting
  return present.mode === 'canary' && setting.mode === 'canary'
    ? present.percent === setting.percent
    : present.mode === setting.mode
}

// The buckets are fixed for the life of the rollout: only the first canary of a capability brings a salt.
function firstSalt({ state }: Position, { capability }: Route, setting: ModeSetting) {
  if (setting.mode !== 'canary' || state.salts[capability.name] !== undefined) return {}
  return { salt: { capability: capability.name, value: randomBytes(8).toString('hex') } }
}
