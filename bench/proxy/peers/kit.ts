import { checkConfig } from '../../../strangler/config/define-config.ts'
import type { Config } from '../../../strangler/config/schema.ts'
import { startKit } from '../../../strangler/kit.ts'
import { serveInChild } from '../../processes/serve-in-child.ts'
import { FAULTS, faultyEndpoint } from './faults.ts'

/** What a process of the kit is told. */
export interface KitSpec {
  readonly upstream: string
  readonly controlUrl: string
  readonly directory: string
  readonly name: string
  /** So that the toggles' watcher sees which table has answered. */
  readonly debugHeaders: boolean
  readonly accessLog: boolean
  /** What compared exchanges are asked of besides the upstream; nothing is compared where they are absent. */
  readonly shadows?: { readonly sound: string; readonly faulty: string }
  /** Whether comparing gives way to clients where processors are short. Default true, as the kit's own is. */
  readonly giveWay?: boolean
}

const AREAS = 20
const ENDPOINTS_PER_AREA = 10

/** 200 endpoints in 20 capabilities, every tenth of them a canary and every tenth shadowed, those that are asked for included. */
function buildConfig(spec: KitSpec): Config {
  const { upstream, controlUrl, directory, debugHeaders, accessLog, shadows, giveWay = true } = spec
  const areas = Array.from({ length: AREAS }, (_, area) => `area-${area}`)
  const endpointsOf = (area: string) =>
    Array.from({ length: ENDPOINTS_PER_AREA }, (_, i) => ({
      endpoint: `GET /api/${area}/items-${i}/:sku`,
      ...(i === 3 ? { mode: 'canary=50' as const } : {}),
      ...(i === 4 ? { mode: 'shadow' as const } : {}),
    }))
  const shadowPercent = shadows === undefined ? 0 : 100
  const faulty = FAULTS.map((fault) => ({ endpoint: faultyEndpoint(fault), mode: 'shadow' as const }))
  return checkConfig(
    {
      sides: {
        monolith: upstream,
        faulty: shadows?.faulty ?? upstream,
        ...Object.fromEntries(areas.map((area) => [area, shadows?.sound ?? upstream])),
      },
      capabilities: {
        faulty: { endpoints: faulty, shadowPercent },
        ...Object.fromEntries(
          areas.map((area) => [area, { endpoints: endpointsOf(area) as never, shadowPercent }]),
        ),
      },
      compare: { giveWay },
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
