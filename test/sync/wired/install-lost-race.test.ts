import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { runMain } from '../../cli/run-strangler.ts'
import { readSchema, type ShopStand, startShop, TOKEN } from './shop-stand.ts'

vi.setConfig({ testTimeout: 60_000 })
let stand: ShopStand

beforeAll(async () => {
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  stand = await startShop({ role: 'sync' })
}, 60_000)
afterAll(() => stand.stop())

const run = (...args: string[]) =>
  runMain(args, { STRANGLER_ADMIN_URL: stand.kit.adminUrl ?? '', STRANGLER_TOKEN: TOKEN, USER: 'tester' })
const readSchemas = () => Promise.all([stand.monolith, stand.service].map(readSchema))
const readFindings = async () => {
  const { capabilities } = await stand.admin.diagnoseSync({ capability: 'stock' })
  return (capabilities[0]?.findings ?? []).filter(({ code }) => code === 'INSTALLED_UNASKED')
}

/** Holds the installation up at a table until somebody else has decided something. */
async function installWhileSomebodyDecides(mode: 'shadow' | 'monolith') {
  const blocker = await stand.monolith.connect()
  try {
    await blocker.query('BEGIN; LOCK TABLE price IN ROW EXCLUSIVE MODE')
    const installed = stand.command('install').then(
      () => undefined,
      (error: unknown) => error,
    )
    await expect.poll(() => readWaiting(), { timeout: 20_000, interval: 10 }).toBeGreaterThan(0)
    const { version } = await stand.admin.routes()
    await stand.admin.setRoute({ endpoint: 'GET /notes', mode, expectedVersion: version })
    await blocker.query('COMMIT')
    return await installed
  } finally {
    blocker.release()
  }
}

async function readWaiting(): Promise<number> {
  const { rows } = await stand.monolith.query(
    `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'price'::regclass`,
  )
  return rows[0].n
}

it('an installation that loses the race for the journal names what it leaves in the databases, and doctor finds it until somebody takes it into use or out', async () => {
  const before = await readSchemas()
  expect(await readFindings()).toEqual([])
  expect(await installWhileSomebodyDecides('shadow')).toMatchObject({
    code: 'STRANGLER_VERSION_CONFLICT',
    message: expect.stringContaining('The triggers of stock are in both databases by now'),
    fix: expect.stringContaining('strangler sync uninstall stock'),
  })
  expect((await run('sync', 'status')).stdout).toMatch(/stock +not installed/)
  const found = await readFindings()
  expect(found.map(({ side, severity }) => ({ side, severity }))).toEqual([
    { side: 'monolith', severity: 'warns' },
    { side: 'stock', severity: 'warns' },
  ])
  expect(found[0]?.reason).toMatch(
    /^\d+ triggers of the kit are on price, product, stock, and no sync of stock is installed$/,
  )
  expect((await run('doctor', 'stock')).stdout).toContain('`strangler sync uninstall stock` takes them out')

  await stand.command('install')
  expect(await readFindings()).toEqual([])
  await stand.command('uninstall')
  expect(await readSchemas()).toEqual(before)

  await installWhileSomebodyDecides('monolith')
  expect(await readFindings()).toHaveLength(2)
  await stand.command('uninstall')
  expect(await readFindings()).toEqual([])
  expect(await readSchemas()).toEqual(before)
})
