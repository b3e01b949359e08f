import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { type Kit, startKit } from '../../strangler/kit.ts'
import sample from '../../strangler.config.ts'
import { runMain } from '../cli/run-strangler.ts'
import { createHttpClient, type HttpClient } from '../sample/http-client.ts'
import { type Running, signIn, startShop } from '../sample/sample-shop.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

/** The sample monolith with nothing beside it, as on the first day: its report is slow and fails now and then. */
const SLOW_MS = 120_000
const TOKEN = 'operator-token-for-assess'
let shop: Running<Monolith>
let control: TestDatabase
let directory: string
let kit: Kit
let client: HttpClient

beforeAll(async () => {
  process.env['STRANGLER_OPERATOR_TOKEN'] = TOKEN
  shop = await startShop({ reportDelayMs: 300, reportFailureRate: 0.5, random: alternate() })
  control = await createTestDatabase('assess_control')
  directory = await mkdtemp(join(tmpdir(), 'strangler-assess-'))
  const { inventory, orders } = sample.capabilities ?? {}
  if (inventory === undefined || orders === undefined) throw new Error('The sample has changed.')
  const config = checkConfig({
    ...{ directory, control: { url: control.url } },
    sides: { monolith: { url: shop.url, database: shop.databaseUrl }, inventory: shop.url, orders: shop.url },
    capabilities: { inventory, orders: { ...orders, tables: ['orders', 'order_lines'] } },
    proxy: { accessLog: false },
  })
  kit = await startKit(config, { proxyPort: 0, adminPort: 0, logFile: join(directory, 'kit.log') })
  client = createHttpClient(kit.proxyUrl ?? '').as(await signIn(shop, 2))
}, SLOW_MS)
afterAll(async () => {
  await kit?.stop()
  await shop.stop()
  await control.drop()
  await rm(directory, { recursive: true, force: true })
})

function alternate(): () => number {
  let turn = 0
  return () => {
    turn += 1
    return turn % 2 === 0 ? 0.1 : 0.9
  }
}

const run = (...args: string[]) =>
  runMain(['assess', ...args], { STRANGLER_ADMIN_URL: kit.adminUrl ?? '', STRANGLER_TOKEN: TOKEN })

async function shopAround(until: Promise<unknown>): Promise<void> {
  let isOver = false
  void until.finally(() => {
    isOver = true
  })
  for (let turn = 0; !isOver; turn += 1) {
    const items = [{ sku: `SKU-0000${1 + (turn % 9)}`, quantity: 1 }]
    await client.post('/api/orders', { items }, { 'idempotency-key': `assess-${turn}` })
    await client.get(`/api/inventory/SKU-0000${1 + (turn % 9)}`)
    if (turn % 20 === 0) await client.get('/api/inventory/report')
  }
}

interface Ranked {
  readonly capability: string
  readonly benefit: { name: string; says: string }[]
  readonly cost: { name: string; says: string }[]
}

test(
  'the sample’s pain point is ranked by what was measured, and the orders that take stock are found before anything is installed',
  async () => {
    await shopAround(delay(2_500))
    const asking = run('--json')
    await shopAround(asking)
    const { code, stdout, stderr } = await asking
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const { facts, ranking } = JSON.parse(stdout) as { facts: { sessions: object[] }; ranking: Ranked[] }
    const inventory = ranking.find(({ capability }) => capability === 'inventory')
    const says = (parts: { name: string; says: string }[] = []) =>
      Object.fromEntries(parts.map((part) => [part.name, part.says]))
    expect(says(inventory?.benefit)).toMatchObject({
      latency: expect.stringMatching(/^GET \/api\/inventory\/report takes up to \d{3,} ms/),
      errors: expect.stringMatching(/^[1-9][\d.]* % of its requests fail/),
      traffic: expect.stringMatching(/% of all requests/),
      changes: expect.stringMatching(/% of the rows that are written/),
    })
    expect(says(inventory?.cost)).toMatchObject({
      'foreign-keys': expect.stringMatching(/foreign keys? cross(es)? its border \(.*products/),
      transactions: expect.stringMatching(
        /transactions change .*(inventory_stock|stock_movements|stock_reservation\w+) together with order/,
      ),
      size: expect.stringMatching(/rows in 5 tables are to be copied/),
    })
    expect(facts.sessions).toContainEqual({ role: 'postgres', application: 'shop' })
  },
  SLOW_MS,
)

test(
  'for people each number stands beside what it speaks for; a repository adds how often the code changes',
  async () => {
    const { code, stdout } = await run('--repo', await makeRepository())
    expect(code).toBe(0)
    expect(stdout).toMatch(/^1\. (inventory|orders) {2}\([+-]\d\.\d\d\)/)
    expect(stdout).toContain('what moving it would ease')
    expect(stdout).toContain('2 commits changed 1 of its files in a year')
    expect(stdout).toContain('postgres (shop)')
    const refused = await run('--repo', directory)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') })
  },
  SLOW_MS,
)

/** The history of a shop: its inventory was changed twice, its orders never. */
async function makeRepository(): Promise<string> {
  const place = join(directory, 'repository')
  await mkdir(join(place, 'src/inventory'), { recursive: true })
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', place, '-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', ...args], {
      stdio: 'pipe',
    })
  git('init', '-q')
  for (const text of ['one', 'two']) {
    await writeFile(join(place, 'src/inventory/stock.txt'), text)
    git('add', '-A')
    git('commit', '-q', '-m', text)
  }
  return place
}
