import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { type Running, startStrangler } from '../cli/run-strangler.ts'

/** A side that answers with its name, and counts the bodies that it was sent. */
export interface CountingSide {
  readonly url: string
  /** How often each body has arrived. */
  readonly bodies: ReadonlyMap<string, number>
  stop(): Promise<void>
}

export async function startSide(name: string): Promise<CountingSide> {
  const bodies = new Map<string, number>()
  const server: Server = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1')
    })
    req.on('end', () => {
      if (body !== '') bodies.set(body, (bodies.get(body) ?? 0) + 1)
      res.end(name)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** One running `strangler start`. */
export interface KitProcess {
  readonly running: Running
  readonly pid: number
  readonly proxyUrl: string
  readonly adminUrl: string
  readonly admin: AdminClient
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>
  /** SIGKILL: no clean end of anything. */
  kill(): Promise<void>
}

/** A folder with a configuration, from which processes of the kit are started. */
export interface KitFolder {
  readonly folder: string
  /** `.strangler` in it. */
  readonly directory: string
  start(args?: readonly string[]): Promise<KitProcess>
  /** Ends what is still running, and removes the folder. */
  remove(): Promise<void>
}

const TOKENS = {
  STRANGLER_OPERATOR_TOKEN: 'operator-token-for-chaos',
  STRANGLER_VIEWER_TOKEN: 'viewer-token-for-chaos',
}

export async function makeKitFolder(
  config: object,
  env: Record<string, string> = { STRANGLER_NO_REDIS: '1' },
): Promise<KitFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-chaos-'))
  await writeFile(join(folder, 'strangler.config.mjs'), `export default ${JSON.stringify(config)}\n`)
  const started: Running[] = []
  const start = async (args: readonly string[] = []): Promise<KitProcess> => {
    const running = startStrangler(['start', '--port', '0', '--admin-port', '0', '--json', ...args], {
      cwd: folder,
      env: { ...env, ...TOKENS },
    })
    started.push(running)
    const seen = await running.until(/\{"(proxyUrl|adminUrl)".*\}\n/)
    const { proxyUrl = '', adminUrl } = JSON.parse(/\{"(?:proxyUrl|adminUrl)".*\}/.exec(seen)?.[0] ?? '{}')
    return {
      ...{ running, pid: running.child.pid as number, proxyUrl, adminUrl },
      admin: createAdminClient({ url: adminUrl, token: TOKENS.STRANGLER_OPERATOR_TOKEN }),
      async stop() {
        running.child.kill('SIGTERM')
        return (await running.ended).code
      },
      async kill() {
        running.child.kill('SIGKILL')
        await running.ended
      },
    }
  }
  return {
    folder,
    directory: join(folder, '.strangler'),
    start,
    async remove() {
      for (const running of started) running.child.kill('SIGTERM')
      await Promise.all(started.map((running) => running.ended))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Whether a process lives; a zombie does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false // There is no such process.
  }
}
