import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runStrangler } from '../cli/run-strangler.ts'
import { requireProgram } from '../support/optional.ts'
import { type ComposeStand, openComposeStand } from './compose-stand.ts'
import { type Container, startContainer } from './container.ts'
import { findUnknownMetrics, listQueries } from './queries.ts'
import { root } from './read-compose.ts'

const redis = await requireProgram('redis')
const nginx = await requireProgram('nginx')
const SERVICES = ['monolith', 'inventory', 'orders', 'proxy-1', 'proxy-2', 'sync', 'admin']
const SKU = '/api/inventory/SKU-00001'

describe.skipIf(redis === undefined)('the programs of docker-compose.yml, started as it says', () => {
  let stand: ComposeStand
  const running = new Map<string, Container>()
  beforeAll(async () => {
    stand = await openComposeStand()
    running.set('redis', await stand.startRedis(redis!.path))
    for (const name of SERVICES) running.set(name, await stand.start(name))
  }, 240_000)
  afterAll(() => stand?.stop(), 60_000)

  const ask = (place: string, target = SKU) => fetch(`http://${stand.place(place)}${target}`)
  const strangler = (...args: string[]) =>
    runStrangler(args, {
      cwd: stand.folder,
      env: {
        STRANGLER_ADMIN_URL: `http://${stand.place('admin:8081')}`,
        STRANGLER_OPERATOR_TOKEN: stand.secrets.get('STRANGLER_OPERATOR_TOKEN') ?? '',
      },
    })

  it('are healthy, and both proxies hand on to the monolith', async () => {
    for (const proxy of ['proxy-1:8080', 'proxy-2:8080']) {
      const answer = await ask(proxy)
      expect([answer.status, answer.headers.get('x-build')]).toEqual([200, 'monolith-1'])
    }
  })

  it('let the data be synced with the rights that create-databases.sh gives, by the process whose part it is', async () => {
    const installed = await strangler('sync', 'install', 'inventory')
    expect(installed).toMatchObject({ code: 0 })
    expect(await strangler('sync', 'backfill', 'inventory')).toMatchObject({ code: 0 })
    // Refused until the copy is filled.
    await expect
      .poll(() => strangler('route', 'set', 'GET /api/inventory/:sku', 'service'), {
        timeout: 60_000,
        interval: 500,
      })
      .toMatchObject({ code: 0 })
    for (const proxy of ['proxy-1:8080', 'proxy-2:8080'])
      await expect
        .poll(async () => (await ask(proxy)).headers.get('x-build'), { timeout: 15_000 })
        .toBe('inventory-1')
  }, 120_000)

  it('leave one correlation id in the logs of the proxy and of the side that answered', async () => {
    const correlationId = 'seen-in-both-logs'
    await fetch(`http://${stand.place('proxy-1:8080')}${SKU}`, {
      headers: { 'x-correlation-id': correlationId },
    })
    for (const name of ['proxy-1', 'inventory'])
      await expect.poll(() => running.get(name)?.output(), { timeout: 10_000 }).toContain(correlationId)
    const lines = running.get('inventory')!.output().split('\n')
    const line = lines.find((candidate) => candidate.includes(correlationId)) ?? '{}'
    expect(JSON.parse(line)).toMatchObject({ app: 'inventory', correlationId, status: 200 })
  })

  it('print every metric that Grafana and Prometheus ask for', async () => {
    const scrapes = await Promise.all(
      ['proxy-1:8081', 'sync:8081', 'admin:8081'].map(async (place) => (await ask(place, '/metrics')).text()),
    )
    const known = { scrape: scrapes.join('\n'), labelsOf: () => undefined }
    expect(listQueries().flatMap((query) => findUnknownMetrics(query, known))).toEqual([])
  })

  it.skipIf(nginx === undefined)(
    'stand behind one address that goes on answering when one of the proxies is gone',
    async () => {
      const balancer = await startBalancer(stand)
      expect((await ask('balancer:8080')).status).toBe(200)
      expect((await ask('balancer:8079', '/balancer')).status).toBe(204)
      expect(await running.get('proxy-1')?.stop()).toBe(0)
      for (let asked = 0; asked < 6; asked++) expect((await ask('balancer:8080')).status).toBe(200)
      expect(await balancer.stop()).toBe(0)
    },
    60_000,
  )

  it('have printed no secret, and end with 0 when they are stopped', async () => {
    const printed = SERVICES.map((name) => running.get(name)?.output() ?? '').join('\n')
    expect(printed).toContain('correlationId')
    for (const [name, value] of stand.secrets) expect(printed.includes(value), name).toBe(false)
    const codes = []
    for (const name of SERVICES.toReversed()) codes.push([name, await running.get(name)?.stop()])
    expect(codes).toEqual(SERVICES.toReversed().map((name) => [name, 0]))
  }, 90_000)

  /** nginx with the file of the deployment; only addresses and places of temporary files are this machine's. */
  async function startBalancer({ folder, place }: ComposeStand): Promise<Container> {
    const given = await readFile(path.join(root, 'deploy/nginx/nginx.conf'), 'utf8')
    const config = given
      .replaceAll(/proxy-\d:8080/g, place)
      .replace('listen 8080;', `listen ${place('balancer:8080')};`)
      .replace('listen 127.0.0.1:8079;', `listen ${place('balancer:8079')};`)
      .replaceAll('/tmp/', `${folder}/`)
      .replace('worker_processes auto;', 'worker_processes 1; user root;')
    const file = path.join(folder, 'nginx.conf')
    await writeFile(file, process.getuid?.() === 0 ? config : config.replace('user root;', ''))
    const flags = ['-c', file, '-e', 'stderr']
    const checked = spawnSync(nginx!.path, ['-t', ...flags], { encoding: 'utf8' })
    expect(checked.stderr).toContain('test is successful')
    const balancer = startContainer({
      ...{ name: 'balancer', folder, environment: {}, health: ['true'] },
      command: [nginx!.path, ...flags, '-g', 'daemon off;'],
    })
    for (let tries = 0; tries < 50; tries++) {
      if (await ask('balancer:8079', '/balancer').catch(() => undefined)) break
      await delay(100)
    }
    return balancer
  }
})
