import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import type { CutoverAnswer } from '../../strangler/admin/cutover-contracts.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { Side } from '../../strangler/core/words.ts'
import { type Kit, type KitOptions, startKit } from '../../strangler/kit.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { TABLES } from './items.ts'
import { type ProxyProcess, startProxyProcess } from './proxy-process.ts'
import { openSideDatabase, type Row, type SideDatabase } from './side-database.ts'

export const TOKEN = 'operator-token-for-the-cutover'
const LONGEST_WAIT_MS = 60_000

/** A monolith and a service that write into their own databases, several proxies before them, and a kit that moves the ownership. */
export interface CutoverStand {
  readonly admin: AdminClient
  readonly kit: Kit
  /** What the kit and its proxies were started with. */
  readonly settings: object & { readonly directory: string }
  /** The kit ends and is started again; its address and the client of its admin API are other ones then. */
  restart(): Promise<void>
  readonly urls: { readonly control: string } & Readonly<Record<Side, string>>
  readonly databases: Readonly<Record<Side, pg.Pool>>
  /** One of the proxies each time, in turn. */
  proxyUrl(): string
  moveTo(side: Side): Promise<CutoverAnswer>
  rows(side: Side): Promise<Row[]>
  /** Until both databases hold the same. */
  settle(): Promise<Row[]>
  /** Who answers a read; else what was answered. */
  owner(): Promise<string>
  stop(): Promise<void>
}

export async function startCutoverStand(
  proxies = 2,
  options: KitOptions & { readonly kind?: 'postgres' | 'mariadb' } = {},
): Promise<CutoverStand> {
  const { kind = 'postgres', ...kitOptions } = options
  const control = await createTestDatabase('owner_control')
  const monolith = await openSideDatabase(kind, 'monolith')
  const service = await openSideDatabase(kind, 'service')
  const sides = {
    monolith: await serveSide('monolith', monolith),
    service: await serveSide('service', service),
  }
  const directory = await mkdtemp(join(tmpdir(), 'strangler-cutover-'))
  const settings = {
    sides: {
      monolith: { url: addressOf(sides.monolith), database: monolith.url },
      items: { url: addressOf(sides.service), database: service.url },
    },
    capabilities: {
      items: {
        endpoints: ['GET /items', 'POST /items', 'PUT /items'],
        tables: TABLES,
      },
    },
    proxy: { debugHeaders: true, accessLog: false },
    control: { url: control.url },
    directory,
    demo: true,
  }
  const config = checkConfig(settings)
  const ports = { proxyPort: 0, adminPort: 0 }
  const start = () => startKit(config, { ...ports, logFile: join(directory, 'kit.log'), ...kitOptions })
  let kit = await start()
  const others: ProxyProcess[] = []
  for (let index = 1; index < proxies; index += 1)
    others.push(await startProxyProcess(settings, `other-${index}`))
  const kits = () => [...others, kit]
  const clientOf = ({ adminUrl }: Kit) => createAdminClient({ url: adminUrl ?? '', token: TOKEN })
  let admin = clientOf(kit)
  const serving = () => kits().flatMap(({ proxyUrl }) => proxyUrl ?? [])
  let turn = 0
  const rows = (side: Side) => (side === 'monolith' ? monolith : service).rows()
  return {
    get admin() {
      return admin
    },
    get kit() {
      return kit
    },
    settings,
    async restart() {
      await kit.stop()
      kit = await start()
      admin = clientOf(kit)
    },
    urls: { monolith: monolith.url, service: service.url, control: control.url },
    databases: {
      get monolith() {
        return monolith.pool
      },
      get service() {
        return service.pool
      },
    },
    proxyUrl() {
      turn += 1
      const urls = serving()
      return urls[turn % urls.length] ?? ''
    },
    async moveTo(to) {
      const { version } = await admin.routes()
      return admin.cutOver({ capability: 'items', to, expectedVersion: version })
    },
    rows,
    settle: () => waitUntilSame(rows),
    async owner() {
      const answer = await fetch(`${kit.proxyUrl}/items`)
      const text = await answer.text()
      return answer.headers.get('x-side') ?? `${answer.status} ${text}`
    },
    async stop() {
      for (const one of kits()) await one.stop()
      for (const server of Object.values(sides)) {
        server.close()
        server.closeAllConnections()
      }
      await Promise.all([monolith.close(), service.close()])
      await Promise.all([monolith, service, control].map((database) => database.drop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Installs and fills the sync, and waits until the service is a copy. */
export async function fillCopy({ admin, settle }: Pick<CutoverStand, 'admin' | 'settle'>): Promise<void> {
  for (const change of ['install', 'backfill'] as const) {
    const { version } = await admin.routes()
    await admin.changeSync(change, { capability: 'items', expectedVersion: version })
  }
  await settle()
  for (const deadline = Date.now() + LONGEST_WAIT_MS; ; await delay(50)) {
    const { obstacles } = await admin.rehearseCutover({ capability: 'items', to: 'service' })
    if (obstacles.length === 0) return
    if (Date.now() > deadline) throw new Error(JSON.stringify(obstacles))
  }
}

async function waitUntilSame(rows: (side: Side) => Promise<Row[]>): Promise<Row[]> {
  for (const deadline = Date.now() + LONGEST_WAIT_MS; ; await delay(50)) {
    const [there, here] = await Promise.all([rows('monolith'), rows('service')])
    if (JSON.stringify(there) === JSON.stringify(here)) return there
    if (Date.now() > deadline) throw new Error(`They differ: ${there.length} and ${here.length} rows`)
  }
}

/** `POST /items` adds a number, `PUT /items` counts one up, `GET /items` says who answers. */
async function serveSide(side: Side, database: SideDatabase): Promise<Server> {
  const server = createServer((req, res) => {
    const answer = (status: number, text = '') => {
      res.writeHead(status, { 'x-side': side }).end(text)
    }
    const work = async () => {
      if (req.method === 'GET') return answer(200, side)
      const number = await readBody(req)
      const changed = await database.run(req.method === 'POST' ? 'add' : 'hit', number)
      answer(changed === 1 ? 200 : 404)
    }
    work().catch((error: Error) => answer(500, `${side}: ${error.message}`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function readBody(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
