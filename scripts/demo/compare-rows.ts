import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { SyncAnswer } from '../../strangler/admin/sync-contracts.ts'

/** Some seconds; on a machine that is very busy more. */
const VERIFY_MS = 120_000

/** What both sides hold, of every capability that is synced at that moment. */
export interface ComparedRows {
  readonly rowsVerified: number
  readonly diverged: number
  readonly strayWrites: number
}

type Live = NonNullable<SyncAnswer['syncs'][number]['live']>

/**
 * Compares every row of both databases, of both capabilities, whoever owns them by now.
 * @throws Error where a comparison fails, or does not end
 */
export async function compareRows(client: AdminClient): Promise<ComparedRows> {
  const installed = (await client.syncs()).syncs.filter(({ state }) => state === 'running')
  for (const { capability } of installed) await client.verifySync({ capability })
  const live = await waitForRows(
    client,
    installed.map(({ capability }) => capability),
  )
  const verified = live.map(({ verify }) => verify)
  return {
    rowsVerified: sum(verified.map((one) => one?.compared ?? 0)),
    diverged: sum(verified.map((one) => (one?.missing ?? 0) + (one?.extra ?? 0) + (one?.different ?? 0))),
    strayWrites: sum(live.flatMap(({ strayWrites }) => strayWrites.map(({ count }) => count))),
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

async function waitForRows(client: AdminClient, capabilities: readonly string[]): Promise<Live[]> {
  for (const deadline = Date.now() + VERIFY_MS; ; await delay(200)) {
    const { syncs } = await client.syncs()
    const live = syncs.flatMap((one) => (capabilities.includes(one.capability) ? (one.live ?? []) : []))
    const failed = live.find(({ verify }) => verify?.state === 'failed')
    if (failed !== undefined) throw new Error(`The comparison of all rows failed: ${failed.verify?.error}`)
    const isDone = live.every(({ verify }) => verify?.state === 'done')
    if (isDone && live.length === capabilities.length) return live
    if (Date.now() > deadline) throw new Error('The comparison of all rows did not come to its end.')
  }
}
