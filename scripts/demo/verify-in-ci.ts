import path from 'node:path'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import { type ContractReport, type OpenApiDocument, verifyContract } from '../../strangler/contract.ts'
import { countOf } from '../../strangler/core/count-of.ts'
import { type Program, startProgram } from './child-process.ts'
import type { Shop } from './start-shop.ts'

export interface InstanceOptions {
  readonly capability: 'inventory' | 'orders'
  readonly root: string
  readonly directory: string
  readonly shop: Shop
  readonly proxyUrl: string
  /** Any free one by default. */
  readonly port?: number
  readonly args?: readonly string[]
}

export interface CiOptions extends InstanceOptions {
  readonly client: AdminClient
  /** Of somebody whom the shop knows. */
  readonly token: string
}

/**
 * What the CI of the service would do: start this build beside, with rows of its own, ask it what the contract says, and tell the kit what came of it,
 * as `strangler contract verify --target … --report` does. The service itself has no row yet.
 */
export async function verifyInCi(options: CiOptions): Promise<string> {
  const { client, capability, shop, token } = options
  return shop.databases.withEmpty(async (url) => {
    const instance = await startInstance(options, url).catch((error: Error) => error)
    // A gate of the walk waits for it, and is asked again.
    if (instance instanceof Error) return `contract verify: ${instance.message.replaceAll('\n', ' ')}`
    try {
      const { document, recorded } = await client.contract(capability)
      if (document === undefined || recorded === undefined) return 'contract verify: nothing is recorded yet.'
      const report = await verifyContract({
        document: document as unknown as OpenApiDocument,
        target: instance.url,
        headers: { authorization: `Bearer ${token}` },
        parameters: { pageSize: ['10'] },
      })
      const { pass, build, failures } = report
      await client.keepVerified({
        ...{ capability, digest: recorded.digest, pass, build, target: instance.url },
        failures: failures.length,
      })
      return sayVerified(report)
    } finally {
      await instance.stop()
    }
  })
}

/** What came of a check; a failure is told with what it means at this moment, so that nobody takes it for a bug that is none. */
export function sayVerified({ build, endpoints, failures }: ContractReport): string {
  const requests = endpoints.reduce((sum, one) => sum + one.requests, 0)
  const head = `contract verify: build ${build} was started beside, with rows of its own, and asked ${countOf(requests, 'request')} at ${countOf(endpoints.length, 'endpoint')}, those of the contract that only read: `
  const [first] = failures
  if (first === undefined) return `${head}all answered as the monolith does.`
  const { endpoint, path, expected, found } = first
  return `${head}${endpoint} ${path} should be ${expected}, and is ${found}. ${YOUNG}`
}

const YOUNG =
  'That is to be expected of a contract so young: it was made of the answers of some seconds, and what was never absent in them it takes for never absent, though older rows lack it. It learns with every request; a bug of the service would go on failing.'

/** Another process of a service, on an empty database that gets the shop's rows of this moment. */
export function startInstance(
  { capability, root, directory, shop, proxyUrl, port = 0, args = [] }: InstanceOptions,
  url: string,
): Promise<Program> {
  const orders = capability === 'orders' ? ['--inventory-base-url', proxyUrl] : []
  return startProgram(`${capability} service of the CI`, {
    args: [
      path.join(root, `extracted/${capability}/main.ts`),
      ...['--port', String(port), '--monolith-url', shop.monolith.url, ...orders, ...args],
    ],
    env: { DATABASE_URL: url, SEED_FROM: shop.databases.shop },
    logFile: path.join(directory, 'shop-logs', `${capability}-ci.log`),
  })
}
