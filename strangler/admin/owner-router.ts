import express, { type Request, type Router } from 'express'
import { z } from 'zod'
import { StranglerError } from '../core/errors.ts'
import type { Registration } from '../core/words.ts'
import { leaseLeftMs } from '../core/worker-lease.ts'
import type { RequireRole } from './authenticate.ts'
import { checkCapability } from './check-capability.ts'
import { requireJson } from './guard-request.ts'
import { describeOwner, type OwnerWatch } from './owner-watch.ts'
import { type AdminContext, findPosition, standNow } from './present-state.ts'

const BODY_LIMIT_BYTES = 16 * 1_024
/** Below the half minute after which proxies and load balancers give a silent connection up. */
const LONGEST_WAIT_MS = 25_000

const ownerQuestion = z.object({
  seen: z.string().max(200).optional(),
  waitMs: z.coerce.number().int().min(0).max(LONGEST_WAIT_MS).default(0),
})
const workerId = z.string().regex(/^[\w.@:-]{1,120}$/, {
  error: 'may have letters, digits and _ . @ : -, 120 at most',
})
const workerReport = z.strictObject({
  host: z.string().max(255),
  pid: z.int().min(0).max(2_147_483_647),
  leaseMs: z.int().min(1_000).max(3_600_000),
  acknowledged: z.array(z.string().max(100)).max(10),
})

export interface OwnerRouterOptions {
  readonly context: AdminContext
  readonly requireRole: RequireRole
  readonly watch: OwnerWatch
}

/**
 * Who owns a capability now: for the jobs and consumers of both sides, in any language. A worker that tells of itself is waited for by a
 * cut-over, and may work by the answer.
 */
export function createOwnerRouter({ context, requireRole, watch }: OwnerRouterOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const readBody = [requireJson, express.json({ limit: BODY_LIMIT_BYTES, inflate: false })]

  router.get('/:capability', requireRole('worker', 'viewer'), async (req, res) => {
    const capability = findCapability(context, req)
    const { seen, waitMs } = ownerQuestion.parse(req.query)
    const gone = new AbortController()
    res.once('close', () => gone.abort())
    const position = describeOwner(capability, await findPosition(context), context.clock())
    const mustWait = seen === position.tag && waitMs > 0
    const wait = { seen: position.tag, from: position, forMs: waitMs, signal: gone.signal }
    res.json(mustWait ? await watch.wait(wait) : position)
  })

  router.put('/:capability/workers/:id', requireRole('worker'), ...readBody, async (req, res) => {
    const capability = findCapability(context, req)
    const id = workerId.parse(req.params['id'])
    await keepRegistration(context, { id, capability, ...workerReport.parse(req.body) })
    // The journal is read after the registration says what it says: a hold that began before is seen here, and one that
    // begins later sees the registration. From memory alone both could be missed.
    res.json(describeOwner(capability, await standNow(context), context.clock()))
  })

  router.delete('/:capability/workers/:id', requireRole('worker'), async (req, res) => {
    findCapability(context, req)
    const id = workerId.parse(req.params['id'])
    const found = (await context.registrations.list()).find((one) => one.id === id)
    // The token of a worker takes no proxy away.
    if (found?.kind === 'worker') await context.registrations.remove(id)
    res.json({ removed: found?.kind === 'worker' })
  })
  return router
}

interface KeptWorker {
  readonly id: string
  readonly capability: string
  readonly host: string
  readonly pid: number
  readonly leaseMs: number
  readonly acknowledged: readonly string[]
}

async function keepRegistration(
  { registrations, currentState }: AdminContext,
  kept: KeptWorker,
): Promise<void> {
  const { id, capability, host, pid, leaseMs, acknowledged } = kept
  const now = await registrations.now()
  const known = (await registrations.list()).find((one) => one.id === id)
  const isOwn = known?.host === host && known.pid === pid
  if (known !== undefined && (!isOwn || known.capability !== capability)) refuseDouble(known, kept, now)
  const register = () => registrations.register({ id, host, pid, worker: { capability, leaseMs } })
  if (!isOwn || known.leaseMs !== leaseMs) await register()
  const progress = { tableVersion: currentState().version, holdsAcknowledged: acknowledged }
  if (await registrations.report(id, progress)) return
  await register()
  await registrations.report(id, progress)
}

/** Two that share a name would acknowledge for each other. One that has crashed is dead for certain when its lease is over. */
function refuseDouble(known: Registration, { id, capability }: KeptWorker, now: number): void {
  const what = known.capability === undefined ? 'a proxy' : `a worker of ${known.capability}`
  if (known.capability !== capability) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `"${id}" is ${what} already.`, {
      fix: 'Give each worker a name of its own.',
    })
  }
  const leftMs = leaseLeftMs(known, now)
  if (leftMs <= 0) return
  throw new StranglerError(
    'STRANGLER_WORKER_ALIVE',
    `"${id}" is ${what} on ${known.host} (process ${known.pid}), heard of at ${known.seenAt}.`,
    {
      fix: `Give each worker a name of its own. If that one has crashed, its name is free in ${Math.ceil(leftMs / 1_000)} s.`,
    },
  )
}

function findCapability(context: AdminContext, req: Request): string {
  const capability = String(req.params['capability'])
  checkCapability(context, capability)
  return capability
}
