import { vi } from 'vitest'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'

/** Takes so many steps of the guide, whatever its gates say; waits for the copy before they need it. */
export async function takeSteps(admin: AdminClient, capability: string, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) {
    const { capabilities, version } = await admin.guide({ capability })
    const next = capabilities[0]?.next
    if (next?.step === 'shadow') await waitForCopy(admin, capability)
    const closed = (next?.gates ?? []).filter(({ state }) => state !== 'pass')
    await admin.migrateNext({
      ...{ capability, expectedVersion: version, because: 'a test has no ten minutes' },
      override: closed.map(({ id }) => id),
      ...(next?.step === 'choose' ? { profile: 'demo' as const } : {}),
    })
  }
}

async function waitForCopy(admin: AdminClient, capability: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const sync = (await admin.syncs()).syncs.find((one) => one.capability === capability)
      if (sync?.live?.backfill?.state !== 'done') throw new Error(`not copied yet: ${JSON.stringify(sync)}`)
    },
    { timeout: 60_000, interval: 200 },
  )
  await admin.verifySync({ capability })
}
