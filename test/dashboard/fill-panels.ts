import { vi } from 'vitest'
import type { DashboardStand } from './stand.ts'

const [REFUSED, STRAY] = [101, 102]
const PATIENTLY = { timeout: 60_000, interval: 200 }

/** So that no panel is empty: a stray write, what a comparison finds of it, and a proxy that is gone. */
export async function fillPanels(stand: DashboardStand): Promise<void> {
  const { admin, monolith, service } = stand
  const rows = [REFUSED, STRAY].map((id) => `(${id}, 'sku-${id}', 5, 'plain')`)
  await monolith.pool.query(`INSERT INTO stock VALUES ${rows}`)
  await vi.waitFor(async () => {
    const { rowCount } = await service.pool.query('SELECT FROM stock WHERE id IN ($1, $2)', [REFUSED, STRAY])
    if (rowCount !== rows.length) throw new Error('not copied yet')
  }, PATIENTLY)
  await service.pool.query('ALTER TABLE stock ADD CONSTRAINT no_giants CHECK (quantity < 1000000)')
  await service.pool.query('UPDATE stock SET quantity = 6 WHERE id = $1', [STRAY])
  await admin.verifySync({ capability: 'inventory' })
  await vi.waitFor(async () => {
    const verify = (await readLive(stand))?.verify
    if (verify?.state !== 'done' || verify.different === 0) throw new Error(JSON.stringify(verify))
  }, PATIENTLY)
  await stand.leaveRegistration('proxy-0123456789ab')
}

/** For as long as somebody looks: while a row is refused the copy is behind, and the service gets no reads. */
export async function whileRefused(stand: DashboardStand, look: () => Promise<unknown>): Promise<void> {
  const write = (quantity: number) =>
    stand.monolith.pool.query('UPDATE stock SET quantity = $1 WHERE id = $2', [quantity, REFUSED])
  await write(2_000_000)
  try {
    await look()
  } finally {
    await write(5)
  }
  await vi.waitFor(async () => {
    const live = await readLive(stand)
    if (live?.entries !== 0) throw new Error(`not mended yet: ${JSON.stringify(live)}`)
  }, PATIENTLY)
}

async function readLive({ admin }: DashboardStand) {
  return (await admin.syncs()).syncs.find(({ capability }) => capability === 'inventory')?.live
}
