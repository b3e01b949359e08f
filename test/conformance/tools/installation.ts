import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../../strangler/infra/embedded-postgres.ts'
import { removePostgresDirectory } from '../../../strangler/infra/postgres-directory.ts'
import { findRedis } from '../../../strangler/infra/redis-server.ts'
import { readLastGood } from '../../../strangler/state/last-good-table.ts'
import { type Running, runStrangler, startStrangler } from '../../cli/run-strangler.ts'
import { requireProgram } from '../../support/optional.ts'
import type { Bench } from '../bench.ts'
import type { Address } from '../subjects/subject.ts'
import type { UpstreamScript } from './raw-upstream.ts'

const redisProgram = await requireProgram('redis')

export const ITEMS = 'GET /items/:id'
export const STOCK = 'GET /stock/:id'

/** The whole kit as a command, with a control database and a Redis of its own that can be taken away. */
export interface Installation {
  /** `strangler start` on a free port; resolves when it serves. */
  start(): Promise<{ address: Address; running: Running }>
  /** The version of the journal that its copy on disk has. */
  keptVersion(): Promise<number | undefined>
  /** A command of the kit beside the running one. */
  command(...args: string[]): Promise<void>
  /** Stops the control database and Redis for good. */
  stopEverythingBehind(): Promise<void>
}

const answerAs =
  (name: string): UpstreamScript =>
  (exchange) =>
    exchange.answer('200 OK', [], name)

/** `items` is a capability without data, `stock` one that owns a table; the config sends both to the monolith. */
export async function installKit(bench: Bench): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-kit-'))
  bench.onStop(() => rm(folder, { recursive: true, force: true }))
  const behind = await startBehind(bench)
  const [monolith, service] = [
    await bench.upstream(answerAs('monolith')),
    await bench.upstream(answerAs('service')),
  ]
  const hpm = bench.subject === 'http-proxy-middleware' ? { httpProxyMiddleware: {} } : {}
  const config = {
    sides: { monolith: urlOf(monolith), shop: urlOf(service) },
    capabilities: {
      items: { service: 'shop', endpoints: [{ endpoint: ITEMS, ...hpm }] },
      stock: { service: 'shop', tables: ['stock'], endpoints: [{ endpoint: STOCK, ...hpm }] },
    },
    control: { url: behind.controlUrl },
    redis: behind.redisUrl === undefined ? {} : { url: behind.redisUrl },
  }
  await writeFile(
    join(folder, 'strangler.config.ts'),
    `export default ${JSON.stringify(config, undefined, 2)}\n`,
  )
  const options = { cwd: folder, env: behind.redisUrl === undefined ? { STRANGLER_NO_REDIS: '1' } : {} }
  return {
    stopEverythingBehind: behind.stop,
    start: () => startKit(bench, options),
    keptVersion: async () => (await readLastGood(join(folder, '.strangler')))?.state.version,
    async command(...args) {
      const { code, stderr } = await runStrangler(args, options)
      if (code !== 0) throw new Error(`strangler ${args.join(' ')}: ${stderr}`)
    },
  }
}

const urlOf = ({ host, port }: Address) => `http://${host}:${port}`

async function startKit(bench: Bench, options: { cwd: string; env: Record<string, string> }) {
  const running = startStrangler(['start', '--port', '0', '--admin-port', '0', '--json'], options)
  bench.onStop(async () => {
    running.child.kill('SIGKILL')
    await running.ended
  })
  const seen = await running.until(/\{"proxyUrl".*\}\n/)
  const { proxyUrl } = JSON.parse(/\{"proxyUrl".*\}/.exec(seen)?.[0] ?? '{}') as { proxyUrl: string }
  const { hostname, port } = new URL(proxyUrl)
  return { address: { host: hostname, port: Number(port) }, running }
}

async function startBehind(bench: Bench) {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-control-'))
  bench.onStop(() => removePostgresDirectory(directory))
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), fsync: false })
  bench.onStop(() => postgres.stop())
  const env = redisProgram === undefined ? { STRANGLER_NO_REDIS: '1' } : { PATH: process.env['PATH'] }
  const redis = await findRedis({ directory: join(directory, 'redis'), env })
  bench.onStop(() => redis.stop())
  return {
    controlUrl: postgres.url,
    redisUrl: redis.kind === 'redis' ? redis.url : undefined,
    async stop() {
      await Promise.all([postgres.stop(), redis.stop()])
    },
  }
}
