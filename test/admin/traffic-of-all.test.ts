import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import type { LiveTraffic, TrafficPoint } from '../../strangler/admin/live/live-words.ts'
import { readToldTraffic } from '../../strangler/admin/live/told-traffic.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { TrafficCount } from '../../strangler/core/traffic-words.ts'
import { startKit } from '../../strangler/kit.ts'
import { createTestDatabase } from '../support/postgres.ts'

const TOKEN = 'operator-token-for-all-proxies'
const READ = 'GET /items/:id'

it('sums up what the proxies have told, over the steps at which it was counted', async () => {
  const count = (over: Partial<TrafficCount>) => ({
    ...{
      capability: 'stock',
      endpoint: READ,
      entered: 0,
      target: 'monolith' as const,
      requests: 5,
      failures: 1,
    },
    lastAt: 0,
    ...over,
  })
  const counts = [count({}), count({ entered: 7 }), count({ target: 'service', requests: 2, failures: 0 })]
  const store = { read: async () => ({ since: 0, counts, looks: [], soaks: new Map() }) }
  const row = { endpoint: READ, capability: 'stock', durations: [] }
  expect(await readToldTraffic(store, ['stock'])).toEqual([
    { ...row, target: 'monolith', requests: 10, failures: 2 },
    { ...row, target: 'service', requests: 2, failures: 0 },
  ])
})

it('an admin API apart shows the traffic of two proxies, without times', { timeout: 90_000 }, async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-all-proxies')
  const control = await createTestDatabase('control')
  const folder = await mkdtemp(join(tmpdir(), 'strangler-told-'))
  const server = createServer((_req, res) => res.end('a side'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const side = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = checkConfig({
    sides: { monolith: side, stock: side },
    capabilities: { stock: { endpoints: [{ endpoint: READ, mode: 'service' }, 'POST /items'] } },
    control: { url: control.url },
  })
  const open = (name: string, role: 'proxy' | 'admin') =>
    startKit(
      { ...config, directory: join(folder, name) },
      { role, name, proxyPort: 0, adminPort: 0, logFile: join(folder, `${name}.log`) },
    )
  const kits = [await open('one', 'proxy'), await open('two', 'proxy'), await open('admin', 'admin')]
  let isOver = false
  const asking = (async () => {
    for (; !isOver; await delay(20))
      for (const { proxyUrl } of kits.slice(0, 2)) await (await fetch(`${proxyUrl}/items/7`)).text()
  })()
  try {
    const { points, traffic } = await listen(kits[2]?.adminUrl ?? '', (point) => point.service.perSecond > 20)
    const { service, monolith, capabilities } = points.at(-1) as TrafficPoint
    // Each proxy gets up to 50 a second.
    expect(service.perSecond).toBeLessThan(200)
    expect(service).toMatchObject({ errorShare: 0, p95Ms: null })
    expect(monolith.perSecond).toBe(0)
    expect(capabilities['stock']?.service).toBeCloseTo(service.perSecond, 1)
    expect(traffic?.isMeasuredHere).toBe(false)
    expect(traffic?.endpoints).toMatchObject([{ endpoint: READ, target: 'service' }])
  } finally {
    isOver = true
    await asking
    await Promise.all(kits.map((kit) => kit.stop()))
    server.closeAllConnections()
    server.close()
    await control.drop()
    await rm(folder, { recursive: true, force: true })
  }
})

interface Listened {
  readonly points: TrafficPoint[]
  traffic: LiveTraffic | undefined
}

/** What an open dashboard is told, until such a point of the traffic and the endpoints' rates are there. */
async function listen(adminUrl: string, isIt: (point: TrafficPoint) => boolean): Promise<Listened> {
  const heard: Listened = { points: [], traffic: undefined }
  const aborting = new AbortController()
  const origin = { origin: adminUrl }
  const signedIn = await fetch(`${adminUrl}/dashboard/api/session`, {
    method: 'POST',
    headers: { ...origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token: TOKEN }),
  })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const answer = await fetch(`${adminUrl}/dashboard/api/live`, {
    headers: { ...origin, cookie },
    signal: aborting.signal,
  })
  let text = ''
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const frames = text.split('\n\n')
    text = frames.pop() ?? ''
    for (const frame of frames) take(heard, frame)
    if (heard.points.some(isIt) && (heard.traffic?.endpoints.length ?? 0) > 0) break
  }
  aborting.abort()
  return heard
}

function take(heard: Listened, frame: string): void {
  const name = /^event: (\w+)/m.exec(frame)?.[1]
  const data = JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? 'null')
  if (name === 'points') heard.points.push(...data)
  if (name === 'change' && data.topic === 'traffic') heard.traffic = data.value.data
}
