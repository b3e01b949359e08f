import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { findFreePort } from '../../strangler/infra/free-port.ts'
import { type Container, startContainer } from './container.ts'
import { layOutImage } from './lay-out-image.ts'
import { type ComposeFile, composeText, listVariables, readCompose, root } from './read-compose.ts'
import { commandOf, environmentOf, healthOf, readStages } from './read-dockerfile.ts'

/** docker-compose.yml without an engine: every program that it builds, as a process, with the variables and command lines that it gives. */
export interface ComposeStand {
  readonly folder: string
  readonly compose: ComposeFile
  /** The values that .env would have. */
  readonly secrets: ReadonlyMap<string, string>
  /** Where a container's port is on this machine: `monolith:3000` → `127.0.0.1:41234`. */
  place(address: string): string
  /** Starts a service of the file and waits for its health. */
  start(name: string): Promise<Container>
  startRedis(program: string): Promise<Container>
  stop(): Promise<void>
}

const INNER_PORTS: Record<string, readonly number[]> = {
  ...{ postgres: [5432], redis: [6379], monolith: [3000], inventory: [3001], orders: [3001] },
  ...{ balancer: [8080, 8079], 'proxy-1': [8080, 8081], 'proxy-2': [8080, 8081] },
  ...{ sync: [8081], admin: [8081] },
}

export async function openComposeStand(): Promise<ComposeStand> {
  const folder = await mkdtemp(path.join(tmpdir(), 'strangler-compose-'))
  const secrets = new Map([...listVariables(composeText)].map((name) => [name, `${name}_of_the_test`]))
  const compose = readCompose(composeText, (name) => secrets.get(name) ?? '')
  const postgres = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), fsync: false })
  await createDatabases(postgres, secrets)
  const places = await takePorts(postgres.port)
  const place = (address: string) => places.get(address) ?? address
  const containers: Container[] = []
  await mkdir(path.join(folder, 'secrets'))
  for (const [name, { environment }] of Object.entries(compose.secrets))
    await writeFile(path.join(folder, 'secrets', name), `${secrets.get(environment)}\n`)

  function localize(value: string): string {
    let text = String(value).replace('/run/secrets/', `${path.join(folder, 'secrets')}/`)
    for (const [inner, here] of places) text = text.replace(inner, here)
    return text
  }
  async function start(name: string): Promise<Container> {
    const { build, command, environment = {} } = compose.services[name] ?? {}
    const last = readStages(build?.dockerfile ?? '', build?.args).at(-1)!
    const image = path.join(folder, name)
    await layOutImage(build, image)
    const [inner = 0] = INNER_PORTS[name] ?? []
    const isKit = command !== undefined
    const words = [...commandOf(last, 'ENTRYPOINT'), ...(command ?? commandOf(last, 'CMD'))]
    const health = healthOf(last).map((word) =>
      word.replace(/127\.0\.0\.1:(\d+)/, (_all, port) => place(`${name}:${port}`)),
    )
    const own = {
      ...environmentOf(last),
      ...Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, localize(value)])),
      // What differs without an engine: addresses of this machine only, and a folder instead of a volume.
      ...(isKit
        ? {
            PROXY_HOST: '127.0.0.1',
            ADMIN_HOST: '127.0.0.1',
            STRANGLER_DIRECTORY: path.join(image, 'volume'),
          }
        : { HOST: '127.0.0.1', PORT: place(`${name}:${inner}`).split(':')[1] ?? '' }),
    }
    const container = startContainer({
      ...{ name, folder: image, health, environment: own },
      command: isKit ? [...words, ...portsOf(name, place)] : words,
    })
    containers.push(container)
    await container.healthy()
    return container
  }

  return {
    folder,
    compose,
    secrets,
    place,
    start,
    async startRedis(program) {
      const [, ...args] = compose.services['redis']?.command ?? []
      const [host = '', port = ''] = place('redis:6379').split(':')
      const container = startContainer({
        ...{ name: 'redis', folder, environment: {}, health: ['true'] },
        command: [program, ...args, '--bind', host, '--port', port, '--dir', folder],
      })
      containers.push(container)
      return container
    },
    async stop() {
      for (const container of containers.reverse()) container.kill()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** As words of the kit's command line. */
function portsOf(name: string, place: ComposeStand['place']): string[] {
  const port = (inner: number) => place(`${name}:${inner}`).split(':')[1] ?? ''
  const [proxy] = INNER_PORTS[name]?.includes(8080) ? [port(8080)] : []
  return [...(proxy === undefined ? [] : ['--port', proxy]), '--admin-port', port(8081)]
}

async function takePorts(postgresPort: number): Promise<Map<string, string>> {
  const places = new Map<string, string>()
  for (const [name, ports] of Object.entries(INNER_PORTS))
    for (const port of ports)
      places.set(`${name}:${port}`, `127.0.0.1:${name === 'postgres' ? postgresPort : await findFreePort()}`)
  return places
}

/** What create-databases.sh gives psql, statement by statement; psql itself is not on every machine. */
async function createDatabases(
  postgres: EmbeddedPostgres,
  secrets: ReadonlyMap<string, string>,
): Promise<void> {
  const script = await readFile(path.join(root, 'deploy/postgres/create-databases.sh'), 'utf8')
  const sql = /<<'SQL'\n([\s\S]*)\nSQL\n/.exec(script)?.[1] ?? ''
  const variables = new Map(
    [...script.matchAll(/--set (\w+)="\$(\w+)"/g)].map(([, name = '', from = '']) => [
      name,
      secrets.get(from),
    ]),
  )
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  try {
    for (const statement of sql.replaceAll(/^--.*\n/gm, '').split(';\n'))
      await client.query(
        statement.replace(/:'(\w+)'/, (_all, name: string) => `'${variables.get(name) ?? ''}'`),
      )
  } finally {
    await client.end()
  }
}
