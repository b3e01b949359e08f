import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import type { Deadlines } from '../../strangler/config/schema.ts'
import { buildRequestHeaders } from '../../strangler/proxy/request-headers.ts'
import { createUpgrades, isWebSocketUpgrade, type UpgradeOptions } from '../../strangler/proxy/upgrade.ts'
import type {
  ClosingTimes,
  UpgradeDestination,
  UpgradeOutcome,
} from '../../strangler/proxy/upgrade-destination.ts'
import { createUpstream } from '../../strangler/proxy/upstream.ts'
import { RawClient } from '../conformance/tools/raw-client.ts'
import { RawUpstream, type UpstreamScript } from '../conformance/tools/raw-upstream.ts'
import { HANDSHAKE, SWITCHED } from '../conformance/tools/websocket-frames.ts'

/** Closing times that a test can wait for. */
export const QUICK: ClosingTimes = { boundaryMs: 150, answerMs: 100, flushMs: 400 }

export interface UpgradeStandOptions {
  readonly script?: UpstreamScript
  readonly port?: number
  readonly deadlines?: Partial<Deadlines>
  readonly times?: Partial<ClosingTimes>
  readonly maxOpen?: number
  /** Whether the server asks before it takes an upgrade out of HTTP; default true. */
  readonly asks?: boolean
  readonly change?: Partial<UpgradeDestination<string>>
  readonly resolveUpgrade?: UpgradeOptions<string>['resolveUpgrade']
}

/** The upgrades of a proxy between a raw client and a raw upstream; every connection's route is its path. */
export async function startUpgradeStand(options: UpgradeStandOptions = {}) {
  const upstream = await new RawUpstream(options.script ?? ((exchange) => exchange.write(SWITCHED))).start()
  const side = createUpstream('monolith', {
    url: `http://127.0.0.1:${options.port ?? upstream.port}`,
    host: 'preserve',
  })
  const deadlines = { connectMs: 2_000, headersMs: 2_000, totalMs: 5_000, ...options.deadlines }
  const facts = {
    trusted: false,
    protocol: 'http',
    correlationId: 'c',
    traceparent: 't',
    parentWrite: undefined,
    shadowMark: undefined,
  } as const
  const outcomes: UpgradeOutcome[] = []
  const reports: unknown[] = []
  const upgrades = createUpgrades<string>({
    maxOpen: options.maxOpen ?? 100,
    times: options.times ?? {},
    report: (_operation, error) => reports.push(error),
    resolveUpgrade:
      options.resolveUpgrade ??
      ((req) => ({
        ...{ upstream: side, path: req.url ?? '/', deadlines, route: req.url ?? '/', correlationId: 'c' },
        headers: buildRequestHeaders(req, side, { ...facts, peer: '127.0.0.1' }),
        finish: (outcome) => outcomes.push(outcome),
        ...options.change,
      })),
  })
  const server = createServer(
    options.asks === false ? {} : { shouldUpgradeCallback: isWebSocketUpgrade },
    async (req, res) => {
      const body = Buffer.concat(await req.toArray())
      res.end(`a request with the body "${body}"`)
    },
  )
  server.on('upgrade', upgrades.handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await upgrades.stop(0)
    server.close()
    server.closeAllConnections()
    await upstream.stop()
  })
  const { port } = server.address() as AddressInfo
  const connect = () => RawClient.connect({ host: '127.0.0.1', port })
  return {
    ...{ upstream, upgrades, outcomes, reports, port, connect },
    /** A WebSocket, both ends in hand. */
    async open(path = '/socket') {
      const client = await connect()
      const arrived = upstream.next()
      client.send(`GET ${path} HTTP/1.1`, HANDSHAKE)
      const exchange = await arrived
      if ((await client.readHead())?.status !== 101) throw new Error('the upgrade was refused')
      return { client, exchange }
    },
  }
}

/** Every connection is closed on both sides, and none is counted any more. */
export async function expectNothingLeft(stand: Awaited<ReturnType<typeof startUpgradeStand>>): Promise<void> {
  await expect.poll(() => [stand.upgrades.open, stand.upstream.open.size]).toEqual([0, 0])
}
