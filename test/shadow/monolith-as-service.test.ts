import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isMonolithAt, monolithAsServiceOf } from '../../strangler/config/service-sides-at-monolith.ts'
import { type KitFolder, type KitProcess, makeKitFolder } from '../chaos/kit-stand.ts'
import { runMain } from '../cli/run-strangler.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

vi.setConfig({ testTimeout: 60_000 })
const LIST = 'GET /items'
const server = createServer((_req, res) => {
  res.writeHead(200, { 'content-type': 'application/json', 'x-build': 'm1' }).end('{"items":[1]}')
})
let database: TestDatabase
let folder: KitFolder
let kit: KitProcess
let monolith: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  monolith = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  database = await createTestDatabase('monolith_as_service')
  folder = await makeKitFolder({
    // As `init` writes it, until there is a service.
    sides: { monolith, inventory: `${monolith}/` },
    capabilities: { inventory: { endpoints: [LIST] } },
    control: { url: database.url },
  })
  kit = await folder.start([])
}, 60_000)
afterAll(async () => {
  await folder.remove()
  server.close()
  server.closeAllConnections()
  await database.drop()
})

const run = (...args: string[]) =>
  runMain(args, {
    STRANGLER_ADMIN_URL: kit.adminUrl,
    STRANGLER_TOKEN: 'operator-token-for-chaos',
    USER: 'tester',
  })
const OWN = "`sides.inventory` is the monolith's own address"

test('a toggle towards a service that is the monolith itself says so, with what mends it; one back to the monolith does not', async () => {
  for (const mode of ['shadow', 'canary=5', 'service', 'service']) {
    const { stdout } = await run('route', 'set', LIST, mode)
    expect(stdout).toContain(OWN)
    expect(stdout).toContain('Give `sides.inventory` the address of the service')
  }
  expect((await run('route', 'set', LIST, 'monolith')).stdout).not.toContain(OWN)
})

test('the report of the comparison says so before any number', async () => {
  const before = await run('compare', 'report', 'inventory')
  expect(before.stdout.split('\n')[0]).toContain(OWN)
  await run('route', 'set', LIST, 'shadow')
  await expect
    .poll(async () => {
      await (await fetch(`${kit.proxyUrl}/items`)).text()
      return (await kit.admin.compareReport({ capability: 'inventory' })).capabilities[0]?.basis
    })
    .toBeDefined()
  const after = await run('compare', 'report', 'inventory')
  expect(after.stdout.split('\n')[0]).toContain(OWN)
})

test('a check of the contract against the monolith passes, and does not count for the guide', async () => {
  // The recorder keeps what it has seen in times of its own, later than the comparison does.
  await expect
    .poll(async () => (await kit.admin.contract('inventory')).learnt, { timeout: 20_000 })
    .toBeDefined()
  const recorded = await kit.admin.recordContract('inventory')
  for (const target of [[], ['--target', monolith, '--report'], ['--target', `${monolith}/`, '--report']]) {
    const { code, stdout } = await run('contract', 'verify', 'inventory', ...target)
    expect(code, stdout).toBe(0)
    expect(stdout).toContain("That is the monolith's own address, and no service, so this does not count")
  }
  const task = { capability: 'inventory', digest: recorded.recorded?.digest ?? '', pass: true, failures: 0 }
  expect(await kit.admin.keepVerified({ ...task, build: 'm1' })).toEqual({ kept: false, because: 'monolith' })
  expect((await kit.admin.contract('inventory')).recorded?.verified).toBeUndefined()
})

test('an address is the monolith’s however its end is written, and another path, port or protocol is another one', () => {
  const sides = { monolith: { url: 'http://a:1/shop/' }, books: { url: 'http://a:1/shop' } } as never
  expect(monolithAsServiceOf({ sides, capabilities: {} }, 'books')).toBe('books')
  for (const other of ['http://a:2/shop', 'https://a:1/shop', 'http://a:1', 'http://b:1/shop', undefined])
    expect(isMonolithAt({ sides }, other), String(other)).toBe(false)
})
