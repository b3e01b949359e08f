import { StranglerError } from '../core/errors.ts'
import { suggestNames } from '../core/nearest-names.ts'
import type { CommandAnswer, EvictProxyCommand, ProxiesAnswer } from './contracts.ts'
import { type AdminContext, type Author, appendDecision, findPosition, standAt } from './present-state.ts'

export async function listProxies(context: AdminContext): Promise<ProxiesAnswer> {
  const [{ state }, proxies] = await Promise.all([findPosition(context), context.registrations.list()])
  return {
    version: state.version,
    proxies: proxies.map((proxy) => ({ ...proxy, holdsAcknowledged: [...proxy.holdsAcknowledged] })),
  }
}

/**
 * Takes a proxy's registration away, so that a cut-over no longer waits for it. Journal first: when the removal fails, the
 * command can be repeated, and the reason stands.
 */
export async function evictProxy(
  context: AdminContext,
  command: EvictProxyCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { id, expectedVersion } = command
  await standAt(context, expectedVersion)
  const proxies = await context.registrations.list()
  if (!proxies.some((proxy) => proxy.id === id)) {
    const ids = proxies.map((proxy) => proxy.id)
    throw new StranglerError('STRANGLER_UNKNOWN_PROXY', `No proxy is registered as "${id}".`, {
      fix: suggestNames(id, ids, 'strangler proxy list'),
    })
  }
  const answer = await appendDecision(
    context,
    { kind: 'proxy.evicted', registration: id },
    { expectedVersion, author },
  )
  await context.registrations.remove(id)
  return answer
}
