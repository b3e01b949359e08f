import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express, { type Express } from 'express'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { createStrangler, type EmbeddedStrangler } from '../../strangler/express.ts'
import { valueFor } from '../conformance/tools/http-message.ts'
import { problemOf, RawClient } from '../conformance/tools/raw-client.ts'
import { RawUpstream } from '../conformance/tools/raw-upstream.ts'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { answerAs } from './proxy-stand.ts'

const MARK = 'x-strangler-parent-write'

let database: TestDatabase
let folder: string
let service: RawUpstream
let strangler: EmbeddedStrangler
let admin: AdminClient
let token: string

beforeAll(async () => {
  database = await createTestDatabase('express')
  folder = await mkdtemp(join(tmpdir(), 'strangler-express-'))
  service = await new RawUpstream(answerAs('service')).start()
  strangler = await createStrangler(
    {
      sides: { monolith: 'http://127.0.0.1:9', inventory: `http://${service.host}:${service.port}` },
      capabilities: {
        inventory: {
          endpoints: [
            { endpoint: 'GET /api/moved', mode: 'service' },
            { endpoint: 'POST /api/moved', mode: 'service' },
            'GET /api/here',
            'POST /api/here',
            { endpoint: 'GET /api/half', mode: 'canary=50' },
          ],
        },
        // The monolith owns its data, and answers for it when it fails.
        reports: {
          service: 'inventory',
          endpoints: [{ endpoint: 'GET /reports/:id', mode: 'service' }, 'POST /reports'],
        },
      },
      control: { url: database.url },
      proxy: { debugHeaders: true },
      directory: folder,
    },
    { adminPort: 0, logFile: join(folder, 'log') },
  )
  token = JSON.parse(await readFile(join(folder, 'tokens.json'), 'utf8')).operator
  admin = createAdminClient({ url: strangler.adminUrl ?? '', token })
})
afterAll(async () => {
  await strangler.stop()
  await strangler.stop()
  await service.stop()
  await rm(folder, { recursive: true, force: true })
  await database.drop()
})

/** A monolith with the kit in it: it answers with its name, the request's body, and what it was asked for. */
async function startApp(
  mount: (app: Express) => void,
): Promise<{ connect: () => Promise<RawClient>; app: Express }> {
  const app = express()
  mount(app)
  app.use((req, res) => {
    const marks = Object.entries(req.headers).filter(
      ([name]) => name.startsWith('x-strangler') || name.startsWith('x-corr'),
    )
    res.json({
      side: 'monolith',
      body: req.body ?? null,
      url: req.originalUrl,
      marks: Object.fromEntries(marks),
    })
  })
  const server: Server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { app, connect: () => RawClient.connect({ host: '127.0.0.1', port }) }
}

const startUsual = () =>
  startApp((app) => {
    app.use(strangler.middleware)
    app.use(express.json())
  })

const JSON_BODY = ['Content-Type: application/json', 'Content-Length: 9']
const BODY = '{"sku":1}'

describe('the middleware before the body parser', () => {
  it('leaves to the app what goes to the monolith, with its body', async () => {
    const client = await (await startUsual()).connect()
    for (const path of ['/api/here', '/unnamed']) {
      const answer = await client.exchange(`POST ${path} HTTP/1.1`, JSON_BODY, BODY)
      expect(JSON.parse(answer.text)).toMatchObject({ side: 'monolith', body: { sku: 1 }, url: path })
      expect(valueFor(answer.headers, 'x-strangler-target')).toBe('monolith')
    }
  })

  it('sends the service what is the service’s, with its body', async () => {
    const client = await (await startUsual()).connect()
    expect((await client.exchange('GET /api/moved HTTP/1.1')).text).toBe('service')
    const arrived = service.next()
    expect((await client.exchange('POST /api/moved HTTP/1.1', JSON_BODY, BODY)).text).toBe('service')
    expect((await (await arrived).body()).bytes.toString()).toBe(BODY)
  })

  it('gives a browser the kit’s cookie on both sides, so that it stays where it is', async () => {
    const { connect } = await startUsual()
    const client = await connect()
    const seen = new Set<string>()
    for (let at = 0; at < 30; at++) {
      const first = await client.exchange('GET /api/half HTTP/1.1', ['Sec-Fetch-Mode: navigate'])
      const cookie = valueFor(first.headers, 'set-cookie')?.split(';')[0]
      const again = await client.exchange('GET /api/half HTTP/1.1', [`Cookie: ${cookie}`])
      const sides = [first, again].map(({ headers }) => valueFor(headers, 'x-strangler-target'))
      expect(sides[0]).toBe(sides[1])
      seen.add(sides[0] ?? '')
    }
    expect(seen).toEqual(new Set(['monolith', 'inventory']))
  })

  it('hands the app no token and no forged mark, but the kit’s own mark of a write and the correlation id', async () => {
    const client = await (await startUsual()).connect()
    const given = [
      'X-Strangler-Token: secret',
      'X-Strangler-Target: service',
      `${MARK}: forged`,
      'X-Correlation-Id: c-1',
    ]
    const read = await client.exchange('GET /api/here HTTP/1.1', given)
    expect(JSON.parse(read.text).marks).toEqual({ 'x-correlation-id': 'c-1' })
    const written = await client.exchange('POST /api/here HTTP/1.1', [...given, 'Content-Length: 0'])
    expect(JSON.parse(written.text).marks[MARK]).toMatch(/^\d+\.inventory\./)
    expect(valueFor(written.headers, 'x-correlation-id')).toBe('c-1')
  })

  it('lets an operator’s token choose the service', async () => {
    const client = await (await startUsual()).connect()
    const headers = ['X-Strangler-Target: service', `X-Strangler-Token: ${token}`]
    expect((await client.exchange('GET /api/here HTTP/1.1', headers)).text).toBe('service')
  })
})

describe('the middleware behind the body parser', () => {
  const startLate = () =>
    startApp((app) => {
      app.use(express.json())
      app.use(strangler.middleware)
    })

  it('says with a code that the service would get a request without its body', async () => {
    const before = service.exchanges.length
    const answer = await (await (await startLate()).connect()).exchange(
      'POST /api/moved HTTP/1.1',
      JSON_BODY,
      BODY,
    )
    expect(problemOf(answer)).toMatchObject({ status: 500, code: 'STRANGLER_BODY_ALREADY_READ' })
    expect(service.exchanges).toHaveLength(before)
  })

  it('still leaves to the app what goes to the monolith', async () => {
    const answer = await (await (await startLate()).connect()).exchange(
      'POST /api/here HTTP/1.1',
      JSON_BODY,
      BODY,
    )
    expect(JSON.parse(answer.text)).toMatchObject({ side: 'monolith', body: { sku: 1 } })
  })

  it('still sends the service what has no body, even if somebody has read to the end', async () => {
    const { connect } = await startApp((app) => {
      app.use((req, _res, next) => void req.once('end', next).resume())
      app.use(strangler.middleware)
    })
    expect((await (await connect()).exchange('GET /api/moved HTTP/1.1')).text).toBe('service')
  })
})

describe('the middleware under a path', () => {
  it('decides by the whole path, and forwards it', async () => {
    const { connect } = await startApp((app) => app.use('/api', strangler.middleware))
    const client = await connect()
    const arrived = service.next()
    expect((await client.exchange('GET /api/moved?page=2 HTTP/1.1')).text).toBe('service')
    expect((await arrived).path).toBe('/api/moved?page=2')
    const here = await client.exchange('GET /api/here?page=2 HTTP/1.1')
    expect(JSON.parse(here.text)).toMatchObject({ side: 'monolith', url: '/api/here?page=2' })
    // Not under the path, so the kit never sees it.
    expect(
      valueFor((await client.exchange('GET /reports/1 HTTP/1.1')).headers, 'x-strangler-target'),
    ).toBeUndefined()
  })
})

describe('the app as the other way', () => {
  it('answers the read of a service that fails, and no write', async () => {
    service.script = (exchange) => exchange.socket.resetAndDestroy()
    onTestFinished(() => {
      service.script = answerAs('service')
    })
    const client = await (await startUsual()).connect()
    const read = await client.exchange('GET /reports/1 HTTP/1.1')
    expect([JSON.parse(read.text).side, valueFor(read.headers, 'x-strangler-reason')]).toEqual([
      'monolith',
      'FALLBACK',
    ])
    const written = await client.exchange('POST /api/moved HTTP/1.1', ['Content-Length: 0'])
    expect(problemOf(written)['code']).toBe('STRANGLER_UPSTREAM_RESET')
  })
})

describe('a hold in an app', () => {
  const hold = async (change: 'start' | 'release') => {
    const { version } = await admin.holds()
    const command = { capability: 'reports', expectedVersion: version }
    return change === 'start'
      ? admin.startHold({ ...command, forMs: 60_000 })
      : admin.changeHold(change, command)
  }

  it('keeps writes from next() until it is released, and counts the app’s own writes as in flight', async () => {
    const inApp = Promise.withResolvers<void>()
    const mayAnswer = Promise.withResolvers<void>()
    let entered = 0
    const { connect } = await startApp((app) => {
      app.use(strangler.middleware)
      app.post('/reports', async (_req, res) => {
        entered += 1
        inApp.resolve()
        await mayAnswer.promise
        res.send('written')
      })
    })
    const [first, second] = [await connect(), await connect()]
    first.send('POST /reports HTTP/1.1', ['Content-Length: 0'])
    await inApp.promise
    const { version } = await hold('start')
    const tableVersion = async () =>
      ((await (await fetch(`${strangler.adminUrl}/readyz`)).json()) as { tableVersion: number }).tableVersion
    await waitUntil(async () => (await tableVersion()) >= version, 'the app serves by the hold')
    const acknowledgements = async () => (await admin.holds()).holds[0]?.acknowledgedBy.length
    const heldGauge = async () => (await fetch(`${strangler.adminUrl}/metrics`)).text()
    second.send('POST /reports HTTP/1.1', ['Content-Length: 0'])
    await waitUntil(
      async () => (await heldGauge()).includes('strangler_held_writes{capability="reports"} 1'),
      'one waits',
    )
    expect(entered).toBe(1)
    expect(await acknowledgements()).toBe(0)
    mayAnswer.resolve()
    expect((await first.readAnswer()).text).toBe('written')
    await waitUntil(async () => (await acknowledgements()) === 1, 'the hold is acknowledged')
    expect(entered).toBe(1)
    await hold('release')
    const answer = await second.readAnswer()
    expect([answer.text, valueFor(answer.headers, 'x-strangler-reason')]).toEqual(['written', 'HELD'])
  })
})
