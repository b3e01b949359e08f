import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { verifyContract } from 'strangler-kit/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { createShadowMarks, SHADOW_HEADER } from '../../strangler/core/shadow-mark.ts'
import { deriveShadowSecret } from '../../strangler/core/shadow-secret.ts'
import sample from '../../strangler.config.ts'
import { runMain } from '../cli/run-strangler.ts'
import { type Running, setStock, signIn, startShop } from '../sample/sample-shop.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { recordContract } from './record-contract.ts'
import { type ExtractedService, linkPackages, startExtracted } from './run-extracted.ts'

const SLOW_MS = 90_000
const TOKEN = 'worker-token-of-the-extracted'
const BUILT = ['GET /api/inventory/warehouses', 'GET /api/inventory/:sku/movements']
let shop: Running<Monolith>
let database: TestDatabase
let folder: string
let service: ExtractedService
let document: Awaited<ReturnType<typeof recordContract>>
const out = () => join(folder, 'inventory')

beforeAll(async () => {
  shop = await startShop()
  database = await createTestDatabase('extracted')
  folder = await mkdtemp(join(tmpdir(), 'strangler-extract-'))
  const staff = shop.client.as(await signIn(shop, 1))
  // Movements to be seen.
  for (const sku of [1, 2, 3]) await setStock(staff, `SKU-0000${sku}`, 7 + sku)
  document = await recordContract('inventory', shop.url, {
    'GET /api/inventory': ['/api/inventory', '/api/inventory?page=2&pageSize=5'],
    'GET /api/inventory/warehouses': ['/api/inventory/warehouses'],
    'GET /api/inventory/:sku': [1, 2, 3].map((sku) => `/api/inventory/SKU-0000${sku}`),
    'GET /api/inventory/:sku/movements': [1, 2, 3].map((sku) => `/api/inventory/SKU-0000${sku}/movements`),
  })
  await writeFile(join(folder, 'contract.json'), JSON.stringify(document))
  const inventory = sample.capabilities?.['inventory']
  const sides = {
    monolith: { url: shop.url, database: shop.databaseUrl },
    inventory: { url: 'http://127.0.0.1:3001', database: database.url },
  }
  const config = `export default ${JSON.stringify({ sides, capabilities: { inventory } })}`
  await writeFile(join(folder, 'strangler.config.mjs'), config)
}, SLOW_MS)
afterAll(async () => {
  await service?.stop()
  await shop.stop()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

const extract = (...args: string[]) =>
  runMain(
    [
      'extract',
      'inventory',
      '--config',
      join(folder, 'strangler.config.mjs'),
      '--contract',
      join(folder, 'contract.json'),
      '--out',
      out(),
      ...args,
    ],
    {},
  )

test('a service is written from the tables and the contract; what is a plain read is answered, and nothing is replaced', async () => {
  const { code, stdout, stderr } = await extract('--json')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const { built, unbuilt, files } = JSON.parse(stdout)
  expect(built).toEqual(BUILT)
  expect(unbuilt).toHaveLength(12)
  expect(unbuilt).toContainEqual({
    endpoint: 'GET /api/inventory/:sku',
    because: 'its answer is not made of the rows of one table',
  })
  expect(files).toEqual(
    expect.arrayContaining(['.dockerignore', 'Dockerfile', 'contract.test.ts', 'main.ts']),
  )
  const again = await extract()
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('STRANGLER_FILE_EXISTS') })
})

test(
  'its code holds before the compiler, as the kit’s own does',
  async () => {
    await linkPackages(out())
    const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
    const checked = await promisify(execFile)(process.execPath, [tsc, '-p', out()]).catch((error) => error)
    expect(checked.stdout).toBe('')
  },
  SLOW_MS,
)

test(
  'it starts, makes its tables by the names of the configuration, and says how it is',
  async () => {
    service = await startExtracted(out(), {
      DATABASE_URL: database.url,
      STRANGLER_WORKER_TOKEN: TOKEN,
      BUILD: 'try-1',
    })
    const health = await fetch(`${service.url}/healthz`)
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok', database: 'up' }])
    const version = await fetch(`${service.url}/version`)
    expect(version.headers.get('x-build')).toBe('try-1')
    expect(await version.json()).toMatchObject({ name: 'inventory', build: 'try-1' })
    const pool = new pg.Pool({ connectionString: database.url })
    const { rows } = await pool.query(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'stock' ORDER BY 1",
    )
    await pool.end()
    expect(rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['on_hand', 'reserved', 'sku', 'warehouse']),
    )
  },
  SLOW_MS,
)

test(
  'its database is one that the sync can fill as it stands',
  async () => {
    const { code, stdout } = await runMain(
      ['doctor', 'inventory', '--config', join(folder, 'strangler.config.mjs'), '--json'],
      {},
    )
    const [{ findings }] = JSON.parse(stdout).capabilities
    expect(findings.filter(({ severity }: { severity: string }) => severity === 'blocks')).toEqual([])
    expect(code).toBe(0)
  },
  SLOW_MS,
)

test(
  'filled with the rows, it answers by the contract and as the monolith does; elsewhere it says 501',
  async () => {
    await copyRows(shop.databaseUrl, database.url)
    const { NOT_BUILT } = await import(pathToFileURL(join(out(), 'endpoints.ts')).href)
    const report = await verifyContract({
      document,
      target: service.url,
      skip: NOT_BUILT,
      parameters: { sku: ['SKU-00001', 'SKU-00002'] },
    })
    expect(report.failures).toEqual([])
    expect(
      report.endpoints
        .filter(({ outcome }) => outcome === 'passed')
        .map(({ endpoint }) => endpoint)
        .sort(),
    ).toEqual([...BUILT].sort())
    for (const path of ['/api/inventory/warehouses', '/api/inventory/SKU-00003/movements']) {
      const [there, here] = await Promise.all(
        [shop.url, service.url].map((url) =>
          fetch(url + path).then((answer) => answer.json() as Promise<{ items: object[] }>),
        ),
      )
      const sorted = (answer: { items: object[] } | undefined) =>
        answer?.items.map((item) => JSON.stringify(Object.entries(item).sort())).sort()
      expect(sorted(here)).toEqual(sorted(there))
      expect(Object.keys(here ?? {}).sort()).toEqual(Object.keys(there ?? {}).sort())
    }
    const unbuilt = [
      await fetch(`${service.url}/api/inventory/SKU-00001`),
      await fetch(`${service.url}/api/inventory/transfers`, { method: 'POST' }),
    ]
    expect(unbuilt.map(({ status }) => status)).toEqual([501, 501])
    // The contract knows no such parameter: an answer that passes over it would be a wrong one.
    expect((await fetch(`${service.url}/api/inventory/warehouses?open=1`)).status).toBe(501)
    expect((await fetch(`${service.url}/nowhere`)).status).toBe(404)
    const without = await verifyContract({
      document,
      target: service.url,
      parameters: { sku: ['SKU-00001'] },
    })
    expect(
      without.endpoints.filter(({ outcome }) => outcome === 'failed').map(({ endpoint }) => endpoint),
    ).toEqual(['GET /api/inventory', 'GET /api/inventory/:sku'])
  },
  SLOW_MS,
)

test(
  'shadowed writes are run dry in it, and its own contract test passes',
  async () => {
    const marks = createShadowMarks(deriveShadowSecret(TOKEN), Date.now)
    const shadowed = await fetch(`${service.url}/api/inventory/warehouses`, {
      headers: { [SHADOW_HEADER]: marks.sign('s1') },
    })
    expect(shadowed.headers.get('x-strangler-dry-run')).toBe('ready')
    const env = { PATH: process.env['PATH'], DATABASE_URL: database.url }
    const tested = await promisify(execFile)(process.execPath, ['--test', 'contract.test.ts'], {
      cwd: out(),
      env,
    }).catch((error) => error)
    expect(tested.stdout).toContain('passed GET /api/inventory/warehouses')
  },
  SLOW_MS,
)

test(
  'a signal ends it in order, and a database of another kind keeps it from starting',
  async () => {
    expect(await service.stop()).toBe(0)
    await expect(startExtracted(out(), { DATABASE_URL: 'mariadb://root@127.0.0.1/x' })).rejects.toThrow(
      /give --database-url/,
    )
    expect(await readFile(join(out(), 'Dockerfile'), 'utf8')).toMatch(/USER node[\s\S]*HEALTHCHECK/)
  },
  SLOW_MS,
)

/** As the sync does: by the mapping of the configuration. */
async function copyRows(from: string, to: string): Promise<void> {
  const [source, target] = [new pg.Pool({ connectionString: from }), new pg.Pool({ connectionString: to })]
  for (const entry of sample.capabilities?.['inventory']?.tables ?? []) {
    const {
      table,
      as = undefined,
      columns = {},
    } = typeof entry === 'string'
      ? { table: entry }
      : (entry as { table: string; as?: string; columns?: Record<string, string> })
    const { rows } = await source.query(`SELECT * FROM ${table}`)
    for (const row of rows) {
      const names = Object.keys(row)
      const here = names.map((name) => `"${columns[name] ?? name}"`).join(', ')
      const marks = names.map((_name, index) => `$${index + 1}`).join(', ')
      await target.query(`INSERT INTO ${as ?? table} (${here}) VALUES (${marks})`, Object.values(row))
    }
  }
  await Promise.all([source.end(), target.end()])
}
