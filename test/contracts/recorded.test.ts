import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KitFolder, type KitProcess, makeKitFolder } from '../chaos/kit-stand.ts'
import { runMain, runStrangler } from '../cli/run-strangler.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const CANARY = 'canary-value-7f3a'
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

type Item = Record<string, unknown>

/** A list, its entries, and a write; `present` is what a build makes of an entry. */
const side =
  (build: string, present: (item: Item) => Item = (item) => item) =>
  (req: IncomingMessage, res: ServerResponse) => {
    const [, , id] = (req.url ?? '').split(/[/?]/)
    const item = (sku: string) =>
      present({ sku, name: CANARY, price: 4.5, at: '2026-11-25T10:00:00Z', note: null })
    res.setHeader('x-build', build)
    res.setHeader('content-type', 'application/json')
    if (req.method === 'POST') return void res.writeHead(201).end(JSON.stringify(item('new')))
    if (req.url === '/items') return void res.end(JSON.stringify({ items: ['a-1', 'b-2'].map(item) }))
    if (id === 'nowhere') return void res.writeHead(404).end(JSON.stringify({ detail: 'gone' }))
    res.end(JSON.stringify(item(id ?? '')))
  }

let database: TestDatabase
let folder: KitFolder
let kit: KitProcess
let place: string
let broken: string

const run = (...args: string[]) =>
  runMain(args, {
    STRANGLER_ADMIN_URL: kit.adminUrl,
    STRANGLER_TOKEN: 'operator-token-for-chaos',
    USER: 'tester',
  })
const stateOf = async () => kit.admin.contract('inventory')

beforeAll(async () => {
  database = await createTestDatabase('contract')
  place = await mkdtemp(join(tmpdir(), 'strangler-contract-'))
  broken = await serve(side('s2', ({ note: _note, ...item }) => ({ ...item, price: String(item['price']) })))
  folder = await makeKitFolder({
    sides: { monolith: await serve(side('m1')), inventory: await serve(side('s1')) },
    capabilities: {
      inventory: {
        endpoints: [
          'GET /items',
          { endpoint: 'GET /items/:sku', mode: 'shadow' },
          'POST /items',
          'GET /items/:sku/log',
        ],
      },
    },
    control: { url: database.url },
    // What was asked all at once is counted.
    compare: { giveWay: false },
  })
  kit = await folder.start(['--workers', '2'])
}, 60_000)
afterAll(async () => {
  await folder?.remove()
  for (const close of closing) close()
  await rm(place, { recursive: true, force: true })
  await database?.drop()
})

test('nothing is recorded, and nothing verified, before anything was seen', async () => {
  const recorded = await run('contract', 'record', 'inventory', '--out', '-')
  expect(recorded).toMatchObject({ code: 3, stderr: expect.stringContaining('STRANGLER_CONTRACT_UNKNOWN') })
  expect((await run('contract', 'verify', 'inventory')).code).toBe(3)
  expect((await run('contract', 'record', 'nobody')).code).toBe(2)
})

test('what two workers have seen at all modes is one document, without a value, and states its evidence', {
  timeout: 60_000,
}, async () => {
  const ask = (path: string, init?: RequestInit) =>
    fetch(kit.proxyUrl + path, init).then((answer) => answer.text())
  // Connections of their own, so that both workers get some.
  await Promise.all(
    Array.from({ length: 24 }, async (_, at) => {
      await ask(`/items/sku-${at}?page=${at}`, { headers: { connection: 'close' } })
      await ask('/items', { headers: { connection: 'close' } })
    }),
  )
  await ask('/items/nowhere')
  for (const name of ['a', 'b', 'c'])
    await ask('/items', {
      method: 'POST',
      body: JSON.stringify({ name }),
      headers: { 'content-type': 'application/json' },
    })
  const counts = async () =>
    Object.fromEntries((await stateOf()).learnt?.endpoints.map((one) => [one.endpoint, one.exchanges]) ?? [])
  await expect
    .poll(counts, { timeout: 20_000 })
    .toEqual({ 'GET /items': 24, 'GET /items/:sku': 25, 'POST /items': 3 })

  const file = join(place, 'inventory.json')
  const { stdout, code } = await run('contract', 'record', 'inventory', '--out', file)
  expect(code).toBe(0)
  expect(stdout).toContain('tells 3 endpoints, from 52 answers of build m1')
  expect(stdout).toContain('Not seen yet, and so not in it: GET /items/:sku/log')
  const text = await readFile(file, 'utf8')
  expect(JSON.parse(text)).toMatchObject({
    openapi: '3.1.0',
    info: { title: 'inventory', version: 'm1' },
    paths: {
      '/items': {
        post: {
          requestBody: { content: { 'application/json': { schema: { required: ['name'] } } } },
          responses: { 201: {} },
        },
      },
      '/items/{sku}': {
        get: {
          parameters: [
            { name: 'sku', in: 'path' },
            { name: 'page', in: 'query', schema: { type: 'integer' } },
          ],
          responses: {
            200: {
              content: {
                'application/json': {
                  schema: {
                    required: ['at', 'name', 'note', 'price', 'sku'],
                    properties: {
                      at: { format: 'date-time' },
                      note: { type: 'null' },
                      price: { type: 'number' },
                    },
                  },
                },
              },
            },
            404: {},
          },
        },
      },
    },
  })
  expect(text).not.toContain(CANARY)
  expect(text).not.toContain('sku-1')
})

test('no value has reached the control database with the contract', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query(
    `SELECT shape::text AS text FROM strangler_control.contract_shapes
     UNION ALL SELECT document::text FROM strangler_control.contracts`,
  )
  await client.end()
  expect(rows.length).toBe(4)
  for (const { text } of rows) expect(text).not.toMatch(new RegExp(`${CANARY}|sku-\\d|2026-11`))
})

test('the service of the configuration is checked by what was recorded, and the guide can read what came of it', async () => {
  const verified = await run('contract', 'verify', 'inventory')
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/GET \/items\/:sku +passed +2/) })
  const { recorded } = await stateOf()
  expect(recorded).toMatchObject({
    build: 'm1',
    endpoints: 3,
    verified: { pass: true, failures: 0, build: 's1' },
  })
  // The same document again leaves the check standing; it is the same evidence.
  await run('contract', 'record', 'inventory', '--out', '-')
  expect((await stateOf()).recorded?.verified).toMatchObject({ pass: true })
  const stale = { capability: 'inventory', digest: '0'.repeat(24), pass: true, failures: 0, build: 's9' }
  expect(await kit.admin.keepVerified(stale)).toEqual({ kept: false, because: 'another-contract' })
  expect((await stateOf()).recorded?.verified?.build).toBe('s1')
})

test('the CI of a service tells the guide of a build that answers nobody yet', async () => {
  const inCi = await serve(side('s3'))
  const report = (target: string) => run('contract', 'verify', 'inventory', '--target', target, '--report')
  expect((await report(inCi)).code).toBe(0)
  expect((await stateOf()).recorded?.verified).toMatchObject({ pass: true, failures: 0, build: 's3' })
  expect((await report(broken)).code).toBe(3)
  expect((await stateOf()).recorded?.verified).toMatchObject({ pass: false, failures: 4, build: 's2' })
  expect((await report('nowhere')).code).toBe(2)
})

test('without the kit: a service that keeps the contract passes, one that has changed a type and lost a member fails with each', async () => {
  const file = join(place, 'inventory.json')
  const nowhere = { env: { STRANGLER_ADMIN_URL: 'http://127.0.0.1:1' } }
  const good = await serve(side('s1'))
  const passing = await runStrangler(['contract', 'verify', '--target', good, '--contract', file], nowhere)
  expect(passing).toMatchObject({ code: 0, stderr: '' })
  const failing = await runStrangler(
    ['contract', 'verify', '--target', broken, '--contract', file, '--json'],
    nowhere,
  )
  expect(failing.code).toBe(3)
  const { failures, build } = JSON.parse(failing.stdout)
  expect(build).toBe('s2')
  expect(failures).toEqual([
    { endpoint: 'GET /items', status: 200, path: '$.items[].note', expected: 'a member', found: 'nothing' },
    {
      endpoint: 'GET /items',
      status: 200,
      path: '$.items[].price',
      expected: 'number',
      found: 'another type',
    },
    { endpoint: 'GET /items/:sku', status: 200, path: '$.note', expected: 'a member', found: 'nothing' },
    { endpoint: 'GET /items/:sku', status: 200, path: '$.price', expected: 'number', found: 'another type' },
  ])
  expect(JSON.parse(failing.stderr)).toMatchObject({ code: 'STRANGLER_CONTRACT_BROKEN' })
}, 60_000)

test('values come from the caller, from examples, or from what the target lists; without one an endpoint fails as not asked', async () => {
  const file = join(place, 'inventory.json')
  const empty = await serve((req, res) => {
    res.setHeader('content-type', 'application/json')
    if (req.url === '/items') return void res.end('{"items":[]}')
    side('s1')(req, res)
  })
  const verify = (...args: string[]) =>
    run('contract', 'verify', '--target', empty, '--contract', file, ...args)
  expect(await verify()).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/GET \/items\/:sku request: expected a value for sku/),
  })
  expect((await verify('--param', 'sku=a-1')).code).toBe(0)
  expect((await verify('--skip', 'GET /items/:sku')).stdout).toMatch(/GET \/items\/:sku +skipped/)
  // A 404 is by the contract, and proves nothing by itself.
  expect(await verify('--param', 'sku=nowhere')).toMatchObject({
    code: 3,
    stdout: expect.stringContaining('expected 200 at least once, found only 404'),
  })
  const examples = join(place, 'examples.json')
  const write = (status: number) =>
    writeFile(examples, JSON.stringify({ 'GET /items/:sku': [{ path: { sku: 'nowhere' }, status }] }))
  await write(404)
  expect((await verify('--examples', examples)).code).toBe(0)
  await write(200)
  expect((await verify('--examples', examples)).code).toBe(3)
  expect((await run('contract', 'verify', '--target', 'nowhere', '--contract', file)).code).toBe(2)
  expect((await run('contract', 'verify', '--target', empty, '--contract', examples)).code).toBe(3)
  expect(
    (await run('contract', 'verify', '--target', 'http://127.0.0.1:1', '--contract', file)).stdout,
  ).toContain('expected an answer, found bad port')
})
