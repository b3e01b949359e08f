import { Agent, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { type CountingSide, type KitFolder, type KitProcess, makeKitFolder, startSide } from './kit-stand.ts'

const TOGGLES = 1_000
const PROXIES = 4
const CLIENTS_EACH = 2
/** Between a client's requests: the load is steady, not all that the machine can do. */
const PAUSE_MS = 10
const READ = 'GET /items/:id'
const WRITE = 'POST /items'

let database: TestDatabase
let sides: CountingSide[]
let kit: KitFolder
let admin: KitProcess
let proxies: KitProcess[]

beforeAll(async () => {
  database = await createTestDatabase('toggles')
  sides = [await startSide('monolith'), await startSide('items')]
  kit = await makeKitFolder({
    sides: { monolith: sides[0]?.url, items: sides[1]?.url },
    capabilities: { items: { endpoints: [READ, WRITE] } },
    control: { url: database.url },
    proxy: { debugHeaders: true, accessLog: false },
  })
  admin = await kit.start(['--role', 'admin'])
  proxies = await Promise.all(
    Array.from({ length: PROXIES }, (_, at) => kit.start(['--role', 'proxy', '--name', `edge-${at}`])),
  )
}, 60_000)
afterAll(async () => {
  await kit.remove()
  await Promise.all(sides.map((side) => side.stop()))
  await database.drop()
})

interface Answer {
  readonly status: number
  readonly text: string
  readonly version: string | undefined
  readonly target: string | undefined
}

/** One request on a connection that is kept; `agent` has only one. */
function ask(url: string, agent: Agent, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const path = body === undefined ? '/items/1' : '/items'
    const out = request(new URL(path, url), { agent, method }, (res) => {
      let text = ''
      res.on('data', (chunk) => {
        text += chunk
      })
      res.on('error', reject)
      res.on('end', () => {
        const { 'x-strangler-table-version': version, 'x-strangler-target': target } = res.headers
        resolve({ status: res.statusCode ?? 0, text, version: version as string, target: target as string })
      })
    })
    out.on('error', reject)
    out.end(body)
  })
}

/** What the journal says each endpoint's side is, by version. */
type Sides = Map<number, Readonly<Record<typeof READ | typeof WRITE, string>>>

/** One thing that a client saw, in short, if it is wrong. */
function judge(
  answer: Answer,
  { endpoint, last, expected }: { endpoint: typeof READ | typeof WRITE; last: number; expected: Sides },
) {
  const version = Number(answer.version)
  const found: string[] = []
  if (answer.status !== 200) found.push(`status ${answer.status}`)
  if (!/^\d+$/.test(answer.version ?? '')) found.push(`version ${answer.version}`)
  if (answer.target !== answer.text) found.push(`${answer.target} answered as ${answer.text}`)
  const side = expected.get(version)?.[endpoint]
  if (answer.text !== side)
    found.push(`${endpoint} at version ${version} went to ${answer.text}, not ${side}`)
  if (version < last) found.push(`version ${version} after ${last}`)
  return found
}

interface Load {
  readonly failures: string[]
  readonly seen: { endpoint: typeof READ | typeof WRITE; answer: Answer; last: number }[]
  readonly sent: string[]
}

async function runClient(url: string, name: string, { load, isOver }: { load: Load; isOver: () => boolean }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let last = 0
  for (let at = 0; !isOver(); at++) {
    const body = at % 3 === 0 ? `${name}-${at}` : undefined
    if (body !== undefined) load.sent.push(body)
    try {
      const answer = await ask(url, agent, body)
      load.seen.push({ endpoint: body === undefined ? READ : WRITE, answer, last })
      last = Number(answer.version)
    } catch (error) {
      load.failures.push(String(error))
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  agent.destroy()
}

/** Flips one endpoint, then the other, and writes down what each version says. */
async function toggle(expected: Sides): Promise<number> {
  let version = (await admin.admin.routes()).version
  let state = { [READ]: 'monolith', [WRITE]: 'monolith' }
  expected.set(version, state)
  for (let count = 0; count < TOGGLES; count++) {
    const endpoint = count % 2 === 0 ? READ : WRITE
    const mode = state[endpoint] === 'monolith' ? 'service' : 'monolith'
    state = { ...state, [endpoint]: mode === 'service' ? 'items' : 'monolith' }
    expected.set(version + 1, state)
    version = (await admin.admin.setRoute({ endpoint, mode, expectedVersion: version })).version
  }
  return version
}

describe('1,000 toggles under load with four proxy processes', () => {
  it('fail no request, send each by one table, and reach every proxy', async () => {
    const load: Load = { failures: [], seen: [], sent: [] }
    const expected: Sides = new Map()
    let over = false
    const clients = proxies.flatMap(({ proxyUrl }, at) =>
      Array.from({ length: CLIENTS_EACH }, (_, client) =>
        runClient(proxyUrl, `${at}-${client}`, { load, isOver: () => over }),
      ),
    )
    const version = await toggle(expected).finally(() => {
      over = true
    })
    await Promise.all(clients)

    expect(load.failures).toEqual([])
    const wrong = load.seen.flatMap(({ endpoint, answer, last }) =>
      judge(answer, { endpoint, last, expected }),
    )
    expect(wrong).toEqual([])
    const bodies = sides.flatMap((side) => [...side.bodies])
    expect(
      bodies.filter(([, count]) => count !== 1),
      'bodies that arrived twice',
    ).toEqual([])
    expect(bodies.map(([body]) => body).sort()).toEqual(load.sent.toSorted())

    expect(version).toBe(TOGGLES)
    const versions = new Set(load.seen.map(({ answer }) => answer.version))
    expect(versions.size, 'the load and the toggles did not overlap').toBeGreaterThan(TOGGLES / 4)
    await waitUntil(async () => {
      const { proxies: rows } = await admin.admin.proxies()
      return rows.length === PROXIES && rows.every(({ tableVersion }) => tableVersion === version)
    }, 'every registration tells the last version')
    const agent = new Agent()
    for (const { proxyUrl } of proxies) expect((await ask(proxyUrl, agent)).version).toBe(String(version))
  }, 90_000)

  it('would be found wrong where one answer came by another table', () => {
    const expected: Sides = new Map([[7, { [READ]: 'items', [WRITE]: 'monolith' }]])
    const answer = { status: 200, text: 'items', version: '7', target: 'items' }
    const by = { endpoint: READ, last: 7, expected } as const
    expect(judge(answer, by)).toEqual([])
    expect(judge({ ...answer, text: 'monolith', target: 'monolith' }, by)).toHaveLength(1)
    expect(judge(answer, { ...by, endpoint: WRITE })).toHaveLength(1)
    expect(judge(answer, { ...by, last: 8 })).toHaveLength(1)
    expect(judge({ ...answer, version: '7, 8' }, by)).not.toEqual([])
  })

  it('leaves no process when they are stopped', async () => {
    const codes = await Promise.all([...proxies, admin].map((process) => process.stop()))
    expect(codes).toEqual(codes.map(() => 0))
  })
})
