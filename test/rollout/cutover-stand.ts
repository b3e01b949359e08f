import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { vi } from 'vitest'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import type { CutoverAnswer } from '../../strangler/admin/cutover-contracts.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { Side } from '../../strangler/core/words.ts'
import { type Kit, type KitOptions, startKit } from '../../strangler/kit.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { TABLES } from './items.ts'
import { type KitProcess, type KitProgram, startKitProcess } from './kit-process.ts'
import {
  endPostgresConnections,
  openSideDatabase,
  type Row,
  type SideDatabase,
  type SideDatabaseKind,
} from './side-database.ts'
import { type ServedSide, serveSide } from './side-server.ts'

const TOKEN = 'operator-token-for-the-cutover'
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
  readonly databases: Readonly<Record<Side, SideDatabase>>
  /** Past the proxies. */
  run(side: Side, number: string): Promise<number>
  /** Ends a process, in order or not; what it has said, a proxy its address. */
  kill(name: string, how?: 'kill' | 'stop'): Promise<string>
  /** Whoever was killed is started again. */
  revive(): Promise<void>
  /** Ends every connection of the kit to a database. @returns how many */
  cutConnections(which: Side | 'control'): Promise<number>
  /** Of those that live. */
  proxyUrls(): string[]
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

export interface StandOptions extends KitOptions {
  readonly kind?: SideDatabaseKind
  /** Both sides and the sync have processes of their own, the latter named `sync`, and the test's own only guides. */
  readonly isApart?: boolean
  /** The service applies for itself, in the process `applier`. */
  readonly appliesItself?: boolean
}

export async function startCutoverStand(proxies = 2, options: StandOptions = {}): Promise<CutoverStand> {
  const { kind = 'postgres', isApart = false, appliesItself = false, ...kitOptions } = options
  stubEnvironment()
  const places = await openPlaces(kind, isApart)
  const { sides, databases, controlUrl, directory } = places
  const { monolith, service } = databases
  const settings = settingsOf(places, appliesItself)
  const config = checkConfig(settings)
  const role = isApart ? ({ role: 'admin' } as const) : {}
  const logFile = join(directory, 'kit.log')
  const start = () => startKit(config, { ...{ proxyPort: 0, adminPort: 0, logFile }, ...role, ...kitOptions })
  let kit = await start()
  const programs = listPrograms(settings, proxies, isApart)
  let admin = clientOf(kit)
  if (appliesItself) {
    const { installation = '' } = await admin.syncs()
    programs.push({ name: 'applier', program: 'applier', args: [service.url, controlUrl, installation] })
  }
  const processes = createProcesses(programs)
  await processes.revive()
  const proxyUrls = () => {
    const urls = processes.list().flatMap(({ said }) => (said.startsWith('http') ? [said] : []))
    return kit.proxyUrl === undefined ? urls : [...urls, kit.proxyUrl]
  }
  const proxyUrl = takeTurns(proxyUrls)
  const rows = (side: Side) => databases[side].rows()
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
    kill: processes.kill,
    revive: processes.revive,
    async cutConnections(which) {
      if (which === 'control') return endPostgresConnections(controlUrl)
      const ask = async () => (await fetch(`${sides[which].url}/connections`)).json() as Promise<number[]>
      return databases[which].cutOthers(ask)
    },
    urls: { monolith: monolith.url, service: service.url, control: controlUrl },
    run: (side, number) => databases[side].run('add', number),
    databases,
    proxyUrls,
    proxyUrl,
    async moveTo(to) {
      const { version } = await admin.routes()
      return admin.cutOver({ capability: 'items', to, expectedVersion: version })
    },
    rows,
    settle: () => waitUntilSame(rows),
    async owner() {
      const answer = await fetch(`${proxyUrl()}/items`)
      const text = await answer.text()
      return answer.headers.get('x-side') ?? `${answer.status} ${text}`
    },
    async stop() {
      for (const one of [...processes.list(), kit]) await one.stop()
      await places.close()
    },
  }
}

/** For this process and for those that it starts. */
function stubEnvironment(): void {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-cutover')
}

/** What is there before a kit is, and after it. */
interface Places {
  readonly sides: Readonly<Record<Side, ServedSide>>
  readonly databases: Readonly<Record<Side, SideDatabase>>
  readonly controlUrl: string
  readonly directory: string
  close(): Promise<void>
}

async function openPlaces(kind: SideDatabaseKind, isApart: boolean): Promise<Places> {
  const control = await createTestDatabase('owner_control')
  const monolith = await openSideDatabase(kind, 'monolith')
  const service = await openSideDatabase(kind, 'service')
  const serve = isApart ? serveSideApart(kind) : serveSide
  const sides = { monolith: await serve('monolith', monolith), service: await serve('service', service) }
  const directory = await mkdtemp(join(tmpdir(), 'strangler-cutover-'))
  return {
    sides,
    databases: { monolith, service },
    controlUrl: control.url,
    directory,
    async close() {
      for (const side of Object.values(sides)) await side.stop()
      await Promise.all([monolith.close(), service.close()])
      await Promise.all([monolith, service, control].map((database) => database.drop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** One of the list each time, which may be another list by then. */
function takeTurns(list: () => readonly string[]): () => string {
  let turn = 0
  return () => {
    turn += 1
    const all = list()
    return all[turn % all.length] ?? ''
  }
}

function settingsOf({ sides, databases, controlUrl, directory }: Places, appliesItself: boolean) {
  return {
    sides: {
      monolith: { url: sides.monolith.url, database: databases.monolith.url },
      items: { url: sides.service.url, database: databases.service.url },
    },
    capabilities: {
      items: {
        endpoints: ['GET /items', 'POST /items', 'PUT /items'],
        tables: TABLES,
        ...(appliesItself ? { applier: 'service' as const } : {}),
      },
    },
    proxy: { debugHeaders: true, accessLog: false },
    control: { url: controlUrl },
    directory,
    demo: true,
  }
}

const clientOf = ({ adminUrl }: Kit) => createAdminClient({ url: adminUrl ?? '', token: TOKEN })

function listPrograms(settings: object, proxies: number, isApart: boolean): KitProgram[] {
  const others = Array.from({ length: proxies - (isApart ? 0 : 1) }, (_, index) =>
    kitProgram(settings, `proxy-${index + 1}`, 'proxy'),
  )
  return isApart ? [...others, kitProgram(settings, 'sync', 'sync')] : others
}

interface Processes extends Pick<CutoverStand, 'kill' | 'revive'> {
  list(): KitProcess[]
}

function createProcesses(programs: readonly KitProgram[]): Processes {
  const running = new Map<string, KitProcess>()
  return {
    list: () => [...running.values()],
    async kill(name, how = 'kill') {
      const victim = running.get(name)
      // As whatever shares the load between the proxies does.
      running.delete(name)
      await victim?.[how]()
      return victim?.said ?? ''
    },
    async revive() {
      for (const program of programs)
        if (!running.has(program.name)) running.set(program.name, await startKitProcess(program))
    },
  }
}

/** A stall of the shoppers, who are many, is none of the sides then. */
const serveSideApart =
  (kind: SideDatabaseKind) =>
  async (side: Side, { url }: SideDatabase): Promise<ServedSide> => {
    const started = await startKitProcess({ name: side, program: 'side', args: [kind, side, url] })
    return { url: started.said, stop: started.stop }
  }

function kitProgram(settings: object, name: string, role: 'proxy' | 'sync'): KitProgram {
  return { name, program: 'kit', args: [JSON.stringify(settings), name, role] }
}

/** Installs and fills the sync, and waits until the service is a copy. */
export async function fillCopy({ admin, settle }: Pick<CutoverStand, 'admin' | 'settle'>): Promise<void> {
  for (const change of ['install', 'backfill'] as const) {
    const { version } = await admin.routes()
    await admin.changeSync(change, { capability: 'items', expectedVersion: version })
  }
  await settle()
  await waitUntilReady({ admin })
}

/** Nothing is in the way of a cut-over any more. */
export async function waitUntilReady({ admin }: Pick<CutoverStand, 'admin'>): Promise<void> {
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
