import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { KeptSample } from '../../strangler/core/comparison-store.ts'
import { openControlDatabase } from '../../strangler/state/control-database.ts'
import { type KitFolder, type KitProcess, makeKitFolder } from '../chaos/kit-stand.ts'
import { runMain } from '../cli/run-strangler.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

vi.setConfig({ testTimeout: 60_000 })
const ENDPOINT = 'GET /items/:id'
const ROOT = join(import.meta.dirname, '..', '..')
/** Each stands where a secret may stand, and must be nowhere in the control database. */
const CANARIES = {
  authorization: 'canary-authorization-7f3a',
  cookie: 'canary-cookie-7f3a',
  header: 'canary-header-7f3a',
  query: 'canary-query-7f3a',
  member: 'canary-member-7f3a',
  configured: 'canary-configured-7f3a',
  setCookie: 'canary-set-cookie-7f3a',
}

const closing: (() => void)[] = []

async function serve(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const side = (build: string, stock: number) => (req: IncomingMessage, res: ServerResponse) => {
  res.setHeader('x-build', build)
  res.setHeader('content-type', 'application/json')
  res.setHeader('set-cookie', `session=${CANARIES.setCookie}; Path=/`)
  const id = req.url?.split(/[/?]/)[2]
  res.end(
    JSON.stringify({
      id,
      stock,
      password: CANARIES.member,
      person: { born: CANARIES.configured },
      at: build,
    }),
  )
}

let database: TestDatabase
let folder: KitFolder
let kit: KitProcess
let serviceUrl: string

beforeAll(async () => {
  database = await createTestDatabase('compare')
  serviceUrl = await serve(side('s1', 4))
  folder = await makeKitFolder({
    sides: { monolith: await serve(side('m1', 3)), inventory: serviceUrl },
    capabilities: {
      inventory: {
        endpoints: [{ endpoint: ENDPOINT, mode: 'shadow' }],
        compare: { ignore: ['$.at'], mask: ['$.person.born'] },
      },
    },
    compare: { giveWay: false },
    control: { url: database.url },
  })
  kit = await folder.start(['--workers', '2'])
}, 60_000)
afterAll(async () => {
  await folder.remove()
  for (const close of closing) close()
  await database.drop()
})

const run = (...args: string[]) =>
  runMain(args, {
    STRANGLER_ADMIN_URL: kit.adminUrl,
    STRANGLER_TOKEN: 'operator-token-for-chaos',
    USER: 'tester',
  })

const report = async () => (await kit.admin.compareReport({ capability: 'inventory' })).capabilities[0]!

test('what two workers have compared is one report, with counts, intervals and builds', async () => {
  const headers = {
    authorization: `Bearer ${CANARIES.authorization}`,
    cookie: `sid=${CANARIES.cookie}`,
    'x-api-key': CANARIES.header,
  }
  await Promise.all(
    Array.from({ length: 40 }, async (_, id) => {
      const response = await fetch(`${kit.proxyUrl}/items/${id}?access_token=${CANARIES.query}&page=1`, {
        headers,
      })
      expect(await response.json()).toMatchObject({ stock: 3 })
    }),
  )
  await expect.poll(async () => (await report()).endpoints[0]?.mismatch, { timeout: 20_000 }).toBe(40)
  const { basis, differences, endpoints } = await report()
  expect(basis).toMatchObject({ monolithBuild: 'm1', serviceBuild: 's1' })
  expect(endpoints).toMatchObject([
    {
      endpoint: ENDPOINT,
      coverage: { count: 40, of: 40, share: 1 },
      rates: { raw: { count: 40 }, noise: { count: 0 }, net: { count: 40, of: 40 } },
      latency: { monolith: { p50Ms: expect.any(Number) }, service: { p99Ms: expect.any(Number) } },
      shapes: { seen: 1, covered: { count: 1 }, never: [] },
    },
  ])
  expect(differences).toMatchObject([
    { path: '$.stock', kind: 'value', verdict: 'real', differing: { count: 40 }, isSettled: true, weight: 1 },
  ])
  const { stdout } = await run('compare', 'report', ENDPOINT)
  expect(stdout).toMatch(/value \$\.stock +GET \/items\/:id +real +40 of 40 = 100 % \(91\.24–100\)/)
})

/** Every row that the kit has in the control database, as text. */
async function dumpControl(): Promise<string> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const tables = await client.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname LIKE 'strangler%'`,
  )
  let dump = ''
  for (const { name } of tables.rows) {
    const rows = await client.query(`SELECT t::text AS line FROM ${name} t`)
    dump += rows.rows.map(({ line }) => line).join('\n')
  }
  await client.end()
  return dump
}

test('no secret has reached the control database', async () => {
  const dump = await dumpControl()
  // The samples are there, and what is no secret is in them.
  expect(dump.includes('access_token=')).toBe(true)
  expect(dump.includes('stock')).toBe(true)
  for (const canary of Object.values(CANARIES)) expect(dump.includes(canary), canary).toBe(false)
})

test('twin: one that were kept as it came would be found', async () => {
  const [sample] = (await kit.admin.compareSamples({ endpoint: ENDPOINT })).samples
  const kept = (await kit.admin.compareSample(sample?.id ?? '')).sample
  const control = await openControlDatabase(database.url, { report: () => undefined })
  try {
    const headers = Object.values(CANARIES)
    const bare = { ...kept, id: 'twin', basis: 'twin', request: { ...kept.request, headers } }
    const nothing = { bases: [], tallies: [], differences: [], sets: [], shapes: [] }
    await control.comparisons.add({ ...nothing, samples: [bare as unknown as KeptSample] })
    const dump = await dumpControl()
    for (const canary of Object.values(CANARIES)) expect(dump.includes(canary), canary).toBe(true)
  } finally {
    await control.stop()
  }
})

test('a sample is shown side by side, asked again, and exported as a test that fails on the service', async () => {
  const [sample] = (await kit.admin.compareSamples({ endpoint: ENDPOINT })).samples
  const id = sample?.id ?? ''
  const shown = await run('compare', 'show', id)
  expect(shown.stdout).toMatch(/≠ +"stock": 3, +\| +"stock": 4,/)
  const again = await run('compare', 'replay', id, '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({
    differences: [{ path: '$.stock', primary: '3', shadow: '4' }],
  })

  const place = join(ROOT, '.strangler', `export-${process.pid}`)
  await mkdir(place, { recursive: true })
  try {
    const file = join(place, 'exported.test.ts')
    expect((await run('compare', 'export', id, '--out', file)).code).toBe(0)
    const vitest = (target: string) =>
      promisify(execFile)(
        process.execPath,
        [
          join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
          'run',
          '--root',
          place,
          '--configLoader',
          'runner',
        ],
        { env: { ...process.env, TARGET_URL: target, VITEST: '' } },
      )
    await expect(vitest(serviceUrl)).rejects.toMatchObject({ stderr: expect.stringContaining('$.stock') })
    await expect(vitest(await serve(side('s2', 3)))).resolves.toBeDefined()
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}, 60_000)

test('an accepted difference counts as accepted until it is rejected or expires, and is in the journal', async () => {
  const accept = ['compare', 'accept', ENDPOINT, '$.stock', '--owner', 'ana', '--because', 'counted anew']
  expect((await run(...accept, '--kind', 'value')).code).toBe(0)
  const { endpoints, differences } = await report()
  // It speaks for what was counted before, too.
  expect(endpoints[0]?.rates).toMatchObject({ accepted: { count: 40 }, net: { count: 0 } })
  expect(differences[0]).toMatchObject({ isAccepted: true })
  // So is every exchange that is kept of it, in the list and by itself.
  expect((await run('compare', 'samples')).stdout).toMatch(/ accepted +monolith/)
  const [accepted] = (await kit.admin.compareRules()).accepted
  expect(accepted).toMatchObject({ path: '$.stock', kind: 'value', owner: 'ana', isExpired: false })
  expect((await run('route', 'history')).stdout).toContain('is accepted by ana until')
  const missing = ['compare', 'accept', 'GET /nowhere', '$.x', '--owner', 'a', '--because', 'b']
  expect((await run(...missing)).code).toBe(2)
  expect((await run('compare', 'reject', accepted?.id ?? '')).code).toBe(0)
  expect((await report()).endpoints[0]?.rates.net.count).toBe(40)
  expect((await run('compare', 'samples', '--all')).stdout).toMatch(/ mismatch +monolith/)
  expect((await run('compare', 'rules')).stdout).toContain('ignore ["$.at"]')
})

test('a build that no header tells is told by an operator', async () => {
  expect((await run('deploy', 'service', 'inventory', 'v12')).code).toBe(0)
  expect((await run('deploy', 'service', 'nobody', 'v12')).code).toBe(2)
  expect((await run('route', 'history')).stdout).toContain('inventory: build v12')
})
