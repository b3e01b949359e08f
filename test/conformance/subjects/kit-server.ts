import { checkConfig } from '../../../strangler/config/define-config.ts'
import type { Config, ConfigInput } from '../../../strangler/config/schema.ts'
import type { ModeSetting, RouteState } from '../../../strangler/core/words.ts'
import { createProxyServer, type ProxyServer } from '../../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../../strangler/routing/compile-table.ts'
import type { Address, CountedOutcome, SubjectOptions } from './subject.ts'

/** Everything that says which proxy of the kit to start; plain data, so that it can go to another process. */
export interface KitOptions {
  readonly engine: 'undici' | 'http-proxy-middleware'
  readonly upstream: Address
  readonly options: SubjectOptions
}

/** The kit's proxy, listening on a free port, and the switch between its two sides. */
export interface KitServer {
  readonly server: ProxyServer
  readonly port: number
  swap(target: 'monolith' | 'service'): void
}

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'],
  ...['M-SEARCH', 'PROPFIND', 'REPORT', 'PURGE', 'MKCOL', 'LOCK'],
]
const ENDPOINTS = METHODS.map((method) => `${method} /{*path}`)

/** Starts the kit's proxy with one capability that has every path and method. */
export async function startKitServer(
  { engine, upstream, options }: KitOptions,
  onOutcome: (outcome: CountedOutcome) => void,
): Promise<KitServer> {
  const config = buildConfig({ engine, upstream, options })
  let version = 1
  const server = createProxyServer({
    config,
    table: compileTable(config, stateOf(version, 'monolith')),
    secret: Buffer.alloc(32, 7),
    onExchange: ({ code }) => onOutcome({ failed: code !== undefined && code !== 'CLIENT_GONE', code }),
  })
  const { port } = await server.listen(0, '127.0.0.1')
  return {
    server,
    port,
    swap(target) {
      version++
      server.swapTable(compileTable(config, stateOf(version, target)))
    },
  }
}

function buildConfig({ engine, upstream, options }: KitOptions): Config {
  const { trustedProxies, deadlines, service, debugHeaders, drainMs, upgradeDrainMs } = options
  const url = ({ host, port }: Address) => `http://${host}:${port}`
  const endpoints = ENDPOINTS.map((endpoint) =>
    engine === 'undici' ? { endpoint } : { endpoint, httpProxyMiddleware: {} },
  )
  const proxy = {
    trustedProxies: [...(trustedProxies ?? [])],
    deadlines,
    debugHeaders,
    drainMs,
    upgradeDrainMs,
  }
  const input: ConfigInput = {
    sides: { monolith: url(upstream), shop: url(service ?? upstream) },
    capabilities: options.withoutCapability === true ? {} : { shop: { endpoints } },
    proxy: { ...withoutUndefined(proxy), accessLog: false },
  }
  return checkConfig(input, 'the conformance suite')
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

function stateOf(version: number, mode: 'monolith' | 'service'): RouteState {
  const setting: ModeSetting = { mode }
  const override = { setting, unsafe: false, version, at: '2026-01-01T00:00:00.000Z', by: 'conformance' }
  return {
    version,
    overrides: Object.fromEntries(ENDPOINTS.map((endpoint) => [endpoint, override])),
    salts: {},
    holds: {},
  }
}
