import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { DataSource } from 'typeorm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningAdmin, startAdmin, TOKENS } from '../admin/start-admin.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const WORKER_TOKEN = 'worker-token-for-examples'
const page = await readFile(join(import.meta.dirname, '../../docs/reference/service.md'), 'utf8')
const examples = new Map(
  page.split(/^## /m).flatMap((section) => {
    const code = /```ts\n([\s\S]*?)```/.exec(section)?.[1]
    return code === undefined ? [] : [[section.split('\n')[0] ?? '', code] as const]
  }),
)

let admin: RunningAdmin
let database: TestDatabase
let queue: TestDatabase
let dataSource: DataSource

beforeAll(async () => {
  admin = await startAdmin({ tokens: { ...TOKENS, worker: WORKER_TOKEN } })
  database = await createTestDatabase('examples')
  queue = await createTestDatabase('examples_queue')
  dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize()
  vi.stubEnv('STRANGLER_WORKER_TOKEN', WORKER_TOKEN)
  for (const sql of [
    'CREATE TABLE stock (sku text PRIMARY KEY)',
    'CREATE TABLE reservations (id text PRIMARY KEY)',
    'CREATE TABLE movements (id integer PRIMARY KEY)',
    'CREATE TABLE orders (id integer PRIMARY KEY, status text)',
    'CREATE TABLE stock_confirmations (payload jsonb)',
  ])
    await dataSource.query(sql)
})
afterAll(async () => {
  await dataSource.destroy()
  await Promise.all([admin.stop(), database.drop(), queue.drop()])
})

/** Runs an example as it stands on the page, but for the addresses; `result` is an expression over its names. */
async function run(title: string, names: Record<string, unknown>, result: string): Promise<unknown> {
  const code = stripTypeScriptTypes(
    examples.get(title) ?? `throw new Error('There is no example in ${title}')`,
  )
    .replaceAll(/^import (\{[^}]*\}|\w+) from '([^']+)'/gm, (_line, what: string, from: string) =>
      what.startsWith('{')
        ? `const ${what} = await load('${from}')`
        : `const ${what} = (await load('${from}')).default`,
    )
    .replaceAll('http://127.0.0.1:8081', admin.url)
    .replaceAll('postgres://inventory@127.0.0.1:5432/inventory', database.url)
    .replaceAll(
      "{ kind: 'redis', url: 'redis://127.0.0.1:6379' }",
      `{ kind: 'postgres', url: '${queue.url}' }`,
    )
  const load = (from: string) =>
    import(from === 'strangler-kit/service' ? '../../strangler/service.ts' : from)
  const known = { load, ...names }
  const body = `return (async () => {\n${code}\nreturn ${result}\n})()`
  return new Function(...Object.keys(known), body)(...Object.values(known))
}

describe('the examples of the page about services', () => {
  it('are all run here', () => {
    expect([...examples.keys()]).toEqual(['`whileOwner`', 'Dry runs', 'The applier', 'Events'])
  })

  it('follow the owner', async () => {
    expect(await run('`whileOwner`', { sweepReservations: () => undefined }, 'sweeping.isRunning()')).toBe(
      false,
    )
  })

  it('answer a shadow request without doing it', async () => {
    const names = {
      dataSource,
      mailer: { send: () => undefined },
      payments: { charge: async () => ({ status: 'charged' }) },
      placeOrder: () => undefined,
    }
    const app = (await run('Dry runs', names, '[app, sendMail, await charge()]')) as [
      unknown,
      unknown,
      unknown,
    ]
    expect(app).toEqual([expect.any(Function), expect.any(Function), { status: 'charged' }])
  })

  it('apply inside the service', async () => {
    await run('The applier', {}, 'applier')
    const guards = await dataSource.query(`SELECT FROM pg_trigger WHERE tgname = 'strangler_guard_reject'`)
    expect(guards).toHaveLength(3)
    for (const table of ['stock', 'reservations', 'movements']) await dataSource.query(`DROP TABLE ${table}`)
  })

  it('tell of events', async () => {
    const { followOwner } = await import('../../strangler/service.ts')
    const { whileOwner } = followOwner({ side: 'service', url: admin.url })
    expect(await run('Events', { dataSource, whileOwner }, 'await events.waiting()')).toMatchObject({
      deliveries: 1,
    })
  })
})
