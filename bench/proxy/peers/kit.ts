import { checkConfig } from '../../../strangler/config/define-config.ts'
import type { Config } from '../../../strangler/config/schema.ts'
import { startKit } from '../../../strangler/kit.ts'
import { serveInChild } from '../../processes/serve-in-child.ts'

/** What a process of the kit is told. */
export interface KitSpec {
  readonly upstream: string
  readonly controlUrl: string
  readonly directory: string
  readonly name: string
  /** So that the toggles' watcher sees which table has answered. */
  readonly debugHeaders: boolean
  readonly accessLog: boolean
  /** How many of the canary's requests are compared. */
  readonly shadowPercent: number
}

const AREAS = 20
const ENDPOINTS_PER_AREA = 10

/** 200 endpoints in 20 capabilities, every tenth of them a canary, the one that is asked for included. */
function buildConfig({
  upstream,
  controlUrl,
  directory,
  debugHeaders,
  accessLog,
  shadowPercent,
}: KitSpec): Config {
  const areas = Array.from({ length: AREAS }, (_, area) => `area-${area}`)
  const endpointsOf = (area: string) =>
    Array.from({ length: ENDPOINTS_PER_AREA }, (_, i) => ({
      endpoint: `GET /api/${area}/items-${i}/:sku`,
      ...(i === 3 ? { mode: 'canary=50' as const } : {}),
    }))
  return checkConfig(
    {
      sides: { monolith: upstream, ...Object.fromEntries(areas.map((area) => [area, upstream])) },
      capabilities: Object.fromEntries(
        areas.map((area) => [area, { endpoints: endpointsOf(area) as never, shadowPercent }]),
      ),
      proxy: { port: 0, debugHeaders, accessLog },
      admin: { port: 0 },
      control: { url: controlUrl },
      directory,
    },
    'the benchmark',
  )
}

// The whole kit with its defaults, metrics and journal included; the access log is on where the peer beside it keeps one too.
serveInChild(async (spec: KitSpec) => {
  const kit = await startKit(buildConfig(spec), { role: 'proxy', name: spec.name })
  return { url: kit.proxyUrl ?? '', adminUrl: kit.adminUrl, stop: () => kit.stop() }
})
