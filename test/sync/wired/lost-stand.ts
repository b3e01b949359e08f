import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type AdminClient, createAdminClient } from '../../../strangler/admin/admin-client.ts'
import type { SyncAnswer } from '../../../strangler/admin/sync-contracts.ts'
import { checkConfig } from '../../../strangler/config/define-config.ts'
import type { ConfigInput } from '../../../strangler/config/schema.ts'
import { startKit } from '../../../strangler/kit.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { kitTable, type Side } from '../simulation/side.ts'

export const TOKEN = 'operator-token-for-lost-databases'
const LONGEST_WAIT_MS = 60_000

type Sync = SyncAnswer['syncs'][number]
type Row = Record<string, string | null>

/** A kit over two databases that may be taken away from it; the monolith's takes the writes. */
export interface LostStand {
  readonly monolith: Side
  readonly service: Side
  command(
    change: Parameters<AdminClient['changeSync']>[0],
    choice?: { readonly takeOver: true },
  ): Promise<void>
  /** Once every row is copied and every change carried. */
  settled(isSo?: (sync: Sync) => boolean): Promise<Sync>
  statusWhen(isSo: (sync: Sync) => boolean): Promise<Sync>
  /** The newest line of the journal. */
  newest(): Promise<Awaited<ReturnType<AdminClient['history']>>['entries'][number] | undefined>
  verify(): Promise<{ missing: number; extra: number; different: number }>
  repair(): Promise<void>
  /** The rows of the application's tables there. */
  rows(side: Side): Promise<Row[]>
  /** Ends the kit and starts it with a control database that was made anew; everything else is as it was. */
  loseControl(meanwhile?: () => Promise<unknown>): Promise<void>
  /** By which that database is told from what it was before. */
  token(side: Side): Promise<string | null | undefined>
  stop(): Promise<void>
}

export async function openLostStand(
  monolith: Side,
  service: Side,
  sync: ConfigInput['sync'] = {},
): Promise<LostStand> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-lost-'))
  let control = await createTestDatabase('lost_control')
  for (const side of [monolith, service])
    await side.run('CREATE TABLE item (id bigint PRIMARY KEY, value varchar(60) NOT NULL)')
  for (let first = 1; first <= 300; first += 100)
    await monolith.run(
      `INSERT INTO item VALUES ${Array.from({ length: 100 }, (_, index) => `(${first + index}, 'first')`).join(', ')}`,
    )
  const http = createServer((_request, response) => response.end('a side')).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const open = async () => {
    const config = checkConfig({
      sides: { monolith: { url, database: monolith.url }, stock: { url, database: service.url } },
      capabilities: { stock: { endpoints: ['GET /stock'], tables: ['item'] } },
      control: { url: control.url },
      sync,
      directory,
    })
    const kit = await startKit(config, { proxyPort: 0, adminPort: 0, logFile: join(directory, 'kit.log') })
    return { kit, admin: createAdminClient({ url: kit.adminUrl ?? '', token: TOKEN }) }
  }
  let running = await open()
  const command: LostStand['command'] = async (change, choice) => {
    const { version } = await running.admin.routes()
    await running.admin.changeSync(change, { capability: 'stock', expectedVersion: version, ...choice })
  }
  await command('install')
  await command('backfill')
  const statusWhen = (isSo: (sync: Sync) => boolean) => waitForStatus(running.admin, isSo)
  return {
    monolith,
    service,
    command,
    statusWhen,
    settled: (isSo = () => true) => statusWhen((sync) => isSettled(sync) && isSo(sync)),
    newest: async () => (await running.admin.history({ limit: 1 })).entries[0],
    async verify() {
      await running.admin.verifySync({ capability: 'stock' })
      const { live } = await statusWhen((sync) => sync.live?.verify?.state === 'done')
      const { missing = -1, extra = -1, different = -1 } = live?.verify ?? {}
      return { missing, extra, different }
    },
    async repair() {
      await running.admin.repairSync({ capability: 'stock' })
    },
    rows: (side) => side.run('SELECT id, value FROM item ORDER BY id'),
    async token(side) {
      const [row] = await side.run(`SELECT incarnation FROM ${kitTable(side.dialect, 'sync_state')}`)
      return row?.['incarnation']
    },
    async loseControl(meanwhile) {
      await running.kit.stop()
      await control.drop()
      await meanwhile?.()
      control = await createTestDatabase('lost_control_anew')
      running = await open()
    },
    async stop() {
      await running.kit.stop()
      http.close()
      http.closeAllConnections()
      await control.drop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function isSettled({ live, epoch }: Sync): boolean {
  return (
    live?.runsHere === true &&
    live.epoch === epoch &&
    live.backfill?.state === 'done' &&
    live.entries === 0 &&
    live.quarantine.length === 0
  )
}

async function waitForStatus(admin: AdminClient, isSo: (sync: Sync) => boolean): Promise<Sync> {
  for (const deadline = Date.now() + LONGEST_WAIT_MS; ; await delay(50)) {
    const [sync] = (await admin.syncs()).syncs
    if (sync !== undefined && isSo(sync)) return sync
    if (Date.now() > deadline) throw new Error(`It never became so: ${JSON.stringify(sync)}`)
  }
}
