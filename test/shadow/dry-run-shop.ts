import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { vi } from 'vitest'
import type { Service } from '../../extracted/platform/run-service.ts'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import type { ReportAnswer } from '../../strangler/admin/compare-contracts.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { CompareRules } from '../../strangler/core/compare-words.ts'
import { DRY_RUN_HEADER } from '../../strangler/core/dry-run-words.ts'
import { SHADOW_HEADER } from '../../strangler/core/shadow-mark.ts'
import { type Kit, startKit } from '../../strangler/kit.ts'
import shopConfig from '../../strangler.config.ts'
import { startTestRedis, type TestRedis } from '../marks/test-redis.ts'
import { DIALECT_VARIABLE } from '../sample/capture-shop.ts'
import { createHttpClient, type HttpClient } from '../sample/http-client.ts'
import { type Running, signIn, startInventory, startShop } from '../sample/sample-shop.ts'
import { dumpTables } from '../service/dry-run-stand.ts'
import { createTestDatabase } from '../support/postgres.ts'

const OPERATOR = 'operator-token-of-dry-runs'
const WORKER = 'worker-token-of-dry-runs'

export const GET = 'GET /api/inventory/:sku'
export const PUT = 'PUT /api/inventory/:sku'
export const ADJUST = 'POST /api/inventory/:sku/adjust'
export const RESERVE = 'POST /api/inventory/reservations'
export const CONFIRM = 'POST /api/inventory/reservations/:id/confirm'

/** Beside the sample's own rules: times are each side's own; so are ids, where a reservation is made. */
const RULES: CompareRules = {
  ...(shopConfig.capabilities?.['inventory']?.compare as CompareRules),
  placeholders: ['generatedAt', 'updatedAt', 'createdAt', 'expiresAt'].map((name) => ({
    ...{ path: `**.${name}`, pattern: 'timestamp' },
  })),
}
const IGNORED: CompareRules = { ignore: ['$.requestId'] }
const IDS: CompareRules = {
  ...IGNORED,
  aliases: [
    { path: '$.id', of: 'reservation' },
    { path: 'header:location', of: 'reservation' },
  ],
}

export interface DryRunShopOptions {
  readonly dialect: 'postgres' | 'mariadb'
  readonly redis: string
  readonly synced?: boolean
  /** What stands between the kit and the service: something that takes its dry run away. */
  readonly between?: (serviceUrl: string) => Promise<Stand>
  readonly service?: object
}

interface Stand {
  readonly url: string
  stop(): void
}

/** The sample shop, its inventory service with a queue for its events, and the real kit in front, which shadows the writes. */
export interface DryRunShop {
  readonly kit: Kit
  readonly admin: AdminClient
  readonly shop: Running<Monolith>
  readonly inventory: Running<Service>
  readonly redis: TestRedis
  /** Signed in as staff, through the proxy. */
  readonly staff: HttpClient
  /** Rows of every table, and what is in the queue. */
  dump(): Promise<{ readonly rows: unknown; readonly queue: unknown }>
  /** Requests that the service has sent to the shop. */
  readonly calls: string[]
  report(): Promise<ReportAnswer['capabilities'][number] | undefined>
  endpoint(name: string): Promise<ReportAnswer['capabilities'][number]['endpoints'][number] | undefined>
  stop(): Promise<void>
}

export async function startDryRunShop(options: DryRunShopOptions): Promise<DryRunShop> {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', OPERATOR)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-of-dry-runs')
  vi.stubEnv('STRANGLER_WORKER_TOKEN', WORKER)
  vi.stubEnv(DIALECT_VARIABLE, options.dialect)
  const releases: (() => unknown)[] = []
  const shop = await startShop({ sweepIntervalMs: 0 })
  releases.push(() => shop.stop())
  const redis = await startTestRedis(options.redis)
  releases.push(() => redis.stop())
  const { url: recordedUrl, calls, stop: stopRecorder } = await recordCalls(shop.url)
  releases.push(stopRecorder)
  const inventory = await startInventory(shop, {
    ...{
      stranglerWorkerToken: WORKER,
      eventQueueUrl: redis.url,
      monolithUrl: recordedUrl,
      sweepIntervalMs: 0,
    },
    ...options.service,
  })
  releases.push(() => inventory.stop())
  const stand = (await options.between?.(inventory.url)) ?? { url: inventory.url, stop: () => undefined }
  releases.push(() => stand.stop())
  const control = await createTestDatabase('dry_run_control')
  releases.push(() => control.drop())
  const directory = await mkdtemp(join(tmpdir(), 'strangler-dry-run-'))
  releases.push(() => rm(directory, { recursive: true, force: true }))
  const { tables = [] } = shopConfig.capabilities?.['inventory'] ?? {}
  const endpoint = (name: string, compare: CompareRules = {}) => ({
    ...{ endpoint: name, mode: 'shadow' as const, shadowWrites: 'dry-run' as const },
    compare: compare as never,
  })
  const config = checkConfig({
    sides: {
      monolith: { url: shop.url, database: shop.databaseUrl },
      inventory: { url: stand.url, database: inventory.databaseUrl },
    },
    capabilities: {
      inventory: {
        endpoints: [
          { endpoint: GET, mode: 'shadow', compare: IGNORED as never },
          endpoint(PUT, IGNORED),
          endpoint(ADJUST),
          endpoint(RESERVE, IDS),
          endpoint(CONFIRM, IGNORED),
        ],
        compare: RULES as never,
        ...(options.synced === true ? { tables } : {}),
      },
    },
    compare: { giveWay: false },
    control: { url: control.url },
    directory,
  })
  const kit = await startKit(config, { proxyPort: 0, adminPort: 0, logFile: join(directory, 'kit.log') })
  releases.push(() => kit.stop())
  const admin = createAdminClient({ url: kit.adminUrl ?? '', token: OPERATOR })
  const report = async () => (await admin.compareReport({ capability: 'inventory' })).capabilities[0]
  return {
    ...{ kit, admin, shop, inventory, redis, calls, report },
    staff: createHttpClient(kit.proxyUrl ?? '', await signIn(shop, 1)),
    dump: async () => ({ rows: await dumpTables(inventory.app.dataSource), queue: await dumpQueue(redis) }),
    endpoint: async (name) => (await report())?.endpoints.find((one) => one.endpoint === name),
    async stop() {
      for (const release of releases.reverse()) await release()
      vi.unstubAllEnvs()
    },
  }
}

/** The keys, and how many jobs were ever added: one that is done leaves only its trace in the stream. */
async function dumpQueue({ ask }: TestRedis): Promise<unknown> {
  const keys = (await ask('KEYS *')).split('\r\n').filter((line) => line.startsWith('bull:'))
  const streams = keys.filter((key) => key.endsWith(':events')).sort()
  return { keys: keys.sort(), streams: await Promise.all(streams.map((key) => ask(`XLEN ${key}`))) }
}

/** Stands before the shop and notes what it is asked; its key set is no effect of anything. */
async function recordCalls(target: string): Promise<Stand & { readonly calls: string[] }> {
  const calls: string[] = []
  const stand = await startBetween(target, ({ method, url = '' }) => {
    if (!url.startsWith('/.well-known/')) calls.push(`${method} ${url}`)
    return {}
  })
  return { ...stand, calls }
}

/** A service that says that it has run a write dry, and has carried it out. */
export const pretendDryRuns = (target: string): Promise<Stand> =>
  startBetween(target, ({ headers, method }) => {
    if (headers[SHADOW_HEADER] === undefined) return {}
    delete headers[SHADOW_HEADER]
    return { [DRY_RUN_HEADER]: method === 'HEAD' ? 'ready' : 'rolled-back' }
  })

/** @param look may change the request's headers; returns what is added to the answer's */
async function startBetween(
  target: string,
  look: (req: IncomingMessage) => Record<string, string>,
): Promise<Stand> {
  const server = createServer(async (req, res) => {
    const added = look(req)
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers
    const body = await buffer(req)
    const answer = await fetch(target + req.url, {
      ...{ method: req.method ?? 'GET', headers: headers as Record<string, string> },
      ...(body.length > 0 && { body }),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const {
      'content-encoding': _encoding,
      'transfer-encoding': _transfer,
      ...kept
    } = Object.fromEntries(answer.headers)
    res.writeHead(answer.status, { ...kept, ...added }).end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
