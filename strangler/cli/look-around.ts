import type { AdminClient } from '../admin/admin-client.ts'
import type { Config } from '../config/schema.ts'
import { countOf } from '../core/count-of.ts'
import { findFreePort } from '../infra/free-port.ts'
import { probeSides, type SideInReach } from '../infra/probe-side.ts'
import { readSecret } from '../infra/read-secret.ts'

/** One thing that the kit stands on. */
export interface Surrounding {
  readonly what: string
  readonly isGood: boolean
  readonly found: string
}

/** What can be said without a single table, and what comes next. */
export interface Surroundings {
  readonly looked: readonly Surrounding[]
  readonly next: string
}

/** Of a kit that runs: what it goes by, and whether it can be changed. @param sides as it sees them */
export async function lookAtKit(
  client: AdminClient,
  sides: readonly SideInReach[] = [],
): Promise<Surroundings> {
  const { version, confirmed, routes } = await client.routes()
  const { proxies } = await client.proxies()
  const names = [...new Set(routes.map(({ capability }) => capability))]
  const looked = [
    describeNames(names.length, routes.length),
    {
      what: 'kit',
      isGood: confirmed,
      found: confirmed
        ? `it runs with ${countOf(proxies.length, 'proxy', 'proxies')}, and its control database answers (version ${version} of the journal)`
        : 'it runs, and its control database does not answer: nothing can be changed until it does',
    },
    ...sides.map(describeSide),
  ]
  const next =
    names[0] === undefined
      ? 'Name a capability in the configuration; `strangler assess` ranks what there is.'
      : `\`strangler guide ${names[0]}\` says what its next step asks for. If data is to move with it, name its tables in the configuration.`
  return { looked, next: seeToFirst(looked) ?? next }
}

/** Where no kit runs: whether one could be started here. Nothing is sent to anybody, and nothing changed. */
export async function lookAround(config: Config): Promise<Surroundings> {
  const capabilities = Object.values(config.capabilities)
  const looked = [
    describeNames(capabilities.length, capabilities.flatMap(({ endpoints }) => endpoints).length),
    ...(await probeSides(config.sides)).map(describeSide),
    await probeControl(config),
    await probePort('port of the proxy', config.proxy.port),
    await probePort('port of the admin API', config.admin.port),
  ]
  return { looked, next: seeToFirst(looked) ?? '`strangler start` starts the proxy and the admin API.' }
}

function describeNames(capabilities: number, endpoints: number): Surrounding {
  const found = `${countOf(capabilities, 'capability', 'capabilities')} with ${countOf(endpoints, 'endpoint')}, and no table`
  return { what: 'configuration', isGood: true, found }
}

function describeSide({ name, host, answers }: SideInReach): Surrounding {
  const found = answers ? `something listens at ${host}` : `nothing answers at ${host}`
  return { what: `side ${name}`, isGood: answers, found }
}

async function probeControl(config: Config): Promise<Surrounding> {
  const what = 'control database'
  const named = config.control.url ?? readSecret(process.env, 'STRANGLER_CONTROL_URL')
  if (named === undefined)
    return { what, isGood: true, found: `an embedded one, kept in ${config.directory}` }
  const { hostname, port } = new URL(named)
  const [reached] = await probeSides({ [what]: { url: `http://${hostname}:${port === '' ? 5432 : port}` } })
  return { ...describeSide(reached as SideInReach), what }
}

async function probePort(what: string, port: number): Promise<Surrounding> {
  const isGood = port === 0 || (await findFreePort(port)) === port
  return { what, isGood, found: isGood ? `${port} is free` : `${port} is taken by another program` }
}

function seeToFirst(looked: readonly Surrounding[]): string | undefined {
  const bad = looked.find(({ isGood }) => !isGood)
  return bad === undefined ? undefined : `See to the ${bad.what} first.`
}
