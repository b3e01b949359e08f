import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runMain } from '../../cli/run-strangler.ts'
import { readBoth, readSchema, type ShopStand, startShop, TOKEN } from './shop-stand.ts'

const SLOW_MS = 60_000
let stand: ShopStand

beforeAll(async () => {
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-sync')
  // A process for the sync alone; jobs go through Redis where there is one.
  stand = await startShop({ role: 'sync' })
}, SLOW_MS)
afterAll(() => stand.stop())

const run = (...args: string[]) =>
  runMain(args, { STRANGLER_ADMIN_URL: stand.kit.adminUrl ?? '', STRANGLER_TOKEN: TOKEN, USER: 'tester' })

const readSchemas = ({ monolith, service }: ShopStand) => Promise.all([monolith, service].map(readSchema))

describe('strangler sync, against a process of the role sync', () => {
  it('serves no requests there', () => {
    expect(stand.kit.proxyUrl).toBeUndefined()
  })

  it(
    'installs, fills and shows a sync',
    async () => {
      const before = await readSchemas(stand)
      expect((await run('sync', 'status')).stdout).toMatch(/stock +not installed/)
      const installed = await run('sync', 'install', 'stock', '--because', 'a first try')
      expect(installed).toMatchObject({ code: 0, stderr: '' })
      expect(installed.stdout).toContain('The sync of stock is installed')
      const [monolith, service] = await readSchemas(stand)
      expect(monolith).not.toEqual(before[0])
      expect(service).not.toEqual(before[1])
      expect((await run('sync', 'install', 'stock')).stdout).toContain('was installed already')
      const filled = await run('sync', 'backfill', 'stock', '--json')
      expect(JSON.parse(filled.stdout)).toMatchObject({
        changed: true,
        entry: { by: 'operator:tester', event: { epoch: 2, backfill: true } },
      })
      await stand.statusWhen(({ live }) => live?.backfill?.state === 'done' && live.entries === 0)
      const { here, there } = await readBoth(stand)
      expect(there).toEqual(here)
      expect((await run('sync', 'status', 'stock')).stdout).toMatch(
        /stock +running +2 +0\.0 s +0 +done, 3,300 rows +0\n/,
      )
      const { syncs } = JSON.parse((await run('sync', 'status', 'stock', '--json')).stdout)
      expect(syncs).toHaveLength(1)
      expect(syncs[0].live).toMatchObject({ runsHere: true, quarantine: [] })
      expect((await run('sync', 'pause', 'stock')).stdout).toContain('is paused')
      expect((await run('sync', 'resume', 'stock')).stdout).toContain('goes on')
      expect((await run('route', 'history')).stdout).toContain('sync of stock: epoch 2, backfill')
      expect((await run('sync', 'uninstall', 'stock', '--unsafe')).stderr).toContain('--because')
      expect((await run('sync', 'uninstall', 'stock')).code).toBe(0)
      expect(await readSchemas(stand)).toEqual(before)
    },
    SLOW_MS,
  )

  it(
    'shows what could not be applied, and which row it was',
    async () => {
      await run('sync', 'install', 'stock')
      await stand.service.query('ALTER TABLE product ADD CHECK (length(title) < 20)')
      await stand.monolith.query(`INSERT INTO product VALUES ('wide', repeat('x', 30), 1)`)
      await stand.statusWhen(({ live }) => live?.quarantine.length === 1)
      const { stdout } = await run('sync', 'status', 'stock')
      expect(stdout).toMatch(/stock: refused: product \["wide"\], \d+ times?: .*product_title_check/)
      await stand.service.query('ALTER TABLE product DROP CONSTRAINT product_title_check')
      await stand.statusWhen(({ live }) => live?.quarantine.length === 0 && live.entries === 0)
    },
    SLOW_MS,
  )

  it(
    'compares, repairs what somebody has changed behind it, and explains a row, without showing values',
    async () => {
      expect(await run('sync', 'repair', 'stock')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('strangler sync verify stock'),
      })
      await run('sync', 'backfill', 'stock')
      await stand.statusWhen(({ live }) => live?.backfill?.state === 'done' && live.entries === 0)
      expect(await run('sync', 'verify', 'stock')).toMatchObject({ code: 0, stderr: '' })
      // As the applier, whom the guard lets through.
      await stand.service.query(`BEGIN; SET LOCAL strangler.apply = '1';
        UPDATE level SET available = -7 WHERE id = 5; DELETE FROM level WHERE id = 6; COMMIT`)
      const found = await run('sync', 'verify', 'stock')
      expect(found.code).toBe(3)
      expect(found.stdout).toMatch(/stock \["5"\]: different in available/)
      expect(found.stderr).toContain('1 row of stock is missing, 0 too many and 1 different')
      const explained = await run('sync', 'explain', 'stock', 'stock', '6')
      expect(explained.stdout).toContain('has diverged: it is missing in the target')
      expect((await run('sync', 'repair', 'stock')).stdout).toContain('2 rows of stock repaired')
      expect((await run('sync', 'verify', 'stock')).code).toBe(0)
      const { target } = JSON.parse((await run('sync', 'explain', 'stock', 'stock', '5', '--json')).stdout)
      expect(target.row.sku).toMatch(/^\(\d+ characters\)$/)
      expect((await run('sync', 'explain', 'stock', 'nowhere', '5')).code).toBe(2)
      const longer = await run('sync', 'explain', 'stock', 'stock', '5', 'BER')
      expect(longer).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('has 1 column (id), and 2 values came'),
      })
    },
    SLOW_MS,
  )

  it(
    'says of a comparison during a pause since when, by whom and why it is, how many rows wait, and what mends it',
    async () => {
      expect((await run('sync', 'pause', 'stock', '--because', 'a look at the tables')).code).toBe(0)
      // The journal has the pause at once, the sync a moment later: until then rows are still carried.
      const { code, stdout, stderr } = await vi.waitFor(
        async () => {
          await stand.monolith.query('UPDATE stock SET quantity = quantity + 1 WHERE id <= 42')
          const verified = await run('sync', 'verify', 'stock')
          expect(verified.stdout).toContain('42 more wait')
          return verified
        },
        { timeout: SLOW_MS / 2, interval: 100 },
      )
      expect(code).toBe(3)
      const since = String.raw`paused since \d{4}-\d\d-\d\d [\d:]+, by operator:tester, because “a look at the tables”`
      expect(stdout).toMatch(
        new RegExp(`42 more wait for a change that is not carried: the sync is ${since}`),
      )
      expect(stdout).not.toContain('all the time')
      expect(stdout.match(/stock \["\d+"\]: on its way/g)).toHaveLength(10)
      expect(stdout).toContain('… and 32 more')
      expect(stderr).toMatch(
        new RegExp(`^STRANGLER_SYNC_CONFLICT: .*42 rows of stock cannot be compared: the sync is ${since}`),
      )
      expect(stderr).toContain('`strangler sync resume stock` goes on with it')
      expect((await run('sync', 'status', 'stock')).stdout).toMatch(
        new RegExp(`stock: ${since}; .strangler sync resume stock. goes on`),
      )
      await run('sync', 'resume', 'stock')
      await stand.statusWhen(({ live, pause }) => live?.entries === 0 && pause === undefined)
      expect(await run('sync', 'verify', 'stock')).toMatchObject({ code: 0, stderr: '' })
    },
    SLOW_MS,
  )

  it('says why it refuses, what mends it, and ends with 3; a capability that is not there is 2', async () => {
    const refused = await run('sync', 'install', 'notes')
    expect(refused).toMatchObject({ code: 3, stdout: '' })
    expect(refused.stderr).toContain('Add a primary key to no_key.')
    expect(await run('sync', 'backfill', 'notes')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('strangler sync install notes'),
    })
    expect(await run('sync', 'pause', 'stok')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"stock"'),
    })
  })
})
