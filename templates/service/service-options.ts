import { parseArgs } from 'node:util'
import { ABOUT } from './about.ts'

export interface ServiceOptions {
  /** The service's own database; never the monolith's. */
  readonly databaseUrl: string
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Told in `x-build` of every answer: the evidence of a comparison belongs to it. */
  readonly build: string
  /** The kit's worker token: with it, shadowed writes are run dry. */
  readonly stranglerWorkerToken?: string
  /** The kit's queue: with it, this service writes its copy itself (`applier: 'service'` in the kit's configuration). */
  readonly stranglerQueueUrl?: string
  /** The id of the kit's installation, as `strangler sync status` names it: whose changes are meant on that queue. */
  readonly stranglerInstallation?: string
}

const NAMES = [
  'database-url',
  'host',
  'port',
  'build',
  'strangler-worker-token',
  'strangler-queue-url',
  'strangler-installation',
] as const

/** Reads `--database-url x`, or DATABASE_URL of the environment. */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv): ServiceOptions {
  const { values } = parseArgs({
    args,
    options: Object.fromEntries(NAMES.map((name) => [name, { type: 'string' as const }])),
    strict: true,
  })
  const find = (name: (typeof NAMES)[number]) =>
    values[name] ?? environment[name.replaceAll('-', '_').toUpperCase()]
  const token = find('strangler-worker-token')
  const queue = find('strangler-queue-url')
  const installation = find('strangler-installation')
  return {
    databaseUrl: requireAddress(find('database-url')),
    host: find('host') ?? '127.0.0.1',
    port: requirePort(find('port')),
    build: find('build') ?? `${ABOUT.capability}-1`,
    ...(token === undefined ? {} : { stranglerWorkerToken: token }),
    ...(queue === undefined ? {} : { stranglerQueueUrl: queue }),
    ...(installation === undefined ? {} : { stranglerInstallation: installation }),
  }
}

function requireAddress(given: string | undefined): string {
  const kinds = { postgres: /^postgres(ql)?:\/\//, mariadb: /^(mariadb|mysql):\/\// }
  if (given !== undefined && kinds[ABOUT.dialect].test(given)) return given
  throw new Error(
    `give --database-url (or DATABASE_URL) an address like ${ABOUT.dialect}://user@127.0.0.1/name.`,
  )
}

function requirePort(given: string | undefined): number {
  const port = Number(given ?? ABOUT.port)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`--port (or PORT) is "${given}", which is no port.`)
}
