import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { buildDashboard } from '../../scripts/build-dashboard.ts'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { type AdminTokens, loadTokens } from '../../strangler/admin/tokens.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { Config, ConfigInput } from '../../strangler/config/schema.ts'
import { type Kit, startKit } from '../../strangler/kit.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { type Side, startSide } from './sides.ts'

/** The real kit with the built dashboard, between a monolith and a service that have databases. */
export interface DashboardStand {
  readonly url: string
  readonly proxyUrl: string
  readonly tokens: AdminTokens
  readonly admin: AdminClient
  readonly monolith: Side
  readonly service: Side
  /** Puts so many decisions into the journal. */
  fillJournal(lines: number): Promise<void>
  /** As a proxy does that dies without a word, three minutes ago. */
  leaveRegistration(id: string): Promise<void>
  /** Ends the kit and starts it anew at the same ports. */
  restart(whileAway?: () => Promise<void>): Promise<void>
  stop(): Promise<void>
}

export interface StandOptions {
  readonly capabilities?: ConfigInput['capabilities']
  readonly isBugged?: boolean
  /** A header of each side’s answers. */
  readonly links?: Readonly<Record<'monolith' | 'service', string>>
  /** Every exchange is compared, however busy the machine is. */
  readonly comparesAll?: boolean
  /** Requests run through the proxy all the time. */
  readonly traffic?: boolean
}

export const READ = 'GET /api/stock/:id'
export const LIST = 'GET /api/stock'
const CAPABILITIES: ConfigInput['capabilities'] = {
  catalogue: { service: 'inventory', endpoints: [LIST] },
  inventory: {
    endpoints: [READ, 'POST /api/stock/:id'],
    tables: ['stock'],
    writers: [{ role: 'postgres', because: 'the sides of this stand' }],
  },
}

export async function startStand(options: StandOptions = {}): Promise<DashboardStand> {
  await buildDashboard()
  const databases = await Promise.all(['shop', 'stock', 'control'].map(createTestDatabase))
  const [monolithUrl = '', serviceUrl = '', controlUrl = ''] = databases.map(({ url }) => url)
  const directory = await mkdtemp(join(tmpdir(), 'strangler-dashboard-'))
  const { isBugged = false, links } = options
  const monolith = await startSide(monolithUrl, {
    ...{ name: 'monolith', rows: true, isBugged: false, link: links?.monolith },
  })
  const service = await startSide(serviceUrl, {
    ...{ name: 'service', rows: false, isBugged, link: links?.service },
  })
  const config = checkConfig({
    demo: true,
    sides: {
      monolith: { url: monolith.url, database: monolithUrl, metrics: '/metrics' },
      inventory: { url: service.url, database: serviceUrl, metrics: '/metrics' },
    },
    capabilities: options.capabilities ?? CAPABILITIES,
    control: { url: controlUrl },
    proxy: { accessLog: false },
    compare: { giveWay: options.comparesAll !== true },
    directory,
  })
  let running = await openKit(config, directory, { proxyPort: 0, adminPort: 0 })
  const ports = {
    proxyPort: Number(new URL(running.kit.proxyUrl ?? '').port),
    adminPort: Number(new URL(running.kit.adminUrl ?? '').port),
  }
  const traffic = options.traffic === true ? startTraffic(running.kit.proxyUrl ?? '') : undefined
  return {
    url: `${running.kit.adminUrl}/dashboard/`,
    proxyUrl: running.kit.proxyUrl ?? '',
    ...{ monolith, service, tokens: running.tokens },
    get admin() {
      return running.admin
    },
    async fillJournal(lines) {
      await fillJournal(controlUrl, lines)
      // Whoever follows the journal reads what it has missed when it hears of the next line.
      const expectedVersion = (await running.admin.history({ limit: 1 })).entries[0]?.version ?? 0
      await running.admin.setRoute({ endpoint: LIST, mode: 'service', expectedVersion })
    },
    leaveRegistration: (id) => leaveRegistration(controlUrl, id),
    async restart(whileAway) {
      await running.kit.stop()
      await whileAway?.()
      running = await openKit(config, directory, ports)
    },
    async stop() {
      await traffic?.stop()
      await running.kit.stop()
      await Promise.all([monolith.stop(), service.stop()])
      await Promise.all(databases.map((database) => database.drop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function fillJournal(controlUrl: string, lines: number): Promise<void> {
  const client = new pg.Client({ connectionString: controlUrl })
  await client.connect()
  await client.query(
    `INSERT INTO strangler_control.journal (version, by, because, event)
     SELECT last.version + n, 'operator:filler', 'line ' || n,
       jsonb_build_object('kind', 'route.set', 'endpoint', $1::text,
         'setting', jsonb_build_object('mode', CASE WHEN n % 2 = 0 THEN 'service' ELSE 'monolith' END))
     FROM generate_series(1, $2::integer) n, (SELECT coalesce(max(version), 0) AS version FROM strangler_control.journal) last`,
    [LIST, lines],
  )
  await client.end()
}

async function leaveRegistration(controlUrl: string, id: string): Promise<void> {
  const client = new pg.Client({ connectionString: controlUrl })
  await client.connect()
  await client.query(
    `INSERT INTO strangler_control.registrations (id, kind, host, pid, seen_at)
     VALUES ($1, 'proxy', 'edge-7', 4711, clock_timestamp() - interval '3 minutes')`,
    [id],
  )
  await client.end()
}

interface Running {
  readonly kit: Kit
  readonly admin: AdminClient
  readonly tokens: AdminTokens
}

async function openKit(
  config: Config,
  directory: string,
  ports: { proxyPort: number; adminPort: number },
): Promise<Running> {
  const tokens = await loadTokens(directory, {})
  const kit = await startKit(config, { ...ports, logFile: join(directory, 'kit.log') })
  return { kit, tokens, admin: createAdminClient({ url: kit.adminUrl ?? '', token: tokens.operator }) }
}

const PAUSE_MS = 25

/** A steady light traffic; while the kit is away it waits. */
export function startTraffic(proxyUrl: string, method: 'GET' | 'POST' = 'GET'): { stop(): Promise<void> } {
  let isOver = false
  const run = async () => {
    for (let turn = 0; !isOver; turn += 1) {
      const path = turn % 5 === 0 && method === 'GET' ? '/api/stock' : `/api/stock/${1 + (turn % 60)}`
      await fetch(proxyUrl + path, { method })
        .then((answer) => answer.arrayBuffer())
        .catch(() => delay(200))
      await delay(PAUSE_MS)
    }
  }
  const running = run()
  return {
    async stop() {
      isOver = true
      await running
    },
  }
}
