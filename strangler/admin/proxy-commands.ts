import { StranglerError } from '../core/errors.ts'
import { suggestNames } from '../core/nearest-names.ts'
import type { Registration } from '../core/words.ts'
import { leaseLeftMs } from '../core/worker-lease.ts'
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
 * A stale proxy's writes are stopped by the guards of the database. What a worker does besides is stopped by nothing but its lease, so
 * until that is over it may be working.
 */
function refuseLiving(found: Registration, now: number): void {
  const { id, seenAt, leaseMs = 0 } = found
  const leftMs = leaseLeftMs(found, now)
  if (leftMs <= 0) return
  throw new StranglerError(
    'STRANGLER_WORKER_ALIVE',
    `The worker ${id} was heard of at ${seenAt} and may work for ${leaseMs / 1_000} s from then on.`,
    { fix: `Stop it, or repeat the command in ${Math.ceil(leftMs / 1_000)} s.` },
  )
}

/**
 * Takes the registration of a proxy or worker away, so that a cut-over no longer waits for it. Journal first: when the removal fails, the
 * command can be repeated, and the reason stands.
 */
export async function evictProxy(
  context: AdminContext,
  command: EvictProxyCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { id, expectedVersion } = command
  await standAt(context, expectedVersion)
  const now = await context.registrations.now()
  const registrations = await context.registrations.list()
  const found = registrations.find((one) => one.id === id)
  if (found === undefined) {
    const ids = registrations.map((one) => one.id)
    throw new StranglerError('STRANGLER_UNKNOWN_PROXY', `Nobody is registered as "${id}".`, {
      fix: suggestNames(id, ids, 'strangler proxy list'),
    })
  }
  refuseLiving(found, now)
  const answer = await appendDecision(
    context,
    { kind: 'proxy.evicted', registration: id },
    { expectedVersion, author },
  )
  await context.registrations.remove(id)
  return answer
}
