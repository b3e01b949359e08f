import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAdminApi } from '../../strangler/admin/admin-api.ts'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { ADMIN_EXCHANGES } from '../../strangler/admin/admin-exchanges.ts'
import { roleOfAddress } from '../../strangler/admin/openapi.ts'
import { type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

interface Operation {
  readonly operationId: string
  readonly 'x-strangler-role': string
  readonly parameters?: readonly { readonly name: string }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> }
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>
}

let admin: RunningAdmin
let paths: Record<string, Record<string, Operation>>
let problemSchema: object
beforeAll(async () => {
  admin = await startAdmin()
  const { body } = await admin.call('GET', '/openapi.json', { token: TOKENS.viewer })
  paths = body.paths
  problemSchema = body.components.schemas.Problem
})
afterAll(() => admin.stop())

const operations = () =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ address: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path, operation },
    })),
  )
const documented = () => operations().map(({ address }) => address)

/** What Express answers to, of the real router. */
function listServed(): string[] {
  const router = createAdminApi({
    context: admin.options,
    requireRole: () => (_req, _res, next) => next(),
    onDecision: () => undefined,
  })
  const layers = router.stack as unknown as { route?: { path: string; methods: Record<string, boolean> } }[]
  return layers.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map((method) => `${method.toUpperCase()} /api${route.path}`),
  )
}

/** Every address that the client of CLI and dashboard asks, recorded by a server that refuses. */
async function listAsked(): Promise<Set<string>> {
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    asked.add(`${request.method} ${new URL(request.url ?? '', 'http://x').pathname}`)
    response.writeHead(500, { 'content-type': 'application/json' }).end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const client = createAdminClient({ url: `http://127.0.0.1:${port}`, token: TOKENS.operator })
  const changes = {
    changeHold: ['fence', 'release', 'abort'],
    changeSync: ['install', 'backfill', 'pause', 'resume', 'uninstall'],
  }
  for (const name of Object.keys(client) as (keyof AdminClient)[]) {
    const ask = client[name] as (...given: unknown[]) => Promise<unknown>
    const given = name in changes ? changes[name as keyof typeof changes].map((one) => [one, {}]) : [[{}]]
    for (const one of given) await ask(...one).catch(() => undefined)
  }
  server.close()
  return asked
}

describe('the OpenAPI document of the admin API', () => {
  it('is served to those who have a token', async () => {
    expect((await admin.call('GET', '/openapi.json')).status).toBe(401)
    const { status, body } = await admin.call('GET', '/openapi.json', { token: TOKENS.operator })
    expect({ status, openapi: body.openapi }).toEqual({ status: 200, openapi: '3.1.0' })
    expect(JSON.stringify(body)).not.toContain(TOKENS.operator)
  })

  it('has every route that is served, and no other', () => {
    const served = listServed()
    expect(served.length).toBeGreaterThan(35)
    expect(documented().sort()).toEqual(served.sort())
  })

  it('has everything that the command line and the dashboard ask', async () => {
    const asked = await listAsked()
    expect(asked.size).toBeGreaterThan(35)
    expect([...asked].filter((address) => !documented().includes(address))).toEqual([])
  })

  it('says who may ask: a viewer is refused exactly what it says is the operator’s', async () => {
    for (const { address, method, path, operation } of operations()) {
      const body = method === 'GET' ? {} : { body: {} }
      const { status } = await admin.call(method, path, { token: TOKENS.viewer, ...body })
      expect({ address, refused: status === 403 }).toEqual({
        address,
        refused: operation['x-strangler-role'] === 'operator',
      })
      expect(operation['x-strangler-role']).toBe(roleOfAddress(address))
    }
  })

  it('names each operation once, and holds only schemas that can be used', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    for (const { operation } of operations()) {
      expect(() => ajv.compile(operation.responses['200']!.content['application/json']!.schema)).not.toThrow()
      const body = operation.requestBody?.content['application/json']?.schema
      if (body !== undefined) expect(() => ajv.compile(body)).not.toThrow()
    }
  })

  it('describes what is really answered, refusals too', async () => {
    await admin.command('/api/routes/set', {
      endpoint: 'GET /api/inventory/:sku',
      setting: { mode: 'canary', percent: 5 },
    })
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    for (const path of ['/api/routes', '/api/history', '/api/proxies', '/api/holds', '/api/guide']) {
      const { status, body } = await admin.call('GET', path, { token: TOKENS.viewer })
      expect(status, path).toBe(200)
      const schema = paths[path]!['get']!.responses['200']!.content['application/json']!.schema
      const isAnswer = ajv.compile(schema)
      expect({ path, valid: isAnswer(body), errors: isAnswer.errors }).toEqual({
        path,
        valid: true,
        errors: null,
      })
      expect(isAnswer({ something: 'else' })).toBe(false)
    }
    const refused = await admin.call('POST', '/api/routes/set', { token: TOKENS.operator, body: {} })
    expect(refused.status).toBe(400)
    expect(ajv.compile(problemSchema)(refused.body)).toBe(true)
  })
})

it('the list of exchanges is what the page of the reference is written from', () => {
  expect(Object.keys(ADMIN_EXCHANGES).sort()).toEqual(documented().sort())
})
