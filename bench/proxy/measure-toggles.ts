import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { openRawConnection, type RawConnection } from '../load/raw-connection.ts'
import { percentile, round } from '../statistics.ts'
import { PATH, type ProxyBenchOptions } from './options.ts'
import { type Stand, startKitProxy } from './start-peers.ts'

export interface Toggles {
  readonly toggles: number
  readonly proxies: number
  /** From the command's leaving until a proxy has answered by the new table; over proxies × toggles. */
  readonly propagationP50Ms: number
  readonly propagationP99Ms: number
  readonly propagationMaxMs: number
  /** From the command's leaving until the admin API has answered. */
  readonly commandP50Ms: number
  /** Time between two looks at one proxy: a propagation is told too long by up to this, never too short. */
  readonly pollIntervalP99Ms: number
}

const ENDPOINT = 'GET /api/area-7/items-3/:sku'
const POLL_PAUSE_MS = 1
/** Between toggles, so that they do not fall into step with anything. */
const LONGEST_PAUSE_MS = 25
const GIVE_UP_MS = 10_000

/** Toggles one endpoint over the admin API while watchers ask every proxy which table it serves by. */
export async function measureToggles({
  stand,
  upstream,
  controlUrl,
  options,
  progress,
  signal,
}: {
  stand: Stand
  upstream: string
  controlUrl: string
  options: ProxyBenchOptions
  progress: (line: string) => void
  signal: AbortSignal
}): Promise<Toggles> {
  const directory = join(stand.directory, 'toggles')
  const specs = Array.from({ length: options.proxies }, (_, i) => ({
    upstream,
    controlUrl,
    directory,
    name: `proxy-${i + 1}`,
    debugHeaders: true,
    accessLog: true,
  }))
  const proxies = await Promise.all(specs.map((spec) => startKitProxy(stand, spec)))
  const watchers = await Promise.all(proxies.map(({ url }) => startWatcher(url)))
  stand.releases.push(async () => {
    for (const watcher of watchers) watcher.stop()
  })
  const admin = createAdminClient({ url: proxies[0]?.ready.adminUrl ?? '', token: stand.token })
  const propagation: number[] = []
  const commands: number[] = []
  for (let i = 0; i < options.toggles; i++) {
    signal.throwIfAborted()
    const told = await toggleOnce(admin, watchers, i)
    propagation.push(...told.propagationMs)
    commands.push(told.commandMs)
    await delay(Math.random() * LONGEST_PAUSE_MS)
  }
  for (const watcher of watchers) watcher.stop()
  progress(`toggles: ${options.toggles} through ${options.proxies} proxies`)
  return {
    toggles: options.toggles,
    proxies: options.proxies,
    propagationP50Ms: round(percentile(propagation, 50)),
    propagationP99Ms: round(percentile(propagation, 99)),
    propagationMaxMs: round(Math.max(...propagation)),
    commandP50Ms: round(percentile(commands, 50)),
    pollIntervalP99Ms: round(
      percentile(
        watchers.flatMap(({ intervalsMs }) => intervalsMs),
        99,
      ),
    ),
  }
}

async function toggleOnce(admin: AdminClient, watchers: readonly Watcher[], index: number) {
  const { version } = await admin.routes()
  const seen = watchers.map((watcher) => watcher.waitFor(version + 1))
  const sentAt = performance.now()
  const mode = index % 2 === 0 ? 'service' : 'monolith'
  const answered = admin
    .setRoute({ endpoint: ENDPOINT, mode, expectedVersion: version, because: 'benchmark' })
    .then(() => performance.now())
  const [answeredAt, seenAt] = await Promise.all([answered, Promise.all(seen)])
  return { commandMs: answeredAt - sentAt, propagationMs: seenAt.map((at) => at - sentAt) }
}

/** Asks one proxy over and over, on one connection, which table version has answered. */
interface Watcher {
  /** The moment when the first answer by that version or a later one was here. */
  waitFor(version: number): Promise<number>
  readonly intervalsMs: readonly number[]
  stop(): void
}

async function startWatcher(url: string): Promise<Watcher> {
  let wanted: { version: number; resolve: (at: number) => void } | undefined
  let failed: Error | undefined
  let stopped = false
  let lastAt = performance.now()
  const intervalsMs: number[] = []
  const connection: RawConnection = await openRawConnection(url, PATH, (error) => {
    failed = error
  })
  const look = () => {
    if (stopped) return
    connection.ask(({ head }) => {
      const now = performance.now()
      intervalsMs.push(now - lastAt)
      lastAt = now
      const version = Number(/x-strangler-table-version: (\d+)/.exec(head)?.[1])
      if (wanted !== undefined && version >= wanted.version) {
        wanted.resolve(now)
        wanted = undefined
      }
      setTimeout(look, POLL_PAUSE_MS)
    })
  }
  look()
  return {
    intervalsMs,
    waitFor: (version) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () =>
            reject(
              failed ?? new Error(`${url} does not serve by version ${version} after ${GIVE_UP_MS} ms.`),
            ),
          GIVE_UP_MS,
        )
        wanted = {
          version,
          resolve: (at) => {
            clearTimeout(late)
            resolve(at)
          },
        }
      }),
    stop() {
      stopped = true
      connection.close()
    },
  }
}
