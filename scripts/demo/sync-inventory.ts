import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { SyncAnswer } from '../../strangler/admin/sync-contracts.ts'
import { look } from './walk.ts'

const CAPABILITY = 'inventory'
const LOOK_MS = 200
const GIVE_UP_MS = 120_000
const BECAUSE = 'the demo'

type Sync = SyncAnswer['syncs'][number]

/** Brings the inventory's rows into its service's database, while shoppers buy, and shows that they are the same. */
export async function syncInventory(client: AdminClient, say: (line: string) => void): Promise<void> {
  const before = await find(client)
  if ((await look(client, CAPABILITY)).stage === 'retired')
    return say('the inventory is retired: nothing is synced any more')
  // What an operator has said before stands: a paused sync stays paused.
  if (before.state === 'paused') return say('the data sync of inventory is paused, as you left it')
  if (before.state === 'not installed') {
    await change(client, 'install')
    await change(client, 'backfill')
  }
  const filled = await waitUntil(
    client,
    ({ epoch, live }) => live?.epoch === epoch && live?.backfill?.state !== 'running',
  )
  await client.verifySync({ capability: CAPABILITY })
  const { live } = await waitUntil(
    client,
    ({ live }) => live?.verify !== undefined && live.verify.state !== 'running',
  )
  say(describe(filled, live?.verify))
}

async function change(client: AdminClient, what: 'install' | 'backfill'): Promise<void> {
  const { version } = await client.routes()
  await client.changeSync(what, { capability: CAPABILITY, expectedVersion: version, because: BECAUSE })
}

function describe({ live }: Sync, verify: NonNullable<Sync['live']>['verify']): string {
  const { compared = 0, missing = 0, extra = 0, different = 0 } = verify ?? {}
  const wrong = missing + extra + different
  const copied = live?.backfill === undefined ? '' : `, ${live.backfill.rows} rows copied`
  if (verify?.state !== 'done')
    return `data sync of inventory${copied}; comparing failed: ${verify?.error ?? 'no result'}`
  return `data sync of inventory${copied}, ${compared} compared, ${wrong} different`
}

async function find(client: AdminClient): Promise<Sync> {
  const sync = (await client.syncs()).syncs.find(({ capability }) => capability === CAPABILITY)
  if (sync === undefined) throw new Error('The configuration names no tables for inventory.')
  return sync
}

async function waitUntil(client: AdminClient, isSo: (sync: Sync) => boolean): Promise<Sync> {
  for (const deadline = Date.now() + GIVE_UP_MS; ; await delay(LOOK_MS)) {
    const sync = await find(client)
    if (sync.live !== undefined && isSo(sync)) return sync
    if (Date.now() > deadline)
      throw new Error(`The sync of inventory does not get on: ${sync.problem ?? JSON.stringify(sync.live)}`)
  }
}
